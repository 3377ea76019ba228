import { fruImage } from "./fru-image.ts";
import { fruShape, type FruDescription } from "./fru-shapes.ts";
import { firmwareVersion, moment } from "./spellings.ts";
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
  object,
  optional,
  required,
  section,
  text,
  withDefault,
  type Shaped,
} from "./shape.ts";

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
  firmware: withDefault(firmwareVersion, "1.00"),
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
