import { hexNumber } from "../bytes/hex.ts";
import { LengthError } from "../bytes/layout.ts";
import { zeroChecksum } from "./checksum.ts";
import { decodeField, END_OF_FIELDS, fieldLength } from "./field.ts";
import {
  FORMAT_VERSION,
  fruHeader,
  HEADER_SIZE,
  internalUseEnd,
  LAST_RECORD_BIT,
  RECORD_HEADER_SIZE,
  UNIT,
} from "./header.ts";
import type { FruArea, FruBoard, FruChassis, FruField, FruInventory, FruProblem, FruProduct } from "./inventory.ts";
import { manufacturingTime } from "./manufacturing-time.ts";
import { decodeFruRecord, type FruRecord } from "./multi-records.ts";

const VERSION_MASK = 0x0f;
const ENGLISH = 0;

/** An image under examination. */
interface Examination {
  readonly image: Uint8Array;
  readonly problems: FruProblem[];
  /** Where the header cannot be trusted, an area counts only if it is sound itself. */
  readonly isHeaderSound: boolean;
}

/** What is in an information area: its fields in order, and the bytes before them. */
interface Area {
  readonly bytes: Uint8Array;
  readonly fields: readonly FruField[];
}

const bytesOf = (count: number) => `${count} bytes`;

/** The area's bytes, as far as the image goes; undefined where it has none. */
function locate({ image, problems, isHeaderSound }: Examination, area: FruArea, start: number): Uint8Array | undefined {
  const report = (offset: number, what: string, expected: string, found: string) =>
    void problems.push({ area, offset, what, expected, found });
  if (start + 2 > image.length) {
    report(start, "place", `within ${bytesOf(image.length)}`, `at ${start}`);
    return undefined;
  }
  const version = image[start]! & VERSION_MASK;
  if (version !== FORMAT_VERSION) report(start, "format version", String(FORMAT_VERSION), String(version));
  const length = image[start + 1]! * UNIT;
  if (length === 0) {
    report(start + 1, "length", "at least 8 bytes", "0 bytes");
    return undefined;
  }
  const bytes = image.subarray(start, start + length);
  if (bytes.length < length) report(start + 1, "length", `at most ${bytesOf(bytes.length)}`, bytesOf(length));
  const last = bytes.length - 1;
  const checksum = zeroChecksum(bytes.subarray(0, last));
  const isSound = bytes.length === length && checksum === bytes[last];
  if (bytes.length === length && !isSound)
    report(start + last, "checksum", hexNumber(checksum), hexNumber(bytes[last]!));
  return isSound || isHeaderSound ? bytes : undefined;
}

/** @param languageOf language code by a field's position */
function examineArea(
  examination: Examination,
  area: FruArea,
  start: number,
  firstField: number,
  languageOf: (bytes: Uint8Array, position: number) => number,
): Area | undefined {
  const bytes = locate(examination, area, start);
  if (!bytes) return undefined;
  const { problems } = examination;
  const fields: FruField[] = [];
  const end = bytes.length - 1;
  let at = firstField;
  while (at < end && bytes[at] !== END_OF_FIELDS) {
    const typeLength = bytes[at]!;
    const next = at + 1 + fieldLength(typeLength);
    if (next > end) {
      const [expected, found] = [`at most ${bytesOf(end - at - 1)}`, bytesOf(fieldLength(typeLength))];
      problems.push({ area, offset: start + at, what: "length of a field", expected, found });
      return { bytes, fields };
    }
    fields.push(decodeField(typeLength, bytes.subarray(at + 1, next), languageOf(bytes, fields.length)));
    at = next;
  }
  if (at >= end)
    problems.push({ area, offset: start + end, what: "end of fields", expected: "C1h", found: "end of the area" });
  return { bytes, fields };
}

const present = (field: FruField | undefined): FruField | undefined => (field?.text ? field : undefined);

/** The fields that are predefined, by position, and the others. */
const split = (fields: readonly FruField[], count: number) => ({
  predefined: Array.from({ length: count }, (_, index) => present(fields[index])),
  custom: fields.slice(count).filter((field) => field.text !== ""),
});

function chassisOf(examination: Examination, start: number): FruChassis | undefined {
  const area = examineArea(examination, "chassis", start, 3, () => ENGLISH);
  if (!area) return undefined;
  const { predefined, custom } = split(area.fields, 2);
  const [partNumber, serialNumber] = predefined;
  return { type: area.bytes[2] ?? 0, partNumber, serialNumber, custom };
}

/** Fields that are in English whatever the language of their area: serial number and file id. FRU definition 1.0, table 11-1. */
const englishOfBoard: ReadonlySet<number> = new Set([2, 4]);
/** Table 12-1. */
const englishOfProduct: ReadonlySet<number> = new Set([4, 6]);

const languageWithout = (english: ReadonlySet<number>) => (bytes: Uint8Array, position: number) =>
  english.has(position) ? ENGLISH : (bytes[2] ?? ENGLISH);

const time = manufacturingTime(3);

function boardOf(examination: Examination, start: number): FruBoard | undefined {
  const area = examineArea(examination, "board", start, 6, languageWithout(englishOfBoard));
  if (!area) return undefined;
  const { predefined, custom } = split(area.fields, 5);
  const [manufacturer, productName, serialNumber, partNumber, fileId] = predefined;
  return {
    language: area.bytes[2] ?? ENGLISH,
    manufacturedAt: area.bytes.length < time.end ? undefined : time.read(area.bytes),
    manufacturer,
    productName,
    serialNumber,
    partNumber,
    fileId,
    custom,
  };
}

function productOf(examination: Examination, start: number): FruProduct | undefined {
  const area = examineArea(examination, "product", start, 3, languageWithout(englishOfProduct));
  if (!area) return undefined;
  const { predefined, custom } = split(area.fields, 7);
  const [manufacturer, productName, partNumber, version, serialNumber, assetTag, fileId] = predefined;
  const language = area.bytes[2] ?? ENGLISH;
  return { language, manufacturer, productName, partNumber, version, serialNumber, assetTag, fileId, custom };
}

/** The header's own checksum is over five bytes, the last of which it is. */
function isRecordHeaderSound({ image, problems }: Examination, at: number): boolean {
  const expected = zeroChecksum(image.subarray(at, at + 4));
  const found = image[at + 4]!;
  if (expected === found) return true;
  const [what, area] = ["checksum of a record's header", "multi-record"] as const;
  problems.push({ area, offset: at + 4, what, expected: hexNumber(expected), found: hexNumber(found) });
  return false;
}

function recordOf({ image, problems }: Examination, at: number): FruRecord | undefined {
  const [area, bodyAt] = ["multi-record", at + RECORD_HEADER_SIZE] as const;
  const length = image[at + 2]!;
  const data = image.subarray(bodyAt, bodyAt + length);
  if (data.length < length) {
    const [expected, found] = [`at most ${bytesOf(data.length)}`, bytesOf(length)];
    problems.push({ area, offset: at + 2, what: "length of a record", expected, found });
    return undefined;
  }
  const [expected, found] = [zeroChecksum(data), image[at + 3]!];
  if (expected !== found)
    problems.push({
      area,
      offset: at + 3,
      what: "checksum of a record",
      expected: hexNumber(expected),
      found: hexNumber(found),
    });
  const recordType = image[at]!;
  try {
    return decodeFruRecord(recordType, data);
  } catch (error) {
    if (!(error instanceof LengthError)) throw error;
    const least = `at least ${bytesOf(error.expected)}`;
    problems.push({ area, offset: at + 2, what: "length of a record", expected: least, found: bytesOf(length) });
    return { kind: "raw", recordType, data: data.slice() };
  }
}

/** Records as far as their headers are sound: behind one that is not, nobody knows where the next begins. */
function recordsOf(examination: Examination, start: number): readonly FruRecord[] {
  const { image, problems } = examination;
  const records: FruRecord[] = [];
  let at = start;
  while (at !== 0) {
    if (at + RECORD_HEADER_SIZE > image.length) {
      const [expected, found] = [`within ${bytesOf(image.length)}`, `at ${at}`];
      problems.push({ area: "multi-record", offset: at, what: "place of a record", expected, found });
      break;
    }
    if (!isRecordHeaderSound(examination, at)) break;
    const record = recordOf(examination, at);
    if (record) records.push(record);
    if ((image[at + 1]! & LAST_RECORD_BIT) !== 0) break;
    at += RECORD_HEADER_SIZE + image[at + 2]!;
  }
  return records;
}

const nothing = { internalUse: undefined, chassis: undefined, board: undefined, product: undefined, records: [] };

/** What is wrong with the header itself. */
function examineHeader(image: Uint8Array): readonly FruProblem[] {
  const problems: FruProblem[] = [];
  const version = image[0]! & VERSION_MASK;
  const report = (offset: number, what: string, expected: string, found: string) =>
    void problems.push({ area: "header", offset, what, expected, found });
  if (version !== FORMAT_VERSION) report(0, "format version", String(FORMAT_VERSION), String(version));
  const last = HEADER_SIZE - 1;
  const checksum = zeroChecksum(image.subarray(0, last));
  if (checksum !== image[last]) report(last, "checksum", hexNumber(checksum), hexNumber(image[last]!));
  return problems;
}

/**
 * Reads an image of a FRU device. Nothing makes it fail: damage is reported among `problems`, and whatever is not affected is
 * delivered, that with a wrong checksum too. Only where the header itself is damaged, areas count that are sound by themselves.
 *
 * @see Platform Management FRU Information Storage Definition 1.0, section 8
 */
export function decodeFru(image: Uint8Array): FruInventory {
  const first = image[0];
  const isBlank = (first === 0x00 || first === 0xff) && image.subarray(0, HEADER_SIZE).every((byte) => byte === first);
  if (image.length < HEADER_SIZE || isBlank) {
    const found = isBlank ? `nothing but ${hexNumber(first)}` : bytesOf(image.length);
    return { ...nothing, problems: [{ area: "header", offset: 0, what: "header", expected: "a header", found }] };
  }
  const header = fruHeader.decode(image);
  const problems = [...examineHeader(image)];
  const examination: Examination = { image, problems, isHeaderSound: problems.length === 0 };
  const internalEnd = internalUseEnd(image, image.length);
  const internalStart = header.internalUse * UNIT;
  if (internalStart > image.length)
    problems.push({
      area: "internal-use",
      offset: internalStart,
      what: "place",
      expected: `within ${bytesOf(image.length)}`,
      found: `at ${internalStart}`,
    });
  const hasInternal = internalStart !== 0 && internalStart < internalEnd && examination.isHeaderSound;
  return {
    internalUse: hasInternal ? image.slice(internalStart, internalEnd) : undefined,
    chassis: header.chassis === 0 ? undefined : chassisOf(examination, header.chassis * UNIT),
    board: header.board === 0 ? undefined : boardOf(examination, header.board * UNIT),
    product: header.product === 0 ? undefined : productOf(examination, header.product * UNIT),
    records: recordsOf(examination, header.multiRecord * UNIT),
    problems,
  };
}
