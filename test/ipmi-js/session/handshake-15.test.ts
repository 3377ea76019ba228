import { describe, expect, test } from "bun:test";
import { IpmiError } from "../../../src/ipmi-js/errors.ts";
import { handshake15, type Handshake15Options } from "../../../src/ipmi-js/session/handshake-15.ts";
import { openPacket15 } from "../../../src/ipmi-js/session/session-15.ts";
import type { HandshakeStep } from "../../../src/ipmi-js/session/session-codec.ts";
import { authTypes15, paddedPassword15 } from "../../../src/ipmi-js/crypto/auth-code-15.ts";
import { toHex } from "../../../src/lib/hex.ts";
import { patched, utf8 } from "../../support/recorded-exchange.ts";
import { recordedSession, type RecordedSession } from "../../support/recorded-ipmi.ts";

const RMCP_IPMI = 0x07;
const names = { none: "none", md5: "md5", straight: "password" } as const;

/** The IPMI packets of one side; ipmitool begins with an ASF ping. */
const packetsOf = (recorded: RecordedSession, from: "client" | "bmc") =>
  recorded.packets.filter((packet) => packet.from === from && packet.bytes[3] === RMCP_IPMI).map(({ bytes }) => bytes);

function sent(step: HandshakeStep): string {
  if (step.kind !== "send") throw new TypeError(`expected a datagram to send, got ${step.kind}`);
  return toHex(step.datagram);
}
function failure(step: HandshakeStep): IpmiError {
  if (step.kind !== "failed") throw new TypeError(`expected a failure, got ${step.kind}`);
  return step.error;
}

/** Where Activate Session has the first sequence number that we accept, counted from the packet's end. */
const FIRST_SEQUENCE_FROM_END = -5;

/** A handshake whose random number is that of a recording. */
function begin(name: string, more: Partial<Handshake15Options> = {}) {
  const recorded = recordedSession(name);
  const client = packetsOf(recorded, "client");
  const handshake = handshake15({
    username: recorded.user,
    password: recorded.password,
    authType: names[recorded.authType!],
    random: () => client[2]!.slice(FIRST_SEQUENCE_FROM_END, -1),
    ...more,
  });
  return { recorded, handshake, client, bmc: packetsOf(recorded, "bmc") };
}

describe.each(["ipmitool-1.5-none", "ipmitool-1.5-md5", "ipmitool-1.5-straight", "ipmitool-1.5-readings-cached"])(
  "%s",
  (name) => {
    const { recorded, handshake, client, bmc } = begin(name);

    test("is set up by the client's packets, and its session opens and seals the recorded ones", () => {
      expect(sent(handshake.start())).toBe(toHex(client[0]!));
      expect(sent(handshake.received(bmc[0]!))).toBe(toHex(client[1]!));
      expect(sent(handshake.received(bmc[1]!))).toBe(toHex(client[2]!));
      expect(sent(handshake.received(bmc[2]!))).toBe(toHex(client[3]!));
      const last = handshake.received(bmc[3]!);
      if (last.kind !== "established") throw new TypeError(last.kind);
      const { session } = last;
      expect(session.privilege).toBe(4);
      const padded = paddedPassword15(utf8(recorded.password));
      const authType = authTypes15[names[recorded.authType!]];
      for (const datagram of client.slice(4)) {
        const packet = openPacket15(datagram, (id) => id === session.bmcSessionId, authType, padded);
        if (typeof packet === "string") throw new TypeError(packet);
        expect(toHex(session.seal(packet.payload))).toBe(toHex(datagram));
      }
      for (const datagram of bmc.slice(4)) {
        expect(session.open(datagram).kind).toBe("payload");
        expect(session.open(datagram)).toEqual({ kind: "rejected", reason: "replayed" });
      }
    });
  },
);

describe("FreeIPMI numbers its messages and packets in another way, and its sessions open the same", () => {
  test.each(["freeipmi-1.5-none", "freeipmi-1.5-md5", "freeipmi-1.5-straight"])("%s", (name) => {
    const { recorded, client, bmc } = begin(name);
    const padded = paddedPassword15(utf8(recorded.password));
    const authType = authTypes15[names[recorded.authType!]];
    const inSession = [...client.slice(3), ...bmc.slice(3)];
    expect(inSession.length).toBeGreaterThanOrEqual(6);
    for (const datagram of inSession)
      expect(typeof openPacket15(datagram, () => true, authType, padded)).toBe("object");
  });
});

describe("refusals, as recorded", () => {
  test.each([
    ["ipmitool-1.5-unknown-user", "nobody"],
    ["ipmitool-1.5-disabled-user", "ghost"],
  ])("%s", (name, user) => {
    const { handshake, bmc } = begin(name, { random: () => new Uint8Array(4) });
    handshake.start();
    handshake.received(bmc[0]!);
    const error = failure(handshake.received(bmc[1]!));
    expect(error.code).toBe("authentication");
    expect(error.detail).toEqual({
      step: "get-session-challenge",
      command: "Get Session Challenge",
      completionCode: 0x81,
    });
    expect(error.message).toBe(
      `Get Session Challenge failed: user "${user}" is unknown, disabled or has no access by LAN; the BMC says invalid user name (81h)`,
    );
    expect(handshake.farewell()).toBeUndefined();
    expect(handshake.received(bmc[1]!)).toEqual({ kind: "ignored", reason: "replayed" });
  });

  test("a BMC's Activate Session that is authenticated with another password is not believed", () => {
    const { handshake, bmc } = begin("ipmitool-1.5-md5", { password: "another" });
    handshake.start();
    handshake.received(bmc[0]!);
    handshake.received(bmc[1]!);
    expect(handshake.received(bmc[2]!)).toEqual({ kind: "ignored", reason: "bad-authentication" });
  });

  test("an authentication type that the BMC does not offer", () => {
    const { handshake, bmc } = begin("ipmitool-1.5-md5");
    handshake.start();
    // The byte of the types that are offered: 17h are none, MD2, MD5 and password; without MD5 it is 13h.
    const TYPES_AT = 22;
    expect(bmc[0]![TYPES_AT]).toBe(0x17);
    const without = patched(bmc[0]!, TYPES_AT, 0x13);
    const error = failure(handshake.received(patched(without, without.length - 1, (without.at(-1)! + 4) & 0xff)));
    expect(error.code).toBe("unsupported");
    expect(error.detail).toEqual({
      step: "get-channel-authentication-capabilities",
      expected: "md5",
      received: "none, password",
    });
  });
});

test("MD5 is the default: nobody's password travels in the clear unasked", () => {
  const { handshake, client, bmc } = begin("ipmitool-1.5-md5");
  const byDefault = handshake15({ username: "admin", password: "lantern-7" });
  byDefault.start();
  handshake.start();
  expect(sent(byDefault.received(bmc[0]!))).toBe(toHex(client[1]!));
});

test("within the session a request is repeated under a number of its own; outside it is the same", () => {
  const { handshake, client, bmc } = begin("ipmitool-1.5-md5");
  handshake.start();
  expect(toHex(handshake.repeat())).toBe(toHex(client[0]!));
  handshake.received(bmc[0]!);
  handshake.received(bmc[1]!);
  expect(toHex(handshake.repeat())).toBe(toHex(client[2]!));
  handshake.received(bmc[2]!);
  const again = handshake.repeat();
  const SEQUENCE_AT = 5;
  expect(again[SEQUENCE_AT]).toBe((client[3]![SEQUENCE_AT]! + 1) & 0xff);
  expect(again.slice(-8)).toEqual(client[3]!.slice(-8));
  expect(handshake.farewell()).toBeInstanceOf(Uint8Array);
});

describe("what is refused before anything is sent", () => {
  test.each([
    ["a user name of 17 bytes", { username: "seventeen-letters" }],
    ["a password of 17 bytes", { password: "seventeen-letters" }],
  ])("%s", (_what, more) => {
    expect(() => handshake15({ username: "admin", password: "x", ...more })).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
  });
});
