import { describe, expect, test } from "bun:test";
import { IpmiError } from "../../../src/ipmi-js/errors.ts";
import { handshake20, type Handshake20Options } from "../../../src/ipmi-js/session/handshake-20.ts";
import type { Handshake, HandshakeStep, SessionCodec } from "../../../src/ipmi-js/session/session-codec.ts";
import { cipherSuites, cipherSuite, type CipherSuite } from "../../../src/ipmi-js/crypto/algorithms.ts";
import { openSessionRequest, openSessionResponse } from "../../../src/ipmi-js/session/open-session.ts";
import { rakp1, rakp2, rakp3, rakp4 } from "../../../src/ipmi-js/session/rakp-messages.ts";
import { isAuthenticating, rakp2Code, type RakpExchange } from "../../../src/ipmi-js/crypto/rakp.ts";
import { concludeRakp } from "../../../src/ipmi-js/session/rakp-secrets.ts";
import { Session20 } from "../../../src/ipmi-js/session/session-20.ts";
import { decodePacket, encodePacket20, payloadTypes } from "../../../src/ipmi-js/wire/packet.ts";
import { decodeRequest, encodeResponse } from "../../../src/ipmi-js/wire/message.ts";
import { fromHex, toHex } from "../../../src/lib/hex.ts";
import { exchangeOf, isEstablished, patched, setUpType, utf8 } from "../../support/recorded-exchange.ts";
import { recordedSession, recordedSessions, type RecordedSession } from "../../support/recorded-ipmi.ts";

/** The datagram of a step that wants one sent. */
function sent(step: HandshakeStep): Uint8Array {
  if (step.kind !== "send") throw new TypeError(`expected a datagram to send, got ${describeStep(step)}`);
  return step.datagram;
}
const describeStep = (step: HandshakeStep) =>
  step.kind === "failed" ? step.error.message : step.kind === "ignored" ? step.reason : step.kind;

function failure(step: HandshakeStep): IpmiError {
  if (step.kind !== "failed") throw new TypeError(`expected a failure, got ${describeStep(step)}`);
  return step.error;
}
function session(step: HandshakeStep): SessionCodec {
  if (step.kind !== "established") throw new TypeError(`expected a session, got ${describeStep(step)}`);
  return step.session;
}

/** Random bytes that were foretold, of the sizes that are asked for; zeros behind them. */
function foretold(...pieces: readonly Uint8Array[]) {
  const rest = [...pieces];
  return (size: number) => {
    const bytes = new Uint8Array(size);
    bytes.set(rest.shift() ?? new Uint8Array());
    return bytes;
  };
}

const le32 = (value: number) => new Uint8Array(new Uint32Array([value]).buffer);

/** Where the tag stands in set-up payloads. */
const TAG_AT = 16;

/**
 * The set-up packets of one side, of the last attempt where there were several. ipmitool gives every message tag 0, as we do;
 * FreeIPMI and pyghmi count, which the specification leaves open: their tags are made 0.
 */
function setUpPackets({ packets }: RecordedSession, from: "client" | "bmc"): Uint8Array[] {
  const all = packets.filter((packet) => packet.from === from && setUpType(packet) !== undefined);
  return all.slice(-3).map(({ bytes }) => patched(bytes, TAG_AT, 0));
}

const established20 = recordedSessions().filter(isEstablished);

describe.each(established20.map((each) => [each.name, each] as const))("%s", (_name, recorded) => {
  test("is set up by the client's packets, given its random numbers", () => {
    const exchange = exchangeOf(recorded);
    const privilege = (["user", "operator", "administrator"] as const)[(exchange.role & 0x0f) - 2]!;
    const handshake = handshake20({
      username: recorded.user,
      password: recorded.password,
      cipherSuite: recorded.suite!,
      privilege,
      isNameOnlyLookup: (exchange.role & 0x10) !== 0,
      ...(recorded.kg !== undefined && { kg: recorded.kg }),
      random: foretold(le32(exchange.consoleSessionId), exchange.consoleRandom),
    });
    const [open, one, three] = setUpPackets(recorded, "client");
    const [opened, two, four] = setUpPackets(recorded, "bmc");
    // ipmitool and pyghmi ask for privilege 0 ("the highest") here and for the real one in RAKP message 1; we ask for it in both.
    const PRIVILEGE_AT = TAG_AT + 1;
    expect(toHex(sent(handshake.start()))).toBe(toHex(patched(open!, PRIVILEGE_AT, exchange.role & 0x0f)));
    expect(toHex(sent(handshake.received(opened!)))).toBe(toHex(one!));
    expect(toHex(sent(handshake.received(two!)))).toBe(toHex(three!));
    const last = handshake.received(four!);
    expect(last.kind).toBe(privilege === "user" ? "established" : "send");
  });
});

/** A handshake whose random numbers are those of a recording, with the BMC's answers in it. */
const begin = (name: string, more: Partial<Handshake20Options> = {}) => {
  const recorded = recordedSession(name);
  const open = recorded.packets.find((packet) => setUpType(packet) === payloadTypes.openSessionRequest)!;
  const one = recorded.packets.find((packet) => setUpType(packet) === payloadTypes.rakp1);
  const handshake = handshake20({
    username: recorded.user,
    password: recorded.password,
    cipherSuite: recorded.suite!,
    random: foretold(open.bytes.slice(20, 24), one?.bytes.slice(24, 40) ?? new Uint8Array(16)),
    ...more,
  });
  sent(handshake.start());
  return { handshake, answers: setUpPackets(recorded, "bmc") };
};

describe("refusals, as recorded", () => {
  test.each(["ipmitool-wrong-password", "freeipmi-wrong-password"])("%s", (name) => {
    const { handshake, answers } = begin(name);
    sent(handshake.received(answers[0]!));
    const error = failure(handshake.received(answers[1]!));
    expect(error.code).toBe("authentication");
    expect(error.detail).toEqual({ step: "rakp-1-2" });
    expect(error.message).toBe(
      'RAKP 1/2 failed: the BMC\'s authentication code does not fit our password; the password of user "admin" is wrong',
    );
    // The BMC forgets its half-open session: RAKP message 3 with a status, IPMI 2.0 table 13-13.
    expect(toHex(handshake.farewell()!.slice(4, 24))).toMatch(
      /^06 14 00 00 00 00 00 00 00 00 08 00 00 0f 00 00 (.. ){3}..$/,
    );
    expect(handshake.farewell()).toBeUndefined();
  });

  test.each([
    ["ipmitool-unknown-user", "nobody"],
    ["freeipmi-unknown-user", "nobody"],
    ["ipmitool-disabled-user", "ghost"],
    ["freeipmi-disabled-user", "ghost"],
  ])("%s", (name, user) => {
    const { handshake, answers } = begin(name);
    sent(handshake.received(answers[0]!));
    const error = failure(handshake.received(answers[1]!));
    expect(error.code).toBe("authentication");
    expect(error.detail).toEqual({ step: "rakp-1-2", statusCode: 0x0d });
    expect(error.message).toBe(
      `RAKP 1/2 failed: user "${user}" is unknown, disabled or has no access by LAN; the BMC says unauthorized name (status 0Dh)`,
    );
  });

  test("a full session table", () => {
    const { handshake, answers } = begin("ipmitool-sessions-full");
    const error = failure(handshake.received(answers[0]!));
    expect(error.code).toBe("no-resources");
    expect(error.detail).toEqual({ step: "open-session", statusCode: 0x01 });
    expect(handshake.farewell()).toBeUndefined();
  });

  test("a suite that the BMC does not have", () => {
    const { handshake, answers } = begin("ipmitool-suite-refused");
    const error = failure(handshake.received(answers[0]!));
    expect(error.code).toBe("unsupported");
    expect(error.message).toBe(
      "Open Session failed: the BMC does not offer cipher suite 17; the BMC says invalid authentication algorithm (status 04h)",
    );
  });

  test("a K_g that was not given", () => {
    const { handshake, answers } = begin("ipmitool-kg-missing");
    sent(handshake.received(answers[0]!));
    sent(handshake.received(answers[1]!));
    const error = failure(handshake.received(answers[2]!));
    expect(error.code).toBe("authentication");
    expect(error.message).toContain("the BMC seems to have a K_g, which must be given");
  });

  test("a K_g that the BMC does not have, and another one than the BMC's", () => {
    const none = begin("ipmitool-suite-3", { kg: "not-there" });
    for (const answer of none.answers.slice(0, 2)) sent(none.handshake.received(answer));
    expect(failure(none.handshake.received(none.answers[2]!)).message).toContain(
      "the BMC has no K_g, but one was given",
    );
    const other = begin("ipmitool-kg", { kg: "another-key" });
    for (const answer of other.answers.slice(0, 2)) sent(other.handshake.received(answer));
    expect(failure(other.handshake.received(other.answers[2]!)).message).toContain("is not the BMC's");
  });

  test("no error holds the password, K_g or a code", () => {
    const { handshake, answers } = begin("ipmitool-wrong-password", { kg: "secret-kg" });
    sent(handshake.received(answers[0]!));
    const text = Bun.inspect(failure(handshake.received(answers[1]!)));
    expect(text).not.toContain("not-this-one");
    expect(text).not.toContain("secret-kg");
  });
});

/** What a BMC may do differently. */
interface Quirks {
  readonly password?: string;
  readonly kg?: string;
  readonly answeredPrivilege?: number;
  /** The byte that it hashes for the role; RAKP message 1's where it is absent. */
  readonly hashedRole?: number;
  readonly suite?: CipherSuite;
  readonly rakp4Status?: number;
}

const PASSWORD = "0123456789abcdefghij";

/** The other end, made of the codecs alone. */
class Bmc {
  readonly #quirks: Quirks;
  readonly #suite: CipherSuite;
  readonly #id: number;
  #consoleSessionId = 0;
  #tag = 0;
  #exchange: RakpExchange | undefined;
  session: Session20 | undefined;

  constructor(suite: number, quirks: Quirks = {}, id = 0x0a0b0c0d) {
    this.#suite = quirks.suite ?? cipherSuite(suite)!;
    this.#quirks = quirks;
    this.#id = id;
  }

  answer(datagram: Uint8Array): Uint8Array {
    const packet = decodePacket(datagram);
    if (typeof packet === "string" || packet.format !== "2.0") throw new TypeError("expected RMCP+");
    if (packet.sessionId !== 0) return this.#execute(datagram);
    switch (packet.payloadType) {
      case payloadTypes.openSessionRequest:
        return this.#packet(payloadTypes.openSessionResponse, this.#open(packet.payload));
      case payloadTypes.rakp1:
        return this.#packet(payloadTypes.rakp2, this.#rakp1(packet.payload));
      case payloadTypes.rakp3:
        return this.#packet(payloadTypes.rakp4, this.#rakp3(packet.payload));
      default:
        throw new TypeError(`payload type ${packet.payloadType}`);
    }
  }

  #packet(payloadType: number, payload: Uint8Array): Uint8Array {
    return encodePacket20({ payloadType, isEncrypted: false, sessionId: 0, sequence: 0, payload });
  }

  #open(payload: Uint8Array): Uint8Array {
    const request = openSessionRequest.decode(payload);
    this.#consoleSessionId = request.consoleSessionId;
    this.#tag = request.tag;
    return openSessionResponse.encode({
      tag: request.tag,
      status: 0,
      privilege: this.#quirks.answeredPrivilege ?? request.privilege,
      consoleSessionId: request.consoleSessionId,
      bmcSessionId: this.#id,
      authentication: this.#suite.authentication.number,
      integrity: this.#suite.integrity.number,
      confidentiality: this.#suite.confidentiality.number,
    });
  }

  get #secrets() {
    const { password = PASSWORD, kg } = this.#quirks;
    return {
      algorithm: this.#suite.authentication,
      password: utf8(password),
      kg: kg === undefined ? undefined : utf8(kg),
    };
  }

  #rakp1(payload: Uint8Array): Uint8Array {
    const request = rakp1.decode(payload);
    expect(request.bmcSessionId).toBe(this.#id);
    const exchange: RakpExchange = {
      consoleSessionId: this.#consoleSessionId,
      bmcSessionId: this.#id,
      consoleRandom: request.consoleRandom,
      bmcRandom: new Uint8Array(16).fill(0xb0),
      bmcGuid: new Uint8Array(16).fill(0x9d),
      role: this.#quirks.hashedRole ?? request.role,
      username: request.username,
    };
    this.#exchange = exchange;
    const { authentication } = this.#suite;
    const code = isAuthenticating(authentication)
      ? rakp2Code(authentication, this.#secrets.password, exchange)
      : new Uint8Array();
    const { consoleSessionId, bmcRandom, bmcGuid } = exchange;
    return rakp2.encode({ tag: this.#tag, status: 0, consoleSessionId, bmcRandom, bmcGuid, code });
  }

  #rakp3(payload: Uint8Array): Uint8Array {
    const request = rakp3.decode(payload);
    const exchange = this.#exchange!;
    const outcome = concludeRakp(this.#secrets, exchange);
    expect(request.code).toEqual(outcome.rakp3Code);
    const status = this.#quirks.rakp4Status ?? 0;
    const { consoleSessionId } = exchange;
    this.session = new Session20({ ...exchange, side: "bmc", suite: this.#suite, keys: outcome.keys, privilege: 4 });
    return rakp4.encode({
      tag: this.#tag,
      status,
      consoleSessionId,
      checkValue: status === 0 ? outcome.checkValue : new Uint8Array(),
    });
  }

  /** The last request that came in the session. */
  request: { readonly netFn: number; readonly command: number; readonly data: Uint8Array } | undefined;
  completionCode = 0;

  #execute(datagram: Uint8Array): Uint8Array {
    const opened = this.session!.open(datagram);
    if (opened.kind !== "payload") throw new TypeError(opened.reason);
    const request = decodeRequest(opened.payload);
    if (typeof request === "string") throw new TypeError(request);
    this.request = request;
    return this.session!.seal(
      encodeResponse({
        ...request,
        netFn: request.netFn + 1,
        completionCode: this.completionCode,
        data: this.completionCode === 0 ? request.data : new Uint8Array(),
      }),
    );
  }
}

/** Runs a handshake against a BMC to its end. */
function run(handshake: Handshake, bmc: { answer(datagram: Uint8Array): Uint8Array }): HandshakeStep {
  let step = handshake.start();
  for (let exchange = 0; step.kind === "send"; exchange++) {
    if (exchange > 20) throw new RangeError("the handshake does not end");
    step = handshake.received(bmc.answer(step.datagram));
  }
  return step;
}

const options = (cipherSuiteNumber = 3, more: Partial<Handshake20Options> = {}): Handshake20Options => ({
  username: "root",
  password: PASSWORD,
  cipherSuite: cipherSuiteNumber,
  ...more,
});

describe("what BMCs do", () => {
  test.each(cipherSuites.map(({ number }) => number))(
    "suite %d, from Open Session to the privilege level",
    (number) => {
      const bmc = new Bmc(number);
      const codec = session(run(handshake20(options(number)), bmc));
      expect(codec.privilege).toBe(4);
      expect(codec.bmcSessionId).toBe(0x0a0b0c0d);
      // Set Session Privilege Level to administrator, IPMI 2.0 table 22-22.
      expect(bmc.request).toMatchObject({ netFn: 0x06, command: 0x3b, data: fromHex("04") });
      const opened = bmc.session!.open(codec.seal(fromHex("20 18 c8 81 04 01 7a")));
      expect(opened).toEqual({ kind: "payload", payloadType: 0, payload: fromHex("20 18 c8 81 04 01 7a") });
    },
  );

  test("the level of a user needs no raising", () => {
    const bmc = new Bmc(3);
    expect(session(run(handshake20(options(3, { privilege: "user" })), bmc)).privilege).toBe(2);
    expect(bmc.request).toBeUndefined();
  });

  test.each([
    ["the privilege of the Open Session response", { answeredPrivilege: 3, hashedRole: 0x03 }],
    ["that, and the bit for name-only lookup", { answeredPrivilege: 3, hashedRole: 0x13 }],
    ["RAKP message 1's privilege without that bit", { hashedRole: 0x04 }],
    ["an answered 0", { answeredPrivilege: 0, hashedRole: 0x00 }],
    ["RAKP message 1's role, and answer 0", { answeredPrivilege: 0, hashedRole: 0x14 }],
  ] satisfies [string, Quirks][])("hash %s", (_what, quirks) => {
    expect(session(run(handshake20(options()), new Bmc(3, quirks))).privilege).toBe(4);
  });

  test("keep 16 bytes of the password", () => {
    const error = failure(run(handshake20(options()), new Bmc(3, { password: PASSWORD.slice(0, 16) })));
    expect(error.code).toBe("authentication");
    expect(error.message).toContain("the BMC keeps only the first 16 bytes of the password");
    expect(error.message).not.toContain(PASSWORD.slice(0, 16));
  });

  test("have a K_g", () => {
    expect(session(run(handshake20(options(17, { kg: "k" })), new Bmc(17, { kg: "k" }))).privilege).toBe(4);
    // Twenty zeros say that there is none.
    expect(session(run(handshake20(options(17, { kg: new Uint8Array(20) })), new Bmc(17))).privilege).toBe(4);
  });

  test("answer with weaker algorithms than were proposed", () => {
    const error = failure(run(handshake20(options(17)), new Bmc(17, { suite: cipherSuite(0)! })));
    expect(error.code).toBe("unsupported");
    expect(error.detail).toMatchObject({ step: "open-session", expected: "3, 4, 1", received: "0, 0, 0" });
  });

  test.each([
    [0x81, "the requested privilege level exceeds the user's or the channel's limit (81h)"],
    [0xd4, "insufficient privilege"],
  ])("refuse the privilege level with %d, and are told to close the session", (completionCode, words) => {
    const bmc = new Bmc(3);
    bmc.completionCode = completionCode;
    const handshake = handshake20(options());
    const error = failure(run(handshake, bmc));
    expect(error.code).toBe("authentication");
    expect(error.detail).toMatchObject({ step: "set-session-privilege-level", completionCode });
    expect(error.message).toContain(words);
    expect(error.message).toContain('user "root" may not use privilege level administrator');
    bmc.completionCode = 0;
    bmc.answer(handshake.farewell()!);
    // Close Session with the BMC's number, IPMI 2.0 table 22-23.
    expect(bmc.request).toMatchObject({ netFn: 0x06, command: 0x3c, data: fromHex("0d 0c 0b 0a") });
  });

  test("are busy, which says nothing about the user", () => {
    const bmc = new Bmc(3);
    bmc.completionCode = 0xc0;
    expect(failure(run(handshake20(options()), bmc)).code).toBe("completion-code");
  });

  test("mix up repeated packets: the handshake begins anew, with other numbers", () => {
    const confused = new Bmc(3, { rakp4Status: 0x0f });
    const sane = new Bmc(3, {}, 0x01020304);
    let opens = 0;
    const ids = new Set<string>();
    const both = {
      answer(datagram: Uint8Array) {
        if (datagram[5] === payloadTypes.openSessionRequest) {
          opens++;
          ids.add(toHex(datagram.slice(20, 24)));
        }
        return (opens === 1 ? confused : sane).answer(datagram);
      },
    };
    expect(session(run(handshake20(options()), both)).bmcSessionId).toBe(0x01020304);
    expect(ids.size).toBe(2);
  });

  test("insist that our code is wrong: the handshake does not go on for ever", () => {
    const error = failure(run(handshake20(options()), new Bmc(3, { rakp4Status: 0x0f })));
    expect(error.detail).toEqual({ step: "rakp-3-4", statusCode: 0x0f });
  });
});

describe("repeating", () => {
  test("says the same outside a session, and the same under a new number within", () => {
    const bmc = new Bmc(3);
    const handshake = handshake20(options());
    let step = handshake.start();
    for (let exchange = 0; exchange < 3; exchange++) {
      expect(handshake.repeat()).toEqual(sent(step));
      step = handshake.received(bmc.answer(sent(step)));
    }
    const first = bmc.session!.open(sent(step));
    const again = bmc.session!.open(handshake.repeat());
    expect(first.kind).toBe("payload");
    expect(again).toEqual(first);
  });

  test("is not possible before and after", () => {
    const handshake = handshake20(options());
    expect(() => handshake.repeat()).toThrow(RangeError);
    run(handshake, new Bmc(3));
    expect(() => handshake.repeat()).toThrow(RangeError);
    expect(handshake.farewell()).toBeUndefined();
  });

  test("duplicates and answers to earlier steps are ignored", () => {
    const bmc = new Bmc(3);
    const handshake = handshake20(options());
    const opened = bmc.answer(sent(handshake.start()));
    const one = sent(handshake.received(opened));
    expect(handshake.received(opened)).toEqual({ kind: "ignored", reason: "replayed" });
    const two = bmc.answer(one);
    const three = sent(handshake.received(two));
    expect(handshake.received(two)).toEqual({ kind: "ignored", reason: "replayed" });
    const four = bmc.answer(three);
    const raise = sent(handshake.received(four));
    expect(handshake.received(four)).toEqual({ kind: "ignored", reason: "foreign-session" });
    expect(handshake.received(bmc.answer(raise)).kind).toBe("established");
    expect(handshake.received(four)).toEqual({ kind: "ignored", reason: "replayed" });
  });
});

/** The recorded packet with the sequence number that we begin with, 1 instead of ipmitool's 0, and the checksum that follows. */
const renumbered = (bytes: Uint8Array, sequenceAt: number) => {
  const changed = patched(bytes, sequenceAt, bytes[sequenceAt]! + 4);
  return patched(changed, bytes.length - 1, (bytes.at(-1)! - 4) & 0xff);
};

describe("Get Channel Authentication Capabilities first", () => {
  const recorded = recordedSession("ipmitool-suite-3").packets;
  const [asked, answered] = [recorded[0]!.bytes, recorded[1]!.bytes];

  test("asks as ipmitool does, and goes on with the session", () => {
    const handshake = handshake20(options(3, { asksCapabilities: true }));
    expect(toHex(sent(handshake.start()))).toBe(toHex(renumbered(asked, 18)));
    const step = handshake.received(renumbered(answered, 18));
    expect(step).toMatchObject({ kind: "send", step: "open-session" });
  });

  test("a BMC without IPMI 2.0 is told apart", () => {
    const handshake = handshake20(options(3, { asksCapabilities: true }));
    sent(handshake.start());
    // Bit 7 of the byte with the authentication types says whether the extended fields follow: 97h becomes 17h.
    const CAPABILITIES_AT = 22;
    expect(answered[CAPABILITIES_AT]).toBe(0x97);
    const old = patched(renumbered(answered, 18), CAPABILITIES_AT, 0x17);
    const error = failure(handshake.received(patched(old, old.length - 1, (old.at(-1)! + 0x80) & 0xff)));
    expect(error.code).toBe("unsupported");
    expect(error.detail.step).toBe("get-channel-authentication-capabilities");
  });
});

describe("what is refused before anything is sent", () => {
  test.each([
    ["a user name of 17 bytes", { username: "seventeen-letters" }],
    ["a user name whose UTF-8 has 17 bytes", { username: "fifteen-letteräx" }],
    ["a password of 21 bytes", { password: "x".repeat(21) }],
    ["a password of 21 bytes that is no text", { password: new Uint8Array(21) }],
    ["a K_g of 21 bytes", { kg: "x".repeat(21) }],
  ])("%s", (_what, more) => {
    const make = () => handshake20(options(3, more));
    expect(make).toThrow(IpmiError);
    expect(make).toThrow(expect.objectContaining({ code: "invalid-argument" }));
    expect(make).not.toThrow("xxxx");
  });

  test("a cipher suite that we do not have", () => {
    expect(() => handshake20(options(4))).toThrow(expect.objectContaining({ code: "unsupported" }));
  });

  test("the longest that fit are taken", () => {
    expect(() =>
      handshake20(options(3, { username: "sixteen--letters", password: "x".repeat(20), kg: "x".repeat(20) })),
    ).not.toThrow();
  });
});
