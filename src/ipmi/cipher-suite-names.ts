/** Names of algorithms, as BMC files spell them. @see IPMI 2.0, tables 13-17 to 13-19 */
export const authTypes = [
  "NO_AUTHENTICATION_ALGORITHM",
  "RAKP_HMAC_SHA1",
  "RAKP_HMAC_MD5",
  "RAKP_HMAC_SHA256",
] as const;
export const integrityTypes = [
  "NO_INTEGRITY_ALGORITHM",
  "HMAC_SHA1_96",
  "HMAC_MD5_128",
  "MD5_128",
  "HMAC_SHA256_128",
] as const;
export const encryptionTypes = ["NO_ENCRYPTION_ALGORITHM", "AES_CBC_128"] as const;

/** The algorithms of a cipher suite. */
export interface SuiteAlgorithms {
  readonly auth: (typeof authTypes)[number];
  readonly integrity: (typeof integrityTypes)[number];
  readonly encryption: (typeof encryptionTypes)[number];
}

/** The suites that can be spoken, by their numbers. @see IPMI 2.0, table 22-20 */
export const cipherSuites: ReadonlyMap<number, SuiteAlgorithms> = new Map(
  (
    [
      [0, 0, 0, 0],
      [1, 1, 0, 0],
      [2, 1, 1, 0],
      [3, 1, 1, 1],
      [6, 2, 0, 0],
      [7, 2, 2, 0],
      [8, 2, 2, 1],
      [11, 2, 3, 0],
      [12, 2, 3, 1],
      [15, 3, 0, 0],
      [16, 3, 4, 0],
      [17, 3, 4, 1],
    ] as const
  ).map(([number, auth, integrity, encryption]) => [
    number,
    {
      auth: authTypes[auth],
      integrity: integrityTypes[integrity],
      encryption: encryptionTypes[encryption],
    },
  ]),
);

/** The number of the suite with these algorithms; undefined where they are none. */
export function suiteWith({ auth, integrity, encryption }: SuiteAlgorithms): number | undefined {
  for (const [number, suite] of cipherSuites)
    if (suite.auth === auth && suite.integrity === integrity && suite.encryption === encryption) return number;
  return undefined;
}
