import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { cipherSuite, cipherSuites, findCipherSuite } from "../../../src/ipmi-js/crypto/algorithms.ts";
import {
  decodeCipherSuiteRecords,
  encodeCipherSuiteRecord,
  offeredCipherSuites,
} from "../../../src/ipmi-js/crypto/cipher-suite-records.ts";
import { fromHex, toHex } from "../../../src/lib/hex.ts";

// IPMI 2.0, table 22-20: number, authentication, integrity, confidentiality, without the rows with xRC4.
const table = [
  "0 NO_AUTHENTICATION_ALGORITHM NO_INTEGRITY_ALGORITHM NO_ENCRYPTION_ALGORITHM",
  "1 RAKP_HMAC_SHA1 NO_INTEGRITY_ALGORITHM NO_ENCRYPTION_ALGORITHM",
  "2 RAKP_HMAC_SHA1 HMAC_SHA1_96 NO_ENCRYPTION_ALGORITHM",
  "3 RAKP_HMAC_SHA1 HMAC_SHA1_96 AES_CBC_128",
  "6 RAKP_HMAC_MD5 NO_INTEGRITY_ALGORITHM NO_ENCRYPTION_ALGORITHM",
  "7 RAKP_HMAC_MD5 HMAC_MD5_128 NO_ENCRYPTION_ALGORITHM",
  "8 RAKP_HMAC_MD5 HMAC_MD5_128 AES_CBC_128",
  "11 RAKP_HMAC_MD5 MD5_128 NO_ENCRYPTION_ALGORITHM",
  "12 RAKP_HMAC_MD5 MD5_128 AES_CBC_128",
  "15 RAKP_HMAC_SHA256 NO_INTEGRITY_ALGORITHM NO_ENCRYPTION_ALGORITHM",
  "16 RAKP_HMAC_SHA256 HMAC_SHA256_128 NO_ENCRYPTION_ALGORITHM",
  "17 RAKP_HMAC_SHA256 HMAC_SHA256_128 AES_CBC_128",
];

describe("cipher suites", () => {
  test("are those of the specification", () => {
    const rows = cipherSuites.map(
      ({ number, authentication, integrity, confidentiality }) =>
        `${number} ${authentication.name} ${integrity.name} ${confidentiality.name}`,
    );
    expect(rows).toEqual(table);
  });

  test("are found by number and by algorithms", () => {
    for (const suite of cipherSuites) {
      expect(cipherSuite(suite.number)).toBe(suite);
      const numbers = {
        authentication: suite.authentication.number,
        integrity: suite.integrity.number,
        confidentiality: suite.confidentiality.number,
      };
      expect(findCipherSuite(numbers)).toBe(suite);
    }
    expect(cipherSuite(4)).toBeUndefined();
    expect(findCipherSuite({ authentication: 0, integrity: 4, confidentiality: 1 })).toBeUndefined();
  });
});

describe("records of Get Channel Cipher Suites", () => {
  // IPMI 2.0, table 22-18: C0h, suite, algorithms with their kind in bits 7–6.
  const three = "c0 03 01 41 81";
  const seventeen = "c0 11 03 44 81";
  const oem = "c1 01 d9 7e 00 01 02 41 81";

  test("are read, one behind the other", () => {
    expect(decodeCipherSuiteRecords(fromHex(`c0 00 00 40 80 ${three} ${oem} ${seventeen}`))).toEqual([
      { number: 0, authentication: [0], integrity: [0], confidentiality: [0] },
      { number: 3, authentication: [1], integrity: [1], confidentiality: [1] },
      { number: 1, enterprise: 32473, authentication: [1, 2], integrity: [1], confidentiality: [1] },
      { number: 17, authentication: [3], integrity: [4], confidentiality: [1] },
    ]);
  });

  test("give the suites that we have; others and those of enterprises are left out", () => {
    const records = decodeCipherSuiteRecords(fromHex(`${oem} ${seventeen} c0 04 01 41 82 ${three}`));
    expect(offeredCipherSuites(records).map(({ number }) => number)).toEqual([17, 3]);
  });

  test("are written as they are read", () => {
    expect(toHex(encodeCipherSuiteRecord(cipherSuite(3)!))).toBe(three);
    expect(toHex(encodeCipherSuiteRecord(cipherSuite(17)!))).toBe(seventeen);
  });

  test("what is none is skipped, and what is cut short ends", () => {
    expect(decodeCipherSuiteRecords(fromHex(`00 41 c2 ${three} c0`)).map(({ number }) => number)).toEqual([3]);
    expect(decodeCipherSuiteRecords(fromHex("c1 01 d9 7e"))).toEqual([]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        offeredCipherSuites(decodeCipherSuiteRecords(bytes));
      }),
    );
  });
});
