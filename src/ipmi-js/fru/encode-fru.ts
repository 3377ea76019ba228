import { zeroChecksum } from "./checksum.ts";
import { encodeField, END_OF_FIELDS, isEnglish } from "./field.ts";
import { FORMAT_VERSION, fruHeader, HEADER_SIZE, LAST_RECORD_BIT, UNIT } from "./header.ts";
import type { FruBoard, FruChassis, FruContents, FruField, FruProduct } from "./inventory.ts";
import { manufacturingTime } from "./manufacturing-time.ts";
import { encodeFruRecord, type FruRecord } from "./multi-records.ts";

const RECORD_VERSION = 2;
const AREA_LIMIT = 0xff * UNIT;
const IMAGE_LIMIT = 0xff * UNIT;
const ENGLISH = 0;

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const padded = (size: number) => Math.ceil(size / UNIT) * UNIT;

/** An area: version, length, what is given, end of fields, zeros, checksum. */
function area(parts: readonly Uint8Array[]): Uint8Array {
  const content = joined([Uint8Array.of(FORMAT_VERSION, 0), ...parts, Uint8Array.of(END_OF_FIELDS)]);
  const bytes = new Uint8Array(padded(content.length + 1));
  if (bytes.length > AREA_LIMIT) throw new RangeError(`an area of ${bytes.length} bytes has no room in ${AREA_LIMIT}`);
  bytes.set(content);
  bytes[1] = bytes.length / UNIT;
  bytes[bytes.length - 1] = zeroChecksum(bytes);
  return bytes;
}

const encodeFields = (fields: readonly (FruField | undefined)[], language: number) =>
  fields.map((field) => encodeField(field, language));

const encodeChassis = ({ type, partNumber, serialNumber, custom }: FruChassis): Uint8Array =>
  area([Uint8Array.of(type), ...encodeFields([partNumber, serialNumber, ...custom], ENGLISH)]);

const time = manufacturingTime(1);

function boardHeader({ language, manufacturedAt }: FruBoard): Uint8Array {
  const bytes = Uint8Array.of(language, 0, 0, 0);
  time.write(bytes, manufacturedAt);
  return bytes;
}

function encodeBoard(board: FruBoard): Uint8Array {
  const { language, manufacturer, productName, serialNumber, partNumber, fileId, custom } = board;
  return area([
    boardHeader(board),
    ...encodeFields([manufacturer, productName], language),
    encodeField(serialNumber, ENGLISH),
    encodeField(partNumber, language),
    encodeField(fileId, ENGLISH),
    ...encodeFields(custom, language),
  ]);
}

function encodeProduct(product: FruProduct): Uint8Array {
  const { language, manufacturer, productName, partNumber, version, serialNumber, assetTag, fileId, custom } = product;
  return area([
    Uint8Array.of(language),
    ...encodeFields([manufacturer, productName, partNumber, version], language),
    encodeField(serialNumber, ENGLISH),
    encodeField(assetTag, language),
    encodeField(fileId, ENGLISH),
    ...encodeFields(custom, language),
  ]);
}

function encodeRecord(record: FruRecord, isLast: boolean): Uint8Array {
  const data = encodeFruRecord(record);
  if (data.length > 0xff) throw new RangeError(`a record of ${data.length} bytes has no room in 255`);
  const versionByte = RECORD_VERSION | (isLast ? LAST_RECORD_BIT : 0);
  const header = Uint8Array.of(record.recordType, versionByte, data.length, zeroChecksum(data));
  return joined([header, Uint8Array.of(zeroChecksum(header)), data]);
}

const encodeRecords = (records: readonly FruRecord[]): Uint8Array =>
  joined(records.map((record, index) => encodeRecord(record, index === records.length - 1)));

/** Texts that have characters beyond Latin-1 need another language than English. */
export const fruText = (text: string, language = ENGLISH): FruField => ({
  text,
  encoding: isEnglish(language) ? "8-bit" : "utf-16",
});

/**
 * An image with all checksums right, its length a multiple of eight. Areas stand in the order of the specification's example: chassis,
 * board, product, multi-records, internal use.
 *
 * @throws RangeError for contents that have no room, or that their encoding cannot hold
 * @see Platform Management FRU Information Storage Definition 1.0, section 8
 */
export function encodeFru(contents: FruContents): Uint8Array {
  const { internalUse, chassis, board, product, records } = contents;
  const parts: Uint8Array[] = [new Uint8Array(HEADER_SIZE)];
  let at = HEADER_SIZE;
  const place = (bytes: Uint8Array | undefined): number => {
    if (!bytes || bytes.length === 0) return 0;
    if (at > IMAGE_LIMIT)
      throw new RangeError(`an area at byte ${at} is out of reach: they begin before ${IMAGE_LIMIT}`);
    const offset = at / UNIT;
    const whole = new Uint8Array(padded(bytes.length));
    whole.set(bytes);
    parts.push(whole);
    at += whole.length;
    return offset;
  };
  const header = {
    version: FORMAT_VERSION,
    chassis: place(chassis && encodeChassis(chassis)),
    board: place(board && encodeBoard(board)),
    product: place(product && encodeProduct(product)),
    multiRecord: place(encodeRecords(records)),
    internalUse: place(internalUse),
    pad: 0,
  };
  const image = joined(parts);
  image.set(fruHeader.encode({ ...header, checksum: 0 }));
  image[HEADER_SIZE - 1] = zeroChecksum(image.subarray(0, HEADER_SIZE));
  return image;
}
