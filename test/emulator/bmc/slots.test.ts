import { describe, expect, test } from "bun:test";
import { BmcResponder } from "../../../src/emulator/bmc/bmc-responder.ts";
import type { BmcDescription } from "../../../src/emulator/bmc/file/bmc-shape.ts";
import { handshake15 } from "../../../src/ipmi-js/session/handshake-15.ts";
import { handshake20 } from "../../../src/ipmi-js/session/handshake-20.ts";
import type { Handshake, HandshakeStep } from "../../../src/ipmi-js/session/session-codec.ts";
import type { SessionStep } from "../../../src/ipmi-js/errors.ts";
import { START, still } from "./foreign-clients.ts";

const peer = { address: "192.0.2.99", port: 50_000 };
const admin = { username: "admin", password: "lantern-7" } as const;
const single = { username: "single", password: "only-one" } as const;

const responder = (change: Partial<BmcDescription> = {}) =>
  new BmcResponder({ ...still, ...change }, { nowMs: 0, wallMs: START });

/** Behind the RMCP+ header of table 13-8. All messages of the set-up begin with a tag, their answers with a tag and a status. */
const PAYLOAD_AT = 16;

/** A console's handshake, which a test can leave half done. */
class Console {
  readonly #bmc: BmcResponder;
  readonly #handshake: Handshake;
  #step: HandshakeStep;

  constructor(bmc: BmcResponder, handshake: Handshake) {
    this.#bmc = bmc;
    this.#handshake = handshake;
    this.#step = handshake.start();
  }

  /** Goes on until it would send this message, or to its end. */
  until(step?: SessionStep): this {
    while (this.#step.kind === "send" && this.#step.step !== step) {
      const [answer] = this.#bmc.receive(this.#step.datagram, peer, 0);
      if (!answer) throw new RangeError(`${this.#step.step}: no answer`);
      this.#step = this.#handshake.received(answer.datagram);
    }
    return this;
  }

  /** Sends what is next once more, under another tag, and tells status and tag of the answer. Its answer is lost. */
  again(tag: number): string {
    if (this.#step.kind !== "send") throw new RangeError(this.end);
    const [answer] = this.#bmc.receive(this.#step.datagram.with(PAYLOAD_AT, tag), peer, 0);
    return `status ${answer?.datagram[PAYLOAD_AT + 1]}, tag ${answer?.datagram[PAYLOAD_AT]}`;
  }

  /** Sends what is next without going on: what is answered. */
  repeat(): string | undefined {
    if (this.#step.kind !== "send") throw new RangeError(this.end);
    return this.#bmc.receive(this.#step.datagram, peer, 0)[0]?.datagram.toHex();
  }

  get end(): string {
    return this.#step.kind === "failed" ? this.#step.error.message : this.#step.kind;
  }
}

const console20 = (bmc: BmcResponder, user = admin as typeof admin | typeof single) =>
  new Console(bmc, handshake20({ ...user, cipherSuite: 17 }));
const console15 = (bmc: BmcResponder) => new Console(bmc, handshake15(admin));

describe("slots", () => {
  test("an IPMI 1.5 session takes none that a half-open IPMI 2.0 session has", () => {
    const bmc = responder({ ipmi15: ["md5"], sessions: { ...still.sessions, max: 2 } });
    expect(console20(bmc).until().end).toBe("established");
    const halfOpen = console20(bmc).until("rakp-3-4");
    // IPMI 2.0, section 22.17: 81h, no session slot available.
    expect(console15(bmc).until().end).toMatch(/no session slot/);
    expect(halfOpen.until().end).toBe("established");
    expect(bmc.sessions.active).toHaveLength(2);
    expect(bmc.counters.sessions.refused).toBe(1);
  });

  test("challenges take none: whoever asks for them has proved nothing", () => {
    const bmc = responder({ ipmi15: ["md5"], sessions: { ...still.sessions, max: 2 } });
    for (let count = 0; count < 20; count++) console15(bmc).until("activate-session");
    expect(console20(bmc).until().end).toBe("established");
    expect(console15(bmc).until().end).toBe("established");
  });

  test("two that are set up side by side do not give a user more sessions than it may have", () => {
    const bmc = responder();
    const [first, second] = [console20(bmc, single).until("rakp-3-4"), console20(bmc, single).until("rakp-3-4")];
    expect(first.until().end).toBe("established");
    // Status 0Bh: insufficient resources at the requested role. IPMI 2.0, table 13-15.
    expect(second.until().end).toMatch(/status 0Bh/);
    expect(bmc.sessions.active).toHaveLength(1);
  });
});

test("an activation of IPMI 1.5 once more gets the same session while there is one, and is no session that expires", () => {
  const bmc = responder({ ipmi15: ["md5"] });
  const console = console15(bmc).until("activate-session");
  const first = console.repeat();
  expect(console.repeat()).toBe(first);
  expect(console.until().end).toBe("established");
  expect(bmc.counters.sessions).toMatchObject({ opened: 1 });
  bmc.sessions.forgetAll();
  expect(console15(bmc).until().end).toBe("established");
  bmc.advance(59_999);
  expect(bmc.counters.sessions).toMatchObject({ opened: 2, expired: 0 });
});

test.each(["open-session", "rakp-1-2", "rakp-3-4"] as const)("%s once more, under another tag", (step) => {
  const bmc = responder();
  const console = console20(bmc).until(step);
  expect(console.again(0x71)).toBe("status 0, tag 113");
  expect(console.again(0x72)).toBe("status 0, tag 114");
  expect(console.until().end).toBe("established");
  expect(bmc.sessions.active).toHaveLength(1);
  expect(bmc.sessions.pending()).toHaveLength(0);
});
