/** What the packets of a recorded IPMI 2.0 session say about its set-up, read at the offsets of the specification's tables. */
import type { RakpExchange } from "../../src/ipmi-js/crypto/rakp.ts";
import type { RecordedPacket, RecordedSession } from "./recorded-ipmi.ts";

const PAYLOAD_AT = 16;
const NO_SESSION = "00 00 00 00";

const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");

/** The payload type of an RMCP+ packet outside sessions; undefined for all others. */
export const setUpType = ({ bytes }: RecordedPacket): number | undefined =>
  bytes[3] === 0x07 && bytes[4] === 0x06 && hex(bytes.slice(6, 10)) === NO_SESSION ? bytes[5] : undefined;

/** True for packets of an RMCP+ session, whatever their payload. */
export const isInSession20 = ({ bytes }: RecordedPacket): boolean =>
  bytes[3] === 0x07 && bytes[4] === 0x06 && hex(bytes.slice(6, 10)) !== NO_SESSION;

const u32 = (bytes: Uint8Array, at: number) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);

/** A set-up that has reached RAKP message 4. */
export interface RecordedExchange extends RakpExchange {
  readonly tag: number;
  readonly openPrivilege: number;
  readonly answeredPrivilege: number;
  /** Numbers of the algorithms, as the BMC answered. */
  readonly algorithms: {
    readonly authentication: number;
    readonly integrity: number;
    readonly confidentiality: number;
  };
  readonly rakp2Code: Uint8Array;
  readonly rakp3Code: Uint8Array;
  readonly checkValue: Uint8Array;
}

/** The payload of the last packet of a type: pyghmi proposes suite 17 first, which the BMC refuses. */
function setUpPayload(session: RecordedSession, type: number): Uint8Array {
  const packet = session.packets.findLast((each) => setUpType(each) === type);
  if (!packet) throw new RangeError(`${session.name} has no payload of type ${type}`);
  return packet.bytes.slice(PAYLOAD_AT);
}

/** True where a session's set-up was completed. */
export const isEstablished = (session: RecordedSession): boolean => session.packets.some(isInSession20);

export function exchangeOf(session: RecordedSession): RecordedExchange {
  const [request, response, one, two, three, four] = [0x10, 0x11, 0x12, 0x13, 0x14, 0x15].map((type) =>
    setUpPayload(session, type),
  );
  if (!request || !response || !one || !two || !three || !four) throw new RangeError("six payloads make a set-up");
  return {
    tag: request[0]!,
    openPrivilege: request[1]!,
    answeredPrivilege: response[2]!,
    consoleSessionId: u32(response, 4),
    bmcSessionId: u32(response, 8),
    algorithms: { authentication: response[16]!, integrity: response[24]!, confidentiality: response[32]! },
    consoleRandom: one.slice(8, 24),
    role: one[24]!,
    username: one.slice(28, 28 + one[27]!),
    bmcRandom: two.slice(8, 24),
    bmcGuid: two.slice(24, 40),
    rakp2Code: two.slice(40),
    rakp3Code: three.slice(8),
    checkValue: four.slice(8),
  };
}

/** A recorded text as bytes, as the clients read their command lines. */
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The same packet with another byte at an offset. */
export const patched = (bytes: Uint8Array, at: number, value: number): Uint8Array => bytes.with(at, value);
