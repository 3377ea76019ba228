import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  authTypes,
  decodePacket,
  encodePacket15,
  encodePacket20,
  isTrailerSound,
  payloadTypes,
  preparePacket20,
} from "../../../src/ipmi-js/wire/packet.ts";
import { fromHex, toHex } from "../../../src/lib/hex.ts";

const packet15 = (size: number, authType: number = authTypes.none) =>
  encodePacket15({
    authType,
    sequence: 1,
    sessionId: 2,
    authCode: authType === authTypes.none ? undefined : new Uint8Array(16),
    payload: new Uint8Array(size).fill(7),
  });

describe("IPMI 1.5 packets", () => {
  test("avoid the sizes that some LAN controllers cannot send", () => {
    const sizes = Array.from({ length: 256 }, (_, size) => packet15(size).length);
    // IPMI 2.0, table 13-8, "Legacy PAD".
    for (const size of [56, 84, 112, 128, 156]) expect(sizes).not.toContain(size);
    for (let size = 0; size < 256; size++) {
      const packet = decodePacket(packet15(size));
      expect(typeof packet === "string" ? packet : packet.payload.length).toBe(size);
    }
  });

  test("take 255 bytes, and an authentication code of 16", () => {
    expect(() => packet15(256)).toThrow(RangeError);
    const short = { authType: authTypes.md5, sequence: 0, sessionId: 0, payload: new Uint8Array() };
    expect(() => encodePacket15({ ...short, authCode: undefined })).toThrow(RangeError);
    expect(() => encodePacket15({ ...short, authCode: new Uint8Array(15) })).toThrow(RangeError);
  });

  test("are told from what is cut short", () => {
    const whole = packet15(5, authTypes.md5);
    for (let size = 0; size < whole.length; size++) {
      expect(decodePacket(whole.slice(0, size))).toBe(size < 4 ? "not-ipmi" : "length");
    }
  });
});

describe("IPMI 2.0 packets", () => {
  test("of an OEM payload name whose it is", () => {
    const oem = { enterprise: 32473, payloadId: 0x0102 };
    const bytes = encodePacket20({
      payloadType: payloadTypes.oemExplicit,
      isEncrypted: false,
      oem,
      sessionId: 0x11223344,
      sequence: 5,
      payload: Uint8Array.of(9, 8),
    });
    // IPMI 2.0, table 13-8: enterprise and payload id stand between the type and the session id.
    expect(toHex(bytes)).toBe("06 00 ff 07 06 02 d9 7e 00 00 02 01 44 33 22 11 05 00 00 00 02 00 09 08");
    expect(decodePacket(bytes)).toMatchObject({
      oem,
      sessionId: 0x11223344,
      sequence: 5,
      payload: Uint8Array.of(9, 8),
    });
    for (let size = 4; size < bytes.length; size++) expect(decodePacket(bytes.slice(0, size))).toBe("length");
  });

  test("of no other payload do", () => {
    const header = { isEncrypted: false, isAuthenticated: false, sessionId: 1, sequence: 1 };
    expect(() => preparePacket20({ ...header, payloadType: payloadTypes.oemExplicit }, 0, 0)).toThrow(RangeError);
    const oem = { enterprise: 1, payloadId: 1 };
    expect(() => preparePacket20({ ...header, payloadType: payloadTypes.ipmi, oem }, 0, 0)).toThrow(RangeError);
  });

  test("with a code are filled up to a multiple of four, from the authentication type to the next header", () => {
    for (let size = 0; size < 20; size++) {
      const header = { payloadType: 0, isEncrypted: false, isAuthenticated: true, sessionId: 1, sequence: 1 };
      const bytes = preparePacket20(header, size, 12);
      expect((bytes.length - 4 - 12) % 4).toBe(0);
      const packet = decodePacket(bytes);
      if (typeof packet === "string" || packet.format !== "2.0") throw new TypeError("expected RMCP+");
      expect(isTrailerSound(packet.trailer, 12)).toBe(true);
      expect(isTrailerSound(packet.trailer, 16)).toBe(false);
      expect(isTrailerSound(packet.trailer.slice(1), 12)).toBe(false);
      const pad = bytes[bytes.length - 14]!;
      expect(pad).toBeLessThan(4);
      expect(toHex(bytes.slice(16 + size, -12))).toBe(["ff ", "ff ", "ff "].slice(0, pad).join("") + `0${pad} 07`);
    }
  });
});

test("what is no RMCP of class IPMI is told apart", () => {
  expect(decodePacket(fromHex("06 00 ff 06 00 00 11 be 80 00 00 00"))).toBe("not-ipmi");
  expect(decodePacket(fromHex("05 00 ff 07 00 00 00 00 00 00 00 00 00 00"))).toBe("not-ipmi");
  expect(decodePacket(fromHex("06 00 ff 87"))).toBe("not-ipmi");
});

test("a packet in the middle of a larger buffer is read from its own bytes", () => {
  const inner = packet15(3);
  const buffer = new Uint8Array(inner.length + 20).fill(0xee);
  buffer.set(inner, 10);
  expect(decodePacket(buffer.subarray(10, 10 + inner.length))).toEqual(decodePacket(inner));
});

test("random bytes never throw", () => {
  fc.assert(
    fc.property(fc.boolean(), fc.uint8Array({ maxLength: 60 }), (isIpmi, bytes) => {
      decodePacket(isIpmi ? Uint8Array.of(6, 0, 0xff, 7, ...bytes) : bytes);
    }),
    { numRuns: 500 },
  );
});
