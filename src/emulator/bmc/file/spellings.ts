import { matching, type Shape } from "./shape.ts";

/** A moment, in the way of ISO 8601: milliseconds since 1970. */
export const moment: Shape<number> = {
  expected: 'a date and time such as "2024-02-03T04:05:06Z"',
  read(place) {
    const { value } = place;
    const ms =
      typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$/.test(value) ? Date.parse(value) : NaN;
    return Number.isNaN(ms) ? place.refuse(this.expected) : ms;
  },
};

/** A firmware's version: seven bits, and two decimal digits. @see IPMI 2.0, table 20-2 */
export const firmwareVersion = matching(/^(\d{1,2}|1[01]\d|12[0-7])\.\d{2}$/, 'a version such as "2.17", up to 127.99');
