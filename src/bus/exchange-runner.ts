import type { LinkHealth } from "../devices/backend.ts";
import type { DeviceErrorDetail } from "../devices/errors.ts";
import { DeviceError } from "../devices/errors.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";
import type { ByteStream } from "./byte-stream.ts";
import type { BusCommand } from "./commands.ts";
import { Exchange, type ExchangeFailure, type ExchangePolicy, type Step } from "./exchange.ts";
import { encodeFrame, type Frame } from "./frame.ts";
import { FrameParser, type ParserCounters, type ParserEvent } from "./frame-parser.ts";
import type { Line, LineListener } from "./line.ts";

/** Shows every byte that goes by. Absent where nobody looks, so that it costs nothing. */
export interface BusTrace {
  sent(bytes: Uint8Array): void;
  received(bytes: Uint8Array): void;
}

/** What has gone by on the line since the start. */
export interface BusCounters extends Readonly<ParserCounters> {
  readonly exchanges: number;
  /** Frames sent beyond the first of their exchange. */
  readonly retries: number;
  /** Exchanges that ended in silence. */
  readonly timeouts: number;
  /** Good frames that answered an earlier question. */
  readonly lateFrames: number;
  /** Bytes that arrived while nothing was asked. */
  readonly unsolicitedBytes: number;
  readonly lineLosses: number;
}

/** A line that is never silent and never brings a good frame is given up after this many timeouts. */
const BABBLE_LIMIT = 8;
/** An exchange that has not gone on for this many timeouts, and a pause, never will: more than the above and one more silence. */
const STUCK_AFTER_TIMEOUTS = BABBLE_LIMIT + 2;

/** A timer that is late by this much was held up; less is what timers are like. */
const DEAF_MS = 25;

interface Running {
  readonly exchange: Exchange;
  readonly subject: string;
  readonly detail: DeviceErrorDetail;
  resolve(replies: readonly Frame[]): void;
  reject(error: DeviceError): void;
  timer: Timer | undefined;
  /** When the last byte arrived, and the last good frame; both on the monotonic clock. */
  lastByteMs: number;
  lastFrameMs: number;
  isPausing: boolean;
  /** How long nobody could listen, because the program was held up. */
  deafMs: number;
}

/** Carries out exchanges on a line, one at a time: feeds the state machine with what arrives and with the passing of time. */
export class ExchangeRunner {
  readonly #line: Line;
  readonly #policy: ExchangePolicy;
  readonly #clock: Clock;
  readonly #trace: BusTrace | undefined;
  readonly #nextSequence: () => number;
  readonly #parser = new FrameParser();
  readonly #counters = { exchanges: 0, retries: 0, timeouts: 0, lateFrames: 0, unsolicitedBytes: 0, lineLosses: 0 };
  #running: Running | undefined;
  /** Who has the line for something that is no exchange. */
  #borrower: LineListener | undefined;
  /** Since when a frame is being sent that nothing answers. */
  #sendingSinceMs: number | undefined;
  /** Whether something that answers no question may still be on its way: then input is flushed before the next frame. */
  #isInputStale = true;

  constructor(line: Line, policy: ExchangePolicy, nextSequence: () => number, clock: Clock, trace?: BusTrace) {
    this.#line = line;
    this.#policy = policy;
    this.#nextSequence = nextSequence;
    this.#clock = clock;
    this.#trace = trace;
    line.listen({ data: (bytes) => this.#data(bytes), lost: (reason) => this.#lost(reason) });
  }

  /** Whether the line is there, since when, and if not, why. */
  health(): LinkHealth {
    const { path, state } = this.#line;
    const link = { name: path, sinceMs: state.sinceMs };
    return state.kind === "up" ? { ...link, state: "up" } : { ...link, state: "down", lastError: state.reason.message };
  }

  /**
   * True where the exchange under way has not gone on for longer than it ever takes, and so will not. A line that is down is not stuck:
   * it is being opened again.
   */
  isStuck(): boolean {
    const sinceMs = this.#running?.lastFrameMs ?? this.#sendingSinceMs;
    if (sinceMs === undefined) return false;
    const { timeoutMs, collisionPauseMs } = this.#policy;
    return this.#clock.monotonicMs() - sinceMs > STUCK_AFTER_TIMEOUTS * timeoutMs + collisionPauseMs;
  }

  get counters(): BusCounters {
    return { ...this.#parser.counters, ...this.#counters };
  }

  /**
   * Carries out one exchange; the one before must have ended.
   *
   * @param subject what is asked, for error messages: "read of fan_speed device 0002 on board 00000001"
   * @throws DeviceError `no-response`, `damaged-response`, `line-down`
   */
  run(command: BusCommand, subject: string, detail: DeviceErrorDetail): Promise<readonly Frame[]> {
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(command, this.#policy, this.#nextSequence);
      this.#counters.exchanges++;
      const nowMs = this.#clock.monotonicMs();
      const times = { timer: undefined, lastByteMs: nowMs, lastFrameMs: nowMs, isPausing: false, deafMs: 0 };
      this.#running = { exchange, subject, detail, resolve, reject, ...times };
      this.#take(this.#running, exchange.start());
    });
  }

  /** Sends a frame that nothing answers. @throws DeviceError `line-down` */
  async send(command: BusCommand, subject: string): Promise<void> {
    const { deviceType, boardId, deviceId, data } = command;
    const { state } = this.#line;
    if (state.kind === "down") throw this.#lineDown(subject, state.reason, {});
    this.#sendingSinceMs = this.#clock.monotonicMs();
    await this.#write(state.stream, { sequence: this.#nextSequence(), deviceType, boardId, deviceId, data });
    this.#sendingSinceMs = undefined;
  }

  /**
   * Hands everything that arrives to `borrower`, until the function returned is called: for what goes over the line and is no exchange.
   * The exchange before must have ended, and the next one begins afterwards. Of a loss of the line the borrower hears, too.
   */
  lend(borrower: LineListener): () => void {
    this.#borrower = borrower;
    return () => {
      this.#borrower = undefined;
      this.#isInputStale = true;
    };
  }

  /** Does what the state machine asks for. */
  #take(running: Running, step: Step): void {
    switch (step.kind) {
      case "send":
        this.#send(running, step.frame);
        break;
      case "listen":
        break;
      case "pause":
        running.timer?.cancel();
        running.isPausing = true;
        running.timer = this.#clock.after(step.forMs, () => {
          running.isPausing = false;
          this.#take(running, running.exchange.resume());
        });
        break;
      case "done":
        this.#end(running);
        running.resolve(step.replies);
        break;
      case "failed":
        this.#end(running);
        if (step.failure.code === "no-response") this.#counters.timeouts++;
        running.reject(this.#failed(running, step.failure));
        break;
    }
  }

  #send(running: Running, frame: Frame): void {
    const { state } = this.#line;
    if (state.kind === "down") {
      this.#end(running);
      running.reject(this.#lineDown(running.subject, state.reason, running.detail));
      return;
    }
    this.#parser.reset();
    running.lastByteMs = running.lastFrameMs = this.#clock.monotonicMs();
    this.#listenFor(running, this.#policy.timeoutMs);
    void this.#write(state.stream, frame);
  }

  async #write(stream: ByteStream, frame: Frame): Promise<void> {
    const bytes = encodeFrame(frame);
    try {
      if (this.#isInputStale) stream.flush("input");
      this.#isInputStale = false;
      this.#trace?.sent(bytes);
      await stream.write(bytes);
    } catch (error) {
      this.#line.fail(toError(error), stream);
    }
  }

  /**
   * One timer serves many portions of input: it looks at how long the silence is when it fires. One that fires late has kept the whole
   * program waiting, and what has arrived meanwhile is still to be read: time in which nobody could listen is no silence.
   */
  #listenFor(running: Running, delayMs: number): void {
    running.timer?.cancel();
    const dueMs = this.#clock.monotonicMs() + delayMs;
    running.timer = this.#clock.after(delayMs, () => {
      const nowMs = this.#clock.monotonicMs();
      const { timeoutMs } = this.#policy;
      const silentMs = nowMs - running.lastByteMs;
      const lateMs = nowMs - dueMs;
      if (silentMs < timeoutMs) this.#listenFor(running, timeoutMs - silentMs);
      else if (lateMs >= DEAF_MS && running.deafMs < BABBLE_LIMIT * timeoutMs) {
        running.deafMs += lateMs;
        this.#listenFor(running, Math.min(lateMs, timeoutMs));
      } else this.#silence(running);
    });
  }

  #silence(running: Running): void {
    this.#isInputStale = true;
    const isInsideFrame = this.#parser.pending > 0;
    // A header in the noise may have swallowed the good frame behind it.
    for (const event of this.#parser.end()) {
      if (event.kind === "frame") this.#take(running, running.exchange.received(event.frame));
      if (this.#running !== running) return;
    }
    this.#take(running, running.exchange.silent(isInsideFrame));
  }

  #data(bytes: Uint8Array): void {
    this.#trace?.received(bytes);
    const running = this.#running;
    if (!running || running.isPausing) {
      if (this.#borrower) {
        this.#borrower.data(bytes);
        return;
      }
      this.#isInputStale = true;
      this.#counters.unsolicitedBytes += bytes.length;
      return;
    }
    const nowMs = this.#clock.monotonicMs();
    running.lastByteMs = nowMs;
    for (const event of this.#parser.push(bytes)) {
      const isOver = this.#event(running, event, nowMs);
      if (isOver) return;
    }
    if (nowMs - running.lastFrameMs > BABBLE_LIMIT * this.#policy.timeoutMs) {
      this.#take(running, running.exchange.silent(true));
    }
  }

  /** Returns true where what else has arrived concerns the exchange no more. */
  #event(running: Running, event: ParserEvent, nowMs: number): boolean {
    if (event.kind === "damage") {
      this.#isInputStale = true;
      this.#take(running, running.exchange.damaged(event.fault));
      return true;
    }
    const lateBefore = running.exchange.lateFrames;
    this.#take(running, running.exchange.received(event.frame));
    if (running.exchange.lateFrames === lateBefore) running.lastFrameMs = nowMs;
    else this.#isInputStale = true;
    return this.#running !== running;
  }

  #lost(reason: Error): void {
    this.#counters.lineLosses++;
    this.#isInputStale = true;
    this.#borrower?.lost(reason);
    const running = this.#running;
    if (!running) return;
    this.#end(running);
    running.reject(this.#lineDown(running.subject, reason, running.detail));
  }

  #end(running: Running): void {
    running.timer?.cancel();
    this.#running = undefined;
    if (this.#parser.pending > 0) this.#isInputStale = true;
    this.#parser.reset();
    this.#counters.lateFrames += running.exchange.lateFrames;
    this.#counters.retries += Math.max(0, running.exchange.attempts - 1);
  }

  #failed(running: Running, failure: ExchangeFailure): DeviceError {
    const { subject } = running;
    const detail = { ...running.detail, attempts: failure.attempts };
    if (failure.code === "damaged-response") {
      const message = `Retry limit reached: the answer to the ${subject} came damaged ${failure.attempts} times (bad ${failure.fault}).`;
      return new DeviceError("damaged-response", message, detail);
    }
    const how = failure.insideFrame ? "the answer broke off" : `nothing came within ${this.#policy.timeoutMs} ms`;
    const again = failure.attempts > 1 ? ` after ${failure.attempts} attempts` : "";
    return new DeviceError("no-response", `No response from bus to the ${subject}${again}: ${how}.`, detail);
  }

  #lineDown(subject: string, reason: Error, detail: DeviceErrorDetail): DeviceError {
    const message = `The serial line ${this.#line.path} is down (${reason.message}): the ${subject} failed.`;
    return new DeviceError("line-down", message, detail, { cause: reason });
  }
}
