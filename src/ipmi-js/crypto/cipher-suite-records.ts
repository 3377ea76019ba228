import { cipherSuite, type CipherSuite } from "./algorithms.ts";

/** One record of Get Channel Cipher Suites. @see IPMI 2.0, table 22-18 */
export interface CipherSuiteRecord {
  /** The suite's number; of OEM ones a number of the enterprise's own. */
  readonly number: number;
  /** IANA number, only of OEM suites. */
  readonly enterprise?: number;
  /** Numbers of the algorithms that it offers, of each kind at least none. */
  readonly authentication: readonly number[];
  readonly integrity: readonly number[];
  readonly confidentiality: readonly number[];
}

const STANDARD = 0xc0;
const OEM = 0xc1;
/** Bits 7 and 6 of an algorithm's byte. */
const kinds = { authentication: 0, integrity: 1, confidentiality: 2 } as const;

/** Reads the records that the command delivers 16 bytes at a time, joined. What cannot be a record is skipped. */
export function decodeCipherSuiteRecords(bytes: Uint8Array): CipherSuiteRecord[] {
  const records: CipherSuiteRecord[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = bytes[at];
    const headerSize = start === STANDARD ? 2 : start === OEM ? 5 : 0;
    if (headerSize === 0 || at + headerSize > bytes.length) {
      at++;
      continue;
    }
    let end = at + headerSize;
    // Algorithm bytes have tags 0–2 in their two highest bits; 3 begins the next record.
    while (end < bytes.length && bytes[end]! >> 6 !== 3) end++;
    const algorithms = bytes.subarray(at + headerSize, end);
    const of = (kind: number) => [...algorithms].filter((byte) => byte >> 6 === kind).map((byte) => byte & 0x3f);
    records.push({
      number: bytes[at + 1]!,
      ...(start === OEM && { enterprise: bytes[at + 2]! | (bytes[at + 3]! << 8) | (bytes[at + 4]! << 16) }),
      authentication: of(kinds.authentication),
      integrity: of(kinds.integrity),
      confidentiality: of(kinds.confidentiality),
    });
    at = end;
  }
  return records;
}

/** The record of a suite, as a BMC delivers it. */
export const encodeCipherSuiteRecord = (suite: CipherSuite): Uint8Array =>
  Uint8Array.of(
    STANDARD,
    suite.number,
    suite.authentication.number | (kinds.authentication << 6),
    suite.integrity.number | (kinds.integrity << 6),
    suite.confidentiality.number | (kinds.confidentiality << 6),
  );

/** Those suites among the records that we have, in the order of the records. */
export const offeredCipherSuites = (records: readonly CipherSuiteRecord[]): CipherSuite[] =>
  records.flatMap(({ number, enterprise }) => {
    const suite = enterprise === undefined ? cipherSuite(number) : undefined;
    return suite ? [suite] : [];
  });
