import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  checksum,
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from "../../../src/ipmi-js/wire/message.ts";
import { toHex } from "../../../src/lib/hex.ts";
import { patched } from "../../support/recorded-exchange.ts";
import { recordedSession } from "../../support/recorded-ipmi.ts";

// Get Device ID as FreeIPMI asks it and ipmi_sim answers it.
const { packets } = recordedSession("freeipmi-1.5-none");
const PAYLOAD_AT = 14;
const request = packets[10]!.bytes.slice(PAYLOAD_AT);
const response = packets[11]!.bytes.slice(PAYLOAD_AT);

/** What checksums make 0. */
const sum = (part: Uint8Array) => part.reduce((total, byte) => total + byte, 0) % 256;

const get = { netFn: 6, command: 1, sequence: 0x31, responderAddress: 0x20, responderLun: 0, requesterAddress: 0x81 };

describe("requests", () => {
  test("are read and written as a foreign client wrote them", () => {
    const message = { ...get, requesterLun: 0, data: new Uint8Array() };
    expect(decodeRequest(request)).toEqual(message);
    expect(toHex(encodeRequest(message))).toBe(toHex(request));
  });

  test("say why they are none", () => {
    expect(decodeRequest(request.slice(0, 6))).toBe("length");
    expect(decodeRequest(patched(request, 2, 0))).toBe("header-checksum");
    expect(decodeRequest(patched(request, 6, 0))).toBe("checksum");
    expect(decodeRequest(encodeRequest({ ...get, netFn: 7, requesterLun: 0, data: new Uint8Array() }))).toBe(
      "direction",
    );
  });

  test("that do not fit are refused", () => {
    const fits = { ...get, requesterLun: 0, data: new Uint8Array() };
    for (const wrong of [
      { sequence: 64 },
      { netFn: 64 },
      { responderLun: 4 },
      { command: 256 },
      { requesterAddress: -1 },
    ])
      expect(() => encodeRequest({ ...fits, ...wrong })).toThrow(RangeError);
  });
});

describe("responses", () => {
  test("are read as a foreign BMC wrote them", () => {
    const message = decodeResponse(response);
    expect(message).toMatchObject({ ...get, netFn: 7, requesterLun: 0, completionCode: 0 });
    // Device id 32, revision 1, firmware 3.45: what FreeIPMI printed.
    expect(typeof message === "string" ? message : toHex(message.data.slice(0, 4))).toBe("20 01 03 45");
  });

  test("without a completion code are none", () => {
    expect(decodeResponse(request)).toBe("length");
    expect(decodeResponse(encodeRequest({ ...get, requesterLun: 0, data: new Uint8Array(1) }))).toBe("direction");
    expect(decodeResponse(response.slice(0, -1))).toBe("checksum");
  });

  test("hold what was put into them, in the places of the specification", () => {
    fc.assert(
      fc.property(
        fc.record({
          netFn: fc.nat(31).map((number) => 2 * number + 1),
          command: fc.nat(255),
          sequence: fc.nat(63),
          responderAddress: fc.nat(255),
          responderLun: fc.nat(3),
          requesterAddress: fc.nat(255),
          requesterLun: fc.nat(3),
          completionCode: fc.nat(255),
          data: fc.uint8Array({ maxLength: 60 }),
        }),
        (message) => {
          const bytes = encodeResponse(message);
          // IPMI 2.0, figure 13-4: rqAddr, netFn/rqLUN, checksum, rsAddr, rqSeq/rsLUN, cmd, completion code, data, checksum.
          expect(Array.from(bytes.slice(0, 2))).toEqual([
            message.requesterAddress,
            message.netFn * 4 + message.requesterLun,
          ]);
          expect(Array.from(bytes.slice(3, 7))).toEqual([
            message.responderAddress,
            message.sequence * 4 + message.responderLun,
            message.command,
            message.completionCode,
          ]);
          expect(sum(bytes.slice(0, 3))).toBe(0);
          expect(sum(bytes.slice(3))).toBe(0);
          expect(decodeResponse(bytes)).toEqual(message);
        },
      ),
    );
  });

  test("with any bit turned in their bytes are none, or none of ours", () => {
    const bytes = encodeResponse({
      ...get,
      netFn: 7,
      requesterLun: 0,
      completionCode: 0,
      data: Uint8Array.of(1, 2, 3),
    });
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++)
        expect(decodeResponse(patched(bytes, at, bytes[at]! ^ (1 << bit)))).toBeString();
    }
  });

  test("have data that live on when the datagram is written over", () => {
    const datagram = Buffer.from(
      encodeResponse({ ...get, netFn: 7, requesterLun: 0, completionCode: 0, data: Uint8Array.of(1, 2, 3) }),
    );
    const message = decodeResponse(datagram);
    datagram.fill(0xff);
    expect(message).toMatchObject({ data: Uint8Array.of(1, 2, 3) });
  });
});

test("random bytes never throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      decodeRequest(bytes);
      decodeResponse(bytes);
    }),
  );
});

test("checksums are two's complements", () => {
  expect(checksum(Uint8Array.of(0x20, 0x18), 0, 2)).toBe(0xc8);
  expect(checksum(Uint8Array.of(0, 0), 0, 2)).toBe(0);
});
