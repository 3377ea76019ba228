import { bits, flag, layout, named, rest, u16, u24, u8, type Decoded, type Field } from "../bytes/layout.ts";
import { s16, wideBits } from "../commands/fields.ts";
import { decodeLatin1, encodeLatin1 } from "../bytes/text.ts";

/** Types of multi-records. @see FRU definition 1.0, table 16-2 */
const fruRecordTypes = {
  powerSupply: 0x00,
  dcOutput: 0x01,
  dcLoad: 0x02,
  managementAccess: 0x03,
  baseCompatibility: 0x04,
  extendedCompatibility: 0x05,
} as const;

/** From here on types are manufacturers' own. */
const FIRST_OEM_TYPE = 0xc0;

/** A number in steps of `step` units. */
const scaled = (field: Field<number>, step: number): Field<number> => ({
  end: field.end,
  read: (bytes) => field.read(bytes) * step,
  write: (bytes, value) => field.write(bytes, Math.round(value / step)),
});

/** Voltages are in steps of ten millivolts. */
const millivolts = (at: number) => scaled(s16(at), 10);
const supplyMillivolts = (at: number) => scaled(u16(at), 10);

const railNames = ["12 V", "-12 V", "5 V", "3.3 V"] as const;

/** @see FRU definition 1.0, section 18.1 */
const powerSupply = layout({
  capacityW: wideBits(0, 0, 12),
  /** FFFFh where it is not specified. */
  peakVA: u16(2),
  /** FFh where it is not specified. */
  inrushA: u8(4),
  inrushMs: u8(5),
  input1LowMv: supplyMillivolts(6),
  input1HighMv: supplyMillivolts(8),
  /** 0 where there is no second range. */
  input2LowMv: supplyMillivolts(10),
  input2HighMv: supplyMillivolts(12),
  inputLowHz: u8(14),
  /** 0 for direct current. */
  inputHighHz: u8(15),
  dropoutToleranceMs: u8(16),
  hasPredictiveFailPin: flag(17, 0),
  hasPowerFactorCorrection: flag(17, 1),
  switchesInputRange: flag(17, 2),
  isHotSwappable: flag(17, 3),
  /** With a tachometer: two pulses a rotation, not one; without: the pin is high when the supply fails. */
  twoPulsesOrHighOnFailure: flag(17, 4),
  peakCapacityW: wideBits(18, 0, 12),
  holdUpSeconds: bits(19, 4, 4),
  /** Two rails that have `combinedW` together. */
  combinedRail1: named(bits(20, 4, 4), railNames),
  combinedRail2: named(bits(20, 0, 4), railNames),
  combinedW: u16(21),
  /** Rotations a second below which the fan is about to fail. */
  tachometerLimit: u8(23),
});

/** @see FRU definition 1.0, section 18.2 */
const dcOutput = layout({
  output: bits(0, 0, 4),
  hasStandby: flag(0, 7),
  nominalMv: millivolts(1),
  lowestMv: millivolts(3),
  highestMv: millivolts(5),
  rippleMv: u16(7),
  minimumMa: u16(9),
  maximumMa: u16(11),
});

/** @see FRU definition 1.0, section 18.3 */
const dcLoad = layout({
  output: bits(0, 0, 4),
  nominalMv: millivolts(1),
  lowestMv: millivolts(3),
  highestMv: millivolts(5),
  rippleMv: u16(7),
  minimumMa: u16(9),
  maximumMa: u16(11),
});

const accessTypes = {
  1: "system-url",
  2: "system-name",
  3: "system-ping-address",
  4: "component-url",
  5: "component-name",
  6: "component-ping-address",
  7: "system-uuid",
} as const;

const latin1Rest = (at: number): Field<string> => {
  const field = rest(at);
  return {
    end: at,
    endOf: (value) => at + value.length,
    read: (bytes) => decodeLatin1(field.read(bytes)),
    write: (bytes, value) => field.write(bytes, encodeLatin1(value)),
  };
};

/** The text of `system-uuid` is 16 bytes, not letters. @see FRU definition 1.0, section 18.4 */
const managementAccess = layout({ access: named(u8(0), accessTypes), text: latin1Rest(1) });

/** @see FRU definition 1.0, section 18.5 */
const compatibility = layout({
  /** IANA enterprise number. */
  manufacturerId: u24(0),
  entityId: u8(3),
  compatibilityBase: u8(4),
  codeStart: u8(5),
  codeMasks: rest(6),
});

/** @see FRU definition 1.0, section 18.7 */
const oem = layout({ manufacturerId: u24(0), data: rest(3) });

interface Numbered {
  /** The record's type, 00h–FFh. */
  readonly recordType: number;
}

/** One multi-record, decoded where its type says how. */
export type FruRecord = Numbered &
  (
    | ({ readonly kind: "power-supply" } & Decoded<typeof powerSupply>)
    | ({ readonly kind: "dc-output" } & Decoded<typeof dcOutput>)
    | ({ readonly kind: "dc-load" } & Decoded<typeof dcLoad>)
    | ({ readonly kind: "management-access" } & Decoded<typeof managementAccess>)
    | ({ readonly kind: "compatibility" } & Decoded<typeof compatibility>)
    | ({ readonly kind: "oem" } & Decoded<typeof oem>)
    | { readonly kind: "raw"; readonly data: Uint8Array }
  );

/** @throws LengthError for a record that is too short for its type */
export function decodeFruRecord(recordType: number, data: Uint8Array): FruRecord {
  switch (recordType) {
    case fruRecordTypes.powerSupply:
      return { kind: "power-supply", recordType, ...powerSupply.decode(data) };
    case fruRecordTypes.dcOutput:
      return { kind: "dc-output", recordType, ...dcOutput.decode(data) };
    case fruRecordTypes.dcLoad:
      return { kind: "dc-load", recordType, ...dcLoad.decode(data) };
    case fruRecordTypes.managementAccess:
      return { kind: "management-access", recordType, ...managementAccess.decode(data) };
    case fruRecordTypes.baseCompatibility:
    case fruRecordTypes.extendedCompatibility:
      return { kind: "compatibility", recordType, ...compatibility.decode(data) };
    default:
      return recordType >= FIRST_OEM_TYPE
        ? { kind: "oem", recordType, ...oem.decode(data) }
        : { kind: "raw", recordType, data: data.slice() };
  }
}

/** The record's data, without its header. @throws RangeError for values that do not fit */
export function encodeFruRecord(record: FruRecord): Uint8Array {
  switch (record.kind) {
    case "power-supply":
      return powerSupply.encode(record);
    case "dc-output":
      return dcOutput.encode(record);
    case "dc-load":
      return dcLoad.encode(record);
    case "management-access":
      return managementAccess.encode(record);
    case "compatibility":
      return compatibility.encode(record);
    case "oem":
      return oem.encode(record);
    case "raw":
      return record.data;
  }
}
