import { LengthError, type Codec } from "../bytes/layout.ts";
import { hexBytes, hexNumber } from "../bytes/hex.ts";
import { IpmiError } from "../errors.ts";
import {
  compactSensorLayout,
  eventOnlyLayout,
  fruDeviceLocatorLayout,
  fullSensorLayout,
  mcDeviceLocatorLayout,
  SDR_HEADER_SIZE,
  sdrHeader,
  sdrTypes,
  type SdrRecord,
} from "./records.ts";

/** What the length's byte has room for. */
const BODY_LIMIT = 0xff;

const damaged = (bytes: Uint8Array, recordId: number, missing: LengthError, what: string): IpmiError =>
  new IpmiError(
    "damaged-data",
    `SDR ${hexNumber(recordId, 4)} is damaged: ${what} has ${missing.received} bytes where ${missing.expected} are needed`,
    { expected: `at least ${missing.expected} bytes`, received: hexBytes(bytes) },
    { cause: missing },
  );

function decodeBody(bytes: Uint8Array, recordType: number): SdrRecord {
  switch (recordType) {
    case sdrTypes.fullSensor:
      return { kind: "full-sensor", ...fullSensorLayout.decode(bytes) };
    case sdrTypes.compactSensor:
      return { kind: "compact-sensor", ...compactSensorLayout.decode(bytes) };
    case sdrTypes.eventOnly:
      return { kind: "event-only", ...eventOnlyLayout.decode(bytes) };
    case sdrTypes.fruDeviceLocator:
      return { kind: "fru-device-locator", ...fruDeviceLocatorLayout.decode(bytes) };
    case sdrTypes.mcDeviceLocator:
      return { kind: "mc-device-locator", ...mcDeviceLocatorLayout.decode(bytes) };
    default: {
      const { recordId, version } = sdrHeader.decode(bytes);
      return { kind: "raw", recordId, version, recordType, body: bytes.slice(SDR_HEADER_SIZE) };
    }
  }
}

/**
 * A record of header and body. Bytes beyond the length that its header declares are no part of it: some BMCs send such.
 * @throws IpmiError "damaged-data" where bytes are missing; `detail.received` holds the record in hexadecimal digits
 * @see IPMI 2.0, section 43
 */
export function decodeSdr(bytes: Uint8Array): SdrRecord {
  if (bytes.length < SDR_HEADER_SIZE)
    throw damaged(bytes, 0xffff, new LengthError(SDR_HEADER_SIZE, bytes.length), "the header");
  const { recordId, recordType, length } = sdrHeader.decode(bytes);
  const end = SDR_HEADER_SIZE + length;
  if (bytes.length < end) throw damaged(bytes, recordId, new LengthError(end, bytes.length), "what was read of it");
  try {
    return decodeBody(bytes.subarray(0, end), recordType);
  } catch (error) {
    if (error instanceof LengthError) throw damaged(bytes, recordId, error, `record type ${hexNumber(recordType)}`);
    throw error;
  }
}

function finish(bytes: Uint8Array, recordType: number): Uint8Array {
  const length = bytes.length - SDR_HEADER_SIZE;
  if (length > BODY_LIMIT)
    throw new RangeError(`${length} bytes follow the header, of which a record has ${BODY_LIMIT}`);
  bytes[3] = recordType;
  bytes[4] = length;
  return bytes;
}

const encodeAs = <T>(codec: Codec<T>, record: T, recordType: number): Uint8Array =>
  finish(codec.encode(record), recordType);

/** A record of header and body, the length set from what it takes. @throws RangeError for values that do not fit */
export function encodeSdr(record: SdrRecord): Uint8Array {
  switch (record.kind) {
    case "full-sensor":
      return encodeAs(fullSensorLayout, record, sdrTypes.fullSensor);
    case "compact-sensor":
      return encodeAs(compactSensorLayout, record, sdrTypes.compactSensor);
    case "event-only":
      return encodeAs(eventOnlyLayout, record, sdrTypes.eventOnly);
    case "fru-device-locator":
      return encodeAs(fruDeviceLocatorLayout, record, sdrTypes.fruDeviceLocator);
    case "mc-device-locator":
      return encodeAs(mcDeviceLocatorLayout, record, sdrTypes.mcDeviceLocator);
    case "raw": {
      const bytes = new Uint8Array(SDR_HEADER_SIZE + record.body.length);
      bytes.set(sdrHeader.encode({ ...record, length: 0 }));
      bytes.set(record.body, SDR_HEADER_SIZE);
      return finish(bytes, record.recordType);
    }
  }
}
