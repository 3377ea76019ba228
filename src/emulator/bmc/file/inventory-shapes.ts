import { fruImage } from "./fru-image.ts";
import { entity } from "./sensor-shapes.ts";
import {
  checked,
  choice,
  distinct,
  either,
  flag,
  hexBytes,
  integer,
  list,
  matching,
  object,
  optional,
  required,
  section,
  text,
  withDefault,
  type Shape,
  type Shaped,
} from "./shape.ts";

/** Characters of a FRU field: the length has six bits. @see Platform Management FRU Information Storage Definition, section 13 */
const field = withDefault(text(63), "");
const custom = withDefault(list(text(63), "an array of texts"), []);

/** A moment, in the way of ISO 8601. */
const moment: Shape<number> = {
  expected: 'a date and time such as "2024-02-03T04:05:06Z"',
  read(place) {
    const { value } = place;
    const ms =
      typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$/.test(value) ? Date.parse(value) : NaN;
    return Number.isNaN(ms) ? place.refuse(this.expected) : ms;
  },
};

const chassisInfo = object("an object with the fields of a chassis", {
  /** SMBIOS chassis type: 17h is a rack mount. */
  type: withDefault(integer(0, 255), 0x17),
  part_number: field,
  serial_number: field,
  custom,
});

const boardInfo = object("an object with the fields of a board", {
  manufactured: optional(moment),
  manufacturer: field,
  product_name: field,
  serial_number: field,
  part_number: field,
  fru_file_id: field,
  custom,
});

const productInfo = object("an object with the fields of a product", {
  manufacturer: field,
  product_name: field,
  part_number: field,
  version: field,
  serial_number: field,
  asset_tag: field,
  fru_file_id: field,
  custom,
});

const recordShape = object('a record: an object with "type" and "data"', {
  type: required(integer(0, 255)),
  data: required(hexBytes(0, 255)),
});

const fruShape = object('a FRU: an object with "id" and "name"', {
  id: required(integer(0, 254)),
  name: required(text(16, 1)),
  entity: withDefault(entity, { id: 7, instance: 1 }),
  /** Bytes of the memory that holds it. */
  size: withDefault(integer(64, 4096), 256),
  chassis: optional(chassisInfo),
  board: optional(boardInfo),
  product: optional(productInfo),
  /** Multi-records, in this order. */
  records: withDefault(list(recordShape, "an array of records"), []),
  /** In place of the areas: the memory's content. */
  image: optional(hexBytes(8, 4096)),
});

/** What a FRU device says about a part. */
export type FruDescription = Shaped<typeof fruShape>;
/** What would have been expected of contents that no memory can hold. */
function whyNoImage(description: FruDescription): string | undefined {
  try {
    fruImage(description);
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return `contents that fit: ${error.message}`;
    throw error;
  }
}

export const frus = distinct(list(checked(fruShape, whyNoImage), "an array of FRUs"), "an id", ({ id }) => [id], "id");

const selEntry = object('an entry: an object with "time", "sensor" and "offset"', {
  time: required(moment),
  sensor: required(integer(0, 254)),
  offset: required(integer(0, 15)),
  asserted: withDefault(flag, true),
  /** Event data 2 and 3: not specified where they are absent. */
  data2: optional(integer(0, 255)),
  data3: optional(integer(0, 255)),
});

export type SelEntryDescription = Shaped<typeof selEntry>;

/** Record type and 13 bytes, as they are. */
const RAW_ENTRY_BYTES = 14;

export const sel = section({
  /** Entries that it holds. */
  capacity: withDefault(integer(1, 4096), 512),
  entries: withDefault(
    list(
      either<Uint8Array, SelEntryDescription>(
        (value) => typeof value === "string",
        hexBytes(RAW_ENTRY_BYTES, RAW_ENTRY_BYTES),
        selEntry,
      ),
      "an array of entries",
    ),
    [],
  ),
});

const satelliteShape = object('a controller: an object with "address" and "name"', {
  /** Slave address, 8 bits with the lowest clear. */
  address: required({
    expected: "an even number from 2 to 254, but for 32, which is the BMC itself",
    read(place) {
      const { value } = place;
      const isGood =
        typeof value === "number" && Number.isInteger(value / 2) && value >= 2 && value <= 254 && value !== 32;
      return isGood ? value : place.refuse(this.expected);
    },
  }),
  channel: withDefault(integer(0, 11), 0),
  name: required(text(16, 1)),
  entity: withDefault(entity, { id: 46, instance: 1 }),
  device_id: withDefault(integer(0, 255), 0x21),
  firmware: withDefault(matching(/^\d{1,3}\.\d{2}$/, 'a version such as "2.17"'), "1.00"),
  /** False: it is in the SDRs, and does not answer. */
  present: withDefault(flag, true),
});

/** A controller behind the BMC, on the IPMB. */
export type SatelliteDescription = Shaped<typeof satelliteShape>;
export const satellites = distinct(
  list(satelliteShape, "an array of controllers"),
  "an address on the channel",
  ({ address, channel }) => [`${channel}/${address}`],
  "address",
);

/** Where the SDRs are kept: in a repository, or as device SDRs, of which the population can change or not. */
export const sdrKind = choice("repository", "device", "device-dynamic");
