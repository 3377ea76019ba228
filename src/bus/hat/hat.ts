import { DeviceError } from "../../devices/errors.ts";
import type { Job } from "../../devices/job-queue.ts";
import type { ModemConfiguration } from "../../devices/modem.ts";
import type { Timer } from "../../lib/clock.ts";
import { toHex } from "../../lib/hex.ts";
import { toError } from "../../lib/to-error.ts";
import { inConfigurationMode, type ModemAccess, unreachable } from "./configuration-mode.ts";
import {
  areSameRegisters,
  decodeModemRegisters,
  encodeModemRegisters,
  type ModemRegisters,
} from "./modem-registers.ts";
import { wake } from "./wake.ts";

/** What the HAT reports, for people. */
interface HatEvents {
  /** INH has not gone high. What was to follow is done all the same. */
  wakeFailed(): void;
  /** The modem holds what it should. */
  configured(configuration: ModemConfiguration): void;
  /** It does not, or cannot be asked; the next attempt follows in `nextMs`. */
  notConfigured(reason: Error, nextMs: number): void;
}

export interface HatOptions extends ModemAccess {
  /** How the modem is to be set. */
  readonly configuration: ModemConfiguration;
  /** Waits for the bus's turn: nothing else is on the line while the job runs. */
  readonly submit: <T>(job: Job<T>, signal: AbortSignal) => Promise<T>;
  readonly events: HatEvents;
}

/** A first write can be lost while the modem wakes. @see device bus specification, "The power-line HAT" */
const CONFIGURATION_ROUNDS = 2;
/** Pauses before a modem that is not as it should be is woken and configured again; each is twice the one before. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** The power-line HAT: wakes and configures its modem at start, and asks it how it is set. */
export class Hat {
  readonly #options: HatOptions;
  readonly #registers: ModemRegisters;
  readonly #closing = new AbortController();
  #timer: Timer | undefined;

  /** @throws RangeError for a configuration that the modem does not have */
  constructor(options: HatOptions) {
    this.#options = options;
    this.#registers = encodeModemRegisters(options.configuration);
  }

  /** Wakes and configures the modem, ahead of all commands that come later. Where that fails, it is tried again until it works. */
  start(): void {
    void this.#attempt(FIRST_PAUSE_MS);
  }

  /**
   * How the modem is set, as it says itself, when the bus's turn comes.
   *
   * @throws DeviceError `no-response`, `line-down`, and what a queue throws
   */
  configuration(signal: AbortSignal): Promise<ModemConfiguration> {
    const run = async () => {
      await this.#wake();
      return decodeModemRegisters(await this.#read());
    };
    return this.#options.submit({ priority: "read", run }, signal);
  }

  /** Ends what is under way, with the modem put back, and tries no more. */
  close(): void {
    this.#timer?.cancel();
    const message = "The appliance is shutting down: the modem was not asked.";
    this.#closing.abort(new DeviceError("shutting-down", message));
  }

  async #attempt(pauseMs: number): Promise<void> {
    const { clock, configuration, events, submit } = this.#options;
    try {
      await submit({ priority: "control", run: () => this.#bringUp() }, this.#closing.signal);
    } catch (error) {
      // The bus's queue may have been closed before this.
      const isOver = this.#closing.signal.aborted || (error instanceof DeviceError && error.code === "shutting-down");
      if (isOver) return;
      events.notConfigured(toError(error), pauseMs);
      this.#timer = clock.after(pauseMs, () => void this.#attempt(Math.min(pauseMs * 2, LONGEST_PAUSE_MS)));
      return;
    }
    events.configured(configuration);
  }

  async #bringUp(): Promise<void> {
    this.#selectFrequency();
    for (let round = 1; round <= CONFIGURATION_ROUNDS; round++) {
      await this.#wake();
      await inConfigurationMode(this.#options, this.#closing.signal, (registers) => registers.write(this.#registers));
    }
    const read = await this.#read();
    if (areSameRegisters(this.#registers, read)) return;
    const [expected, received] = [spell(this.#registers), spell(read)];
    const message = `The modem of the power-line HAT did not take its configuration: its registers are ${received}, not ${expected}.`;
    throw new DeviceError("bad-value", message, { expected, received });
  }

  #selectFrequency(): void {
    const { configuration, pins } = this.#options;
    try {
      pins.frequencySelect.drive(configuration.frequencyNumber === 1);
    } catch (error) {
      throw unreachable(error);
    }
  }

  async #wake(): Promise<void> {
    const { clock, events, pins } = this.#options;
    try {
      const isAwake = await wake(pins, clock, this.#closing.signal);
      if (!isAwake) events.wakeFailed();
    } catch (error) {
      throw unreachable(error);
    }
  }

  #read(): Promise<ModemRegisters> {
    return inConfigurationMode(this.#options, this.#closing.signal, (registers) => registers.read());
  }
}

const spell = ({ register0, register1 }: ModemRegisters): string => toHex(Uint8Array.of(register0, register1));
