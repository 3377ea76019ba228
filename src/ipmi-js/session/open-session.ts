import { bits, layout, optional, u32, u8, type Decoded, type Field } from "../bytes/layout.ts";

/** One algorithm of a proposal: its kind, two reserved bytes, the record's length of 8, the algorithm's number, three reserved. */
function algorithm(at: number, kind: number): Field<number> {
  const number = bits(at + 4, 0, 6);
  return {
    end: at + 8,
    read: (bytes) => number.read(bytes),
    write(bytes, value) {
      bytes[at] = kind;
      bytes[at + 3] = 8;
      number.write(bytes, value);
    },
  };
}

/** RMCP+ Open Session Request. @see IPMI 2.0, section 13.17, table 13-9 */
export const openSessionRequest = layout({
  /** Echoed in the response. */
  tag: u8(0),
  /** Highest privilege level wanted; 0 for the highest that the algorithms allow. */
  privilege: bits(1, 0, 4),
  consoleSessionId: u32(4),
  authentication: algorithm(8, 0),
  integrity: algorithm(16, 1),
  confidentiality: algorithm(24, 2),
});
export type OpenSessionRequest = Decoded<typeof openSessionRequest>;

/**
 * RMCP+ Open Session Response. With a status other than 0 it ends behind the console's session id, or, from some BMCs, before it.
 * @see IPMI 2.0, section 13.18, table 13-10
 */
export const openSessionResponse = layout({
  tag: u8(0),
  status: u8(1),
  /** Highest level that can be had with these algorithms; some BMCs say 0 and mean nothing by it. */
  privilege: optional(bits(2, 0, 4)),
  consoleSessionId: optional(u32(4)),
  bmcSessionId: optional(u32(8)),
  authentication: optional(algorithm(12, 0)),
  integrity: optional(algorithm(20, 1)),
  confidentiality: optional(algorithm(28, 2)),
});
