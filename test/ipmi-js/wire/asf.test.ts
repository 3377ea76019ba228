import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { decodeAsf, encodePresencePing, encodePresencePong } from "../../../src/ipmi-js/wire/asf.ts";
import { toHex } from "../../../src/lib/hex.ts";
import { recordedSession } from "../../support/recorded-ipmi.ts";

const [ping, pong] = recordedSession("freeipmi-rmcpping").packets.map(({ bytes }) => bytes);

describe("presence pings", () => {
  test("are those of FreeIPMI's rmcpping, and the answers say that IPMI is there", () => {
    const asked = decodeAsf(ping!);
    const answered = decodeAsf(pong!);
    if (asked?.kind !== "ping" || answered?.kind !== "pong") throw new TypeError("expected a ping and a pong");
    expect(answered.tag).toBe(asked.tag);
    expect(answered.pong).toMatchObject({ supportsIpmi: true, asfVersion: 1, interactions: 0 });
    // 4542, ASF's own enterprise number.
    expect(toHex(answered.pong.enterprise)).toBe("00 00 11 be");
    expect(toHex(encodePresencePing(asked.tag))).toBe(toHex(ping!));
    expect(toHex(encodePresencePong(answered.tag, answered.pong))).toBe(toHex(pong!));
  });

  test("cut short, of another enterprise or of another class are none", () => {
    for (let size = 0; size < pong!.length; size++) expect(decodeAsf(pong!.slice(0, size))).toBeUndefined();
    expect(decodeAsf(ping!.with(7, 0xbf))).toBeUndefined();
    expect(decodeAsf(ping!.with(3, 0x07))).toBeUndefined();
    expect(decodeAsf(ping!.with(8, 0x81))).toBeUndefined();
  });

  test("random bytes never throw", () => {
    const header = Uint8Array.of(6, 0, 0xff, 6, 0, 0, 0x11, 0xbe);
    fc.assert(
      fc.property(fc.boolean(), fc.uint8Array({ maxLength: 40 }), (isAsf, bytes) => {
        decodeAsf(isAsf ? Uint8Array.of(...header, ...bytes) : bytes);
      }),
    );
  });
});
