import { u24, type Field } from "../bytes/layout.ts";

const EPOCH_MS = Date.UTC(1996, 0, 1);
const MINUTE_MS = 60_000;

/** Minutes since 1996, which are taken for UTC; 0 for unspecified. @see FRU definition 1.0, section 11 */
export const manufacturingTime = (at: number): Field<Date | undefined> => {
  const field = u24(at);
  return {
    end: field.end,
    read(bytes) {
      const minutes = field.read(bytes);
      return minutes === 0 ? undefined : new Date(EPOCH_MS + minutes * MINUTE_MS);
    },
    write: (bytes, date) => field.write(bytes, date ? Math.floor((date.getTime() - EPOCH_MS) / MINUTE_MS) : 0),
  };
};
