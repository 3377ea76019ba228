import { hexNumber } from "../bytes/hex.ts";
import { stateName, SENSOR_SPECIFIC_TYPE } from "../sensors/states.ts";
import {
  clocks,
  deactivationCauses,
  filterActions,
  firmwareErrors,
  firmwareProgress,
  logActions,
  logTypes,
  powerSupplyErrors,
  restartCauses,
  slotTypes,
  stateChangeCauses,
  versionChanges,
  watchdogInterrupts,
  watchdogUses,
} from "./extension-words.ts";

/** What one byte of event data says, in words; undefined where it says nothing that the specification knows. */
type Extension = (byte: number, otherByte: number) => string | undefined;

/** Extensions of a sensor type, or of some of its offsets. */
interface Extensions {
  readonly sensorType: number;
  /** All where it is absent. */
  readonly offsets?: readonly number[];
  readonly data2?: Extension;
  readonly data3?: Extension;
}

type Words = readonly (string | undefined)[] | Readonly<Record<number, string>>;

const high = (byte: number): number => byte >> 4;
const low = (byte: number): number => byte & 0x0f;

/** Parts that are known, joined; undefined where none is. */
const joined = (...parts: readonly (string | undefined)[]): string | undefined => {
  const known = parts.filter((part) => part !== undefined);
  return known.length === 0 ? undefined : known.join(", ");
};

const labelled = (label: string, word: string | undefined): string | undefined =>
  word === undefined ? undefined : `${label}: ${word}`;

const wordOf =
  (words: Words): Extension =>
  (byte) =>
    words[byte];
const numbered =
  (what: string): Extension =>
  (byte) =>
    `${what} ${byte}`;
/** The states that table 42-3 lists for chip sets (19h): those of ACPI sensors (22h) up to 0Ch, and then others. */
const ACPI_TYPE = 0x22;
const LAST_ACPI_STATE = 0x0c;
const acpiState =
  (label: string, others: Words = []): Extension =>
  (byte) =>
    labelled(label, byte <= LAST_ACPI_STATE ? stateName(SENSOR_SPECIFIC_TYPE, ACPI_TYPE, byte) : others[byte]);

const FRU_STATE = 0x2c;

/** @see IPMI 2.0, table 42-3, column "Event Data 2 / 3" */
const extensions: readonly Extensions[] = [
  { sensorType: 0x05, offsets: [4], data2: numbered("network controller") },
  { sensorType: 0x08, offsets: [6], data3: (byte) => powerSupplyErrors[low(byte)] },
  // The table tells it on the row of offset 08h, but it names the module of any memory event, and other tools read it so.
  { sensorType: 0x0c, offsets: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], data3: numbered("memory module/device") },
  { sensorType: 0x0f, offsets: [0], data2: wordOf(firmwareErrors) },
  { sensorType: 0x0f, offsets: [1, 2], data2: wordOf(firmwareProgress) },
  { sensorType: 0x10, offsets: [0], data2: numbered("memory module/device") },
  {
    sensorType: 0x10,
    offsets: [1],
    data2: (byte) => `event/reading type ${hexNumber(byte)}`,
    data3: (byte) =>
      (byte & 0x20) === 0
        ? `offset ${low(byte)}, ${(byte & 0x10) === 0 ? "deassertion" : "assertion"} events`
        : "all events of the type",
  },
  { sensorType: 0x10, offsets: [5], data3: (byte) => (byte <= 100 ? `${byte} % full` : undefined) },
  {
    sensorType: 0x10,
    offsets: [6],
    data2: numbered("processor"),
    data3: (byte) => ((byte & 0x80) === 0 ? "counted as entity instance" : "counted by the vendor"),
  },
  {
    sensorType: 0x12,
    offsets: [3],
    data2: (byte) => joined(logActions[high(byte)], logTypes[low(byte)]),
  },
  {
    sensorType: 0x12,
    offsets: [4],
    data2: (byte) => joined(...filterActions.filter((_, bit) => ((byte >> bit) & 1) === 1)),
  },
  {
    sensorType: 0x12,
    offsets: [5],
    data2: (byte) => joined(clocks[low(byte)], (byte & 0x80) === 0 ? "first of pair" : "second of pair"),
  },
  {
    sensorType: 0x19,
    offsets: [0],
    data2: acpiState("requested power state"),
    data3: acpiState("power state at time of request", { 0x0d: "unknown" }),
  },
  {
    sensorType: 0x1d,
    offsets: [7],
    data2: (byte) => labelled("cause", restartCauses[low(byte)]),
    data3: numbered("channel"),
  },
  {
    sensorType: 0x21,
    data2: (byte) => labelled("slot/connector type", slotTypes[byte & 0x7f]),
    data3: numbered("slot/connector"),
  },
  {
    sensorType: 0x23,
    data2: (byte) =>
      joined(
        labelled("interrupt", watchdogInterrupts[high(byte)]),
        labelled("timer use at expiration", watchdogUses[low(byte)]),
      ),
  },
  { sensorType: 0x28, offsets: [0, 4], data2: (byte) => `sensor ${hexNumber(byte)}` },
  {
    sensorType: 0x28,
    offsets: [5],
    data2: (byte) =>
      `${(byte & 0x80) === 0 ? "no logical FRU device" : "logical FRU device"}, LUN ${(byte >> 3) & 3}, private bus ${byte & 7}`,
    data3: (byte, fruKind) =>
      (fruKind & 0x80) === 0 ? `slave address ${hexNumber(byte & 0xfe)}` : `FRU device id ${byte}`,
  },
  {
    sensorType: 0x2a,
    offsets: [0, 1, 2, 3],
    data2: (byte) => ((byte & 0x3f) === 0 ? "user unspecified" : `user id ${byte & 0x3f}`),
    data3: (byte) => joined(deactivationCauses[(byte >> 4) & 3], `channel ${low(byte)}`),
  },
  { sensorType: 0x2b, data2: (byte) => labelled("version change", versionChanges[byte]) },
  {
    sensorType: FRU_STATE,
    data2: (byte) =>
      joined(
        labelled("previous state", stateName(SENSOR_SPECIFIC_TYPE, FRU_STATE, low(byte))),
        stateChangeCauses[high(byte)],
      ),
  },
];

/** What the bytes of an event's data add to it, for the sensor-specific extensions (use code 11b). */
interface ExtensionWords {
  readonly data2: string | undefined;
  readonly data3: string | undefined;
}

/** The sensor-specific event extensions of a sensor type and offset, in words. @see IPMI 2.0, table 42-3 */
export function extensionWords(sensorType: number, offset: number, data2: number, data3: number): ExtensionWords {
  const found = extensions.find(
    (candidate) => candidate.sensorType === sensorType && (candidate.offsets?.includes(offset) ?? true),
  );
  return { data2: found?.data2?.(data2, data3), data3: found?.data3?.(data3, data2) };
}
