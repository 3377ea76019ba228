import type { Clock, Timer } from "../lib/clock.ts";

const DAY_MS = 86_400_000;
/** How often one looks. */
const LOOK_EVERY_MS = 3_600_000;
/** Days before the end at which to warn; from the last one on, every day. */
const WARN_DAYS = [30, 14, 7, 1] as const;

/** A certificate whose end is awaited. */
export interface Expiring {
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly expiresMs: number;
}

/** Told of a certificate that expires, with the whole days that are left: 0 on its last day, negative after its end. */
export type ExpiryWarning = (certificate: Expiring, days: number) => void;

/**
 * Looks every hour, by the wall clock, how long certificates are still valid, and warns 30, 14, 7 and 1 days before the end and every day
 * from then on: once for each, unless the clock is set back.
 */
export class ExpiryWatch {
  readonly #clock: Clock;
  readonly #warn: ExpiryWarning;
  readonly #look: () => void;
  /** The warning that was due at the last look, by certificate: days that were left. */
  readonly #warned = new Map<string, number>();
  #certificates: readonly Expiring[] = [];
  #timer: Timer;

  /** @param look called every hour as well, before the certificates are looked at */
  constructor(clock: Clock, warn: ExpiryWarning, look: () => void = () => undefined) {
    this.#clock = clock;
    this.#warn = warn;
    this.#look = look;
    this.#timer = this.#start();
  }

  /** Watches these from now on, and looks at them at once. */
  watch(certificates: readonly Expiring[]): void {
    this.#certificates = certificates;
    const keys = new Set(certificates.map(keyOf));
    for (const key of this.#warned.keys()) if (!keys.has(key)) this.#warned.delete(key);
    this.#check();
  }

  stop(): void {
    this.#timer.cancel();
  }

  #start(): Timer {
    return this.#clock.after(LOOK_EVERY_MS, () => {
      this.#timer = this.#start();
      this.#look();
      this.#check();
    });
  }

  #check(): void {
    for (const certificate of this.#certificates) {
      const days = Math.floor((certificate.expiresMs - this.#clock.wallMs()) / DAY_MS);
      const step = stepOf(days);
      const key = keyOf(certificate);
      const last = this.#warned.get(key) ?? Infinity;
      // Also where the clock has gone back: the warnings in between are due once more.
      this.#warned.set(key, step);
      if (step < last) this.#warn(certificate, days);
    }
  }
}

/** The warning that is due with so many days left: the closest of those before the end, then each day's own; infinity for none. */
const stepOf = (days: number): number => (days < 1 ? days : (WARN_DAYS.findLast((step) => days <= step) ?? Infinity));

const keyOf = ({ path, expiresMs }: Expiring) => `${path} ${expiresMs}`;
