/** RMCP+ and RAKP status codes in words. @see IPMI 2.0, table 13-15 */
export const statusCodes = {
  ok: 0x00,
  insufficientResources: 0x01,
  invalidSessionId: 0x02,
  invalidPayloadType: 0x03,
  invalidAuthenticationAlgorithm: 0x04,
  invalidIntegrityAlgorithm: 0x05,
  noMatchingAuthenticationPayload: 0x06,
  noMatchingIntegrityPayload: 0x07,
  inactiveSessionId: 0x08,
  invalidRole: 0x09,
  unauthorizedRole: 0x0a,
  insufficientResourcesAtRole: 0x0b,
  invalidNameLength: 0x0c,
  unauthorizedName: 0x0d,
  unauthorizedGuid: 0x0e,
  invalidIntegrityCheckValue: 0x0f,
  invalidConfidentialityAlgorithm: 0x10,
  noCipherSuiteMatch: 0x11,
  illegalParameter: 0x12,
} as const;

const words: readonly string[] = [
  "no errors",
  "insufficient resources to create a session",
  "invalid session id",
  "invalid payload type",
  "invalid authentication algorithm",
  "invalid integrity algorithm",
  "no matching authentication payload",
  "no matching integrity payload",
  "inactive session id",
  "invalid role",
  "unauthorized role or privilege level requested",
  "insufficient resources to create a session at the requested role",
  "invalid name length",
  "unauthorized name",
  "unauthorized GUID",
  "invalid integrity check value",
  "invalid confidentiality algorithm",
  "no cipher suite match with proposed security algorithms",
  "illegal or unrecognized parameter",
];

/** A status code as the specification words it, and its number: `unauthorized name (status 0Dh)`. */
export function describeStatus(status: number): string {
  const number = `${status.toString(16).toUpperCase().padStart(2, "0")}h`;
  return `${words[status] ?? "a status that the specification does not know"} (status ${number})`;
}
