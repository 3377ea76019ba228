import { describe, expect, test } from "bun:test";
import { cipherSuite, findCipherSuite } from "../../../src/ipmi-js/crypto/algorithms.ts";
import { decodePacket, encodePacket15, encodePacket20 } from "../../../src/ipmi-js/wire/packet.ts";
import { decodeAsf, encodePresencePing, encodePresencePong } from "../../../src/ipmi-js/wire/asf.ts";
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from "../../../src/ipmi-js/wire/message.ts";
import { concludeRakp, verifyRakp2 } from "../../../src/ipmi-js/session/rakp-secrets.ts";
import { Session20 } from "../../../src/ipmi-js/session/session-20.ts";
import { exchangeOf, isEstablished, isInSession20, utf8 } from "../../support/recorded-exchange.ts";
import { recordedSessions, type RecordedPacket, type RecordedSession } from "../../support/recorded-ipmi.ts";
import { toHex } from "../../../src/lib/hex.ts";

const sessions = recordedSessions();
const established = sessions.filter(isEstablished);

/** The message in a payload, encoded again. */
function messageAgain({ from }: RecordedPacket, payload: Uint8Array): Uint8Array {
  if (from === "client") {
    const request = decodeRequest(payload);
    if (typeof request === "string") throw new RangeError(`${request}: ${toHex(payload)}`);
    return encodeRequest(request);
  }
  const response = decodeResponse(payload);
  if (typeof response === "string") throw new RangeError(`${response}: ${toHex(payload)}`);
  return encodeResponse(response);
}

describe.each(sessions.map((session) => [session.name, session] as const))("%s", (_name, session) => {
  test("every packet outside encrypted sessions is read, and written the same", () => {
    for (const { bytes, from } of session.packets) {
      const asf = decodeAsf(bytes);
      if (asf) {
        expect(asf.kind === "ping" ? encodePresencePing(asf.tag) : encodePresencePong(asf.tag, asf.pong)).toEqual(
          bytes,
        );
        expect(asf.kind === "ping").toBe(from === "client");
        continue;
      }
      const packet = decodePacket(bytes);
      if (typeof packet === "string") throw new RangeError(`${packet}: ${toHex(bytes)}`);
      if (packet.format === "1.5") {
        expect(encodePacket15(packet)).toEqual(bytes);
        expect(messageAgain({ bytes, from }, packet.payload)).toEqual(packet.payload);
      } else if (!packet.isAuthenticated) {
        expect(encodePacket20(packet)).toEqual(bytes);
      }
    }
  });
});

/** Both ends of a recorded session. `vectors` are those of the packets with sequence numbers 1, 2, …. */
function endsOf(session: RecordedSession, vectors: { readonly console: Uint8Array[]; readonly bmc: Uint8Array[] }) {
  const exchange = exchangeOf(session);
  const suite = findCipherSuite(exchange.algorithms);
  if (!suite) throw new RangeError(`${session.name} uses a suite that we do not have`);
  const secrets = {
    algorithm: suite.authentication,
    password: utf8(session.password),
    kg: session.kg === undefined ? undefined : utf8(session.kg),
  };
  const verdict = verifyRakp2(secrets, exchange, exchange.answeredPrivilege, exchange.rakp2Code);
  const role = verdict.kind === "verified" ? verdict.role : undefined;
  const outcome = concludeRakp(secrets, exchange);
  const end = (side: "console" | "bmc") =>
    new Session20({
      ...exchange,
      side,
      suite,
      keys: outcome.keys,
      privilege: 4,
      random: inTurn(vectors[side]),
    });
  return { exchange, suite, role, outcome, console: end("console"), bmc: end("bmc") };
}

/** Random bytes that were foretold: vectors in their order, zeros behind them. */
function inTurn(vectors: readonly Uint8Array[]) {
  let next = 0;
  return (size: number) => {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += 16) bytes.set(vectors[next++] ?? new Uint8Array(16), at);
    return bytes;
  };
}

const sequenceOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(10, true);

/** The vectors of one side's packets, by sequence number from 1 on, with zeros for numbers that were not used. */
function vectorsOf(session: RecordedSession, from: "client" | "bmc"): Uint8Array[] {
  const vectors: Uint8Array[] = [];
  for (const packet of session.packets.filter((each) => each.from === from && isInSession20(each))) {
    const index = sequenceOf(packet.bytes) - 1;
    while (vectors.length <= index) vectors.push(new Uint8Array(16));
    vectors[index] = packet.bytes.slice(16, 32);
  }
  return vectors;
}

describe.each(established.map((session) => [session.name, session] as const))("the session %s", (_name, session) => {
  const ends = endsOf(session, { console: vectorsOf(session, "client"), bmc: vectorsOf(session, "bmc") });

  test("has the suite that was asked for, and codes that we compute the same", () => {
    const { exchange, suite, role, outcome } = ends;
    expect(suite).toBe(cipherSuite(session.suite ?? -1)!);
    expect(role).toBe(exchange.role);
    expect(outcome.rakp3Code).toEqual(exchange.rakp3Code);
    expect(outcome.checkValue).toEqual(exchange.checkValue);
  });

  test("has packets that we open at the other end and seal the same at their own", () => {
    const sealedUpTo = { client: 0, bmc: 0 };
    let packets = 0;
    for (const packet of session.packets.filter(isInSession20)) {
      const { from, bytes } = packet;
      const [opener, sealer] = from === "client" ? [ends.bmc, ends.console] : [ends.console, ends.bmc];
      const opened = opener.open(bytes);
      if (opened.kind !== "payload") throw new RangeError(`${opened.reason}: ${toHex(bytes)}`);
      expect(opened.payloadType).toBe(0);
      expect(messageAgain(packet, opened.payload)).toEqual(opened.payload);
      // Numbers that the client has not used.
      while (++sealedUpTo[from] < sequenceOf(bytes)) sealer.seal(new Uint8Array());
      expect(toHex(sealer.seal(opened.payload))).toBe(toHex(bytes));
      expect(opener.open(bytes)).toEqual({ kind: "rejected", reason: "replayed" });
      packets++;
    }
    expect(packets).toBeGreaterThanOrEqual(4);
  });
});
