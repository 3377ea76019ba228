import type { ByteStream } from "../bus/byte-stream.ts";
import { FrameParser, type ParserCounters, type ParserEvent } from "../bus/frame-parser.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import type { BusEmulator } from "./bus-emulator.ts";
import type { EmulatedModem } from "./emulated-modem.ts";
import { LineSpeed } from "./line-speed.ts";

/** Told of everything that goes over the line. */
interface EmulatorLog {
  /** Bytes have arrived, as they came. */
  received(bytes: Uint8Array): void;
  /** A frame has been handed to the line. */
  sent(frame: Uint8Array): void;
}

export interface EmulatedLineOptions {
  readonly clock: Clock;
  /** Baud rate; where given, every byte of both directions takes 10 bit times. Else everything is answered at once. */
  readonly baudDelay?: number;
  readonly log?: EmulatorLog;
  /** What the bytes come through, where there is one. */
  readonly modem?: EmulatedModem;
}

/** What has gone by since serving began: what has arrived, and writes that the line did not take. */
type EmulatedLineCounters = Readonly<ParserCounters & { failedWrites: number }>;

/** An emulator that answers on a line. */
export interface EmulatedLine {
  readonly counters: EmulatedLineCounters;
  /** Ends it: nothing is written any more. The line stays open. */
  stop(): void;
}

/**
 * How long the line is silent inside a frame before the frame is given up. More than any adapter holds bytes back, less than the
 * 250 ms that the controller waits: a good command behind a false header is still answered in time.
 */
const SILENCE_MS = 100;

/** Answers on `line` as the emulator's boards, until it is stopped or the line is lost. Damaged input is counted and passed over. */
export function serveEmulator(line: ByteStream, emulator: BusEmulator, options: EmulatedLineOptions): EmulatedLine {
  const served = new ServedLine(line, emulator, options);
  return {
    get counters() {
      return served.counters;
    },
    stop: () => served.stop(),
  };
}

class ServedLine {
  readonly #line: ByteStream;
  readonly #emulator: BusEmulator;
  readonly #clock: Clock;
  readonly #log: EmulatorLog | undefined;
  readonly #speed: LineSpeed | undefined;
  readonly #modem: EmulatedModem | undefined;
  readonly #parser = new FrameParser();
  #unsubscribe: () => void = () => undefined;
  #silence: Timer | undefined;
  #failedWrites = 0;
  #isStopped = false;

  constructor(line: ByteStream, emulator: BusEmulator, { clock, baudDelay, log, modem }: EmulatedLineOptions) {
    this.#line = line;
    this.#emulator = emulator;
    this.#clock = clock;
    this.#log = log;
    this.#modem = modem;
    if (baudDelay !== undefined)
      this.#speed = new LineSpeed(baudDelay, clock, {
        write: (bytes) => this.#write(bytes),
        completed: (frame) => log?.sent(frame),
      });
    this.#unsubscribe = line.subscribe({ data: (bytes) => this.#receive(bytes), lost: () => this.stop() });
  }

  get counters(): EmulatedLineCounters {
    return { ...this.#parser.counters, failedWrites: this.#failedWrites };
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#unsubscribe();
    this.#silence?.cancel();
    this.#speed?.stop();
  }

  #receive(bytes: Uint8Array): void {
    if (this.#isStopped) return;
    this.#log?.received(bytes);
    this.#silence?.cancel();
    this.#silence = undefined;
    if (this.#modem) this.#throughModem(this.#modem, bytes);
    else this.#answerAll(this.#parser.push(bytes));
    if (this.#parser.pending > 0 || this.#modem?.isWaiting)
      this.#silence = this.#clock.after(SILENCE_MS, () => {
        this.#modem?.silence();
        this.#answerAll(this.#parser.end());
      });
  }

  /** Byte by byte, because each may be the one with which a frame ends or a command of the modem's begins. */
  #throughModem(modem: EmulatedModem, bytes: Uint8Array): void {
    for (const byte of bytes) {
      const answer = modem.take(byte, this.#parser.pending > 0);
      if (answer === undefined) {
        this.#answerAll(this.#parser.push(Uint8Array.of(byte)));
        continue;
      }
      const answers = answer.length > 0 ? [answer] : [];
      if (this.#speed) this.#sendPaced(this.#speed, 1, answers);
      else this.#sendAtOnce(answers);
    }
  }

  #answerAll(events: readonly ParserEvent[]): void {
    for (const event of events) {
      if (event.kind !== "frame" || this.#isStopped) continue;
      const frames = this.#emulator.handle(event.frame);
      if (this.#speed) this.#sendPaced(this.#speed, event.bytes.length, frames);
      else this.#sendAtOnce(frames);
    }
  }

  #sendPaced(speed: LineSpeed, commandSize: number, frames: readonly Uint8Array[]): void {
    speed.receive(commandSize);
    for (const frame of frames) speed.send(frame);
  }

  /** All frames of an answer in one write: a scan of many boards costs one system call. */
  #sendAtOnce(frames: readonly Uint8Array[]): void {
    const [first, ...others] = frames;
    if (!first) return;
    this.#write(others.length === 0 ? first : Buffer.concat(frames));
    for (const frame of frames) this.#log?.sent(frame);
  }

  #write(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    try {
      this.#line.write(bytes).catch(() => this.#failedWrites++);
    } catch {
      this.#failedWrites++;
    }
  }
}
