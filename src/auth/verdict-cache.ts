import { createHmac, randomBytes } from "node:crypto";
import type { Clock } from "../lib/clock.ts";
import type { Credentials } from "./authenticator.ts";
import type { Identity } from "./identity.ts";

/** How long somebody is believed without being looked at again. */
const BELIEVED_MS = 30_000;
const CAPACITY = 1000;

interface Believed {
  readonly identity: Identity;
  readonly untilMs: number;
}

/** Who was let in with which credentials, a short while ago: checking a password costs a tenth of a second, asking a directory more. */
export class VerdictCache {
  readonly #clock: Clock;
  /** What is in memory shall not be what can be sent; and of a dump of it, no credentials shall be guessed quickly. */
  readonly #key = randomBytes(32);
  readonly #believed = new Map<string, Believed>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#believed.size;
  }

  /** Stands for credentials. */
  keyOf(credentials: Credentials): string {
    const { kind } = credentials;
    const parts = kind === "basic" ? [credentials.user, credentials.password] : [credentials.token];
    return createHmac("sha256", this.#key)
      .update([kind, ...parts].join("\0"))
      .digest("base64");
  }

  get(key: string): Identity | undefined {
    const found = this.#believed.get(key);
    if (!found) return undefined;
    const { identity, untilMs } = found;
    const isOver = identity.expiresMs !== undefined && this.#clock.wallMs() >= identity.expiresMs;
    if (!isOver && this.#clock.monotonicMs() < untilMs) return identity;
    this.#believed.delete(key);
    return undefined;
  }

  add(key: string, identity: Identity): void {
    this.#believed.delete(key);
    this.#believed.set(key, { identity, untilMs: this.#clock.monotonicMs() + BELIEVED_MS });
    for (const oldest of this.#believed.keys()) {
      if (this.#believed.size <= CAPACITY) break;
      this.#believed.delete(oldest);
    }
  }

  clear(): void {
    this.#believed.clear();
  }
}
