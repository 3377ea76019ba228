import { BusBackend } from "../../src/bus/bus-backend.ts";
import { sequenceCounter } from "../../src/bus/exchange.ts";
import { ExchangeRunner } from "../../src/bus/exchange-runner.ts";
import { Hat } from "../../src/bus/hat/hat.ts";
import type { ModemPort } from "../../src/bus/hat/modem-port.ts";
import type { Pin } from "../../src/bus/hat/pins.ts";
import { Line } from "../../src/bus/line.ts";
import { toHex } from "../../src/lib/hex.ts";
import { modemPreset } from "../fixtures/modem-preset.ts";
import { ManualClock } from "./manual-clock.ts";
import { policy } from "./memory-bus.ts";
import { MemoryLine } from "./memory-line.ts";

/** A pin that writes down what is done to it, and throws where it is told to. */
class MemoryPin implements Pin {
  /** What it reads. */
  level = false;
  /** Thrown by what is named, where set. */
  failing: { readonly on: "read" | "drive" | "float"; readonly error: Error } | undefined;
  /** Called when it is driven. */
  driven: (isHigh: boolean) => void = () => undefined;
  readonly #write: (what: string) => void;

  constructor(write: (what: string) => void) {
    this.#write = write;
  }

  read(): boolean {
    this.#fail("read");
    return this.level;
  }

  drive(isHigh: boolean): void {
    this.#fail("drive");
    this.#write(isHigh ? "high" : "low");
    this.driven(isHigh);
  }

  float(): void {
    this.#fail("float");
    this.#write("floats");
  }

  #fail(what: "read" | "drive" | "float"): void {
    if (this.failing?.on === what) throw this.failing.error;
  }
}

/** A port in memory whose speed is written down. */
class MemoryModemPort extends MemoryLine implements ModemPort {
  baudRate = 115_200;
  /** Rejects a change to this speed, where set. */
  refused: { readonly baudRate: number; readonly error: Error } | undefined;
  /** What is written never leaves it. */
  isStuck = false;
  readonly #write: (what: string) => void;

  constructor(write: (what: string) => void) {
    super();
    this.#write = write;
  }

  override write(bytes: Uint8Array): Promise<void> {
    this.#write(`>> ${toHex(bytes)}`);
    return super.write(bytes);
  }

  drain(): Promise<void> {
    if (this.isStuck) return Promise.withResolvers<void>().promise;
    this.#write("drained");
    return Promise.resolve();
  }

  setBaudRate(baudRate: number): Promise<void> {
    this.#write(`${baudRate} baud`);
    if (this.refused?.baudRate === baudRate) return Promise.reject(this.refused.error);
    this.baudRate = baudRate;
    return Promise.resolve();
  }
}

/** Everything between a test and a modem that is a function: what it is sent it may answer. */
export interface MemoryHat {
  readonly hat: Hat;
  readonly backend: BusBackend;
  readonly clock: ManualClock;
  readonly pins: Readonly<Record<"command" | "frequencySelect" | "inh" | "nSleep", MemoryPin>>;
  /** The port in use; after a loss the newest one. */
  readonly port: () => MemoryModemPort;
  /** What has been done to pins and port, each with the time in milliseconds in front. */
  readonly trace: string[];
  /** What the HAT and the line have reported. */
  readonly events: string[];
  /** What the modem does with the bytes of a write in configuration mode; by default it has two registers. */
  answer: (bytes: Uint8Array) => Uint8Array | undefined;
  readonly registers: number[];
}

/** A modem of two registers, each a byte. */
function twoRegisters(registers: number[]) {
  return ([command, value]: Uint8Array): Uint8Array | undefined => {
    if (command === 0x05 && value !== undefined) registers[0] = value;
    if (command === 0x15 && value !== undefined) registers[1] = value;
    if (command === 0x0d) return Uint8Array.of(registers[0] ?? 0);
    return command === 0x1d ? Uint8Array.of(registers[1] ?? 0) : undefined;
  };
}

export async function openMemoryHat(configuration = modemPreset): Promise<MemoryHat> {
  const clock = new ManualClock();
  const trace: string[] = [];
  const events: string[] = [];
  const write = (what: string) => void trace.push(`${clock.monotonicMs()} ${what}`);
  const pin = (name: string) => new MemoryPin((what) => write(`${name} ${what}`));
  const pins = { command: pin("command"), frequencySelect: pin("frequency"), inh: pin("INH"), nSleep: pin("nSleep") };
  const ports: MemoryModemPort[] = [];
  const registers: number[] = [0, 0];
  const open = () => {
    const port = new MemoryModemPort(write);
    port.onWrite = (bytes) => {
      if (port.baudRate !== 19_200) return;
      const reply = memory.answer(bytes);
      if (reply) port.pushLater(reply);
    };
    ports.push(port);
    return Promise.resolve(port);
  };
  const port = () => {
    const last = ports.at(-1);
    if (!last) throw new RangeError("no port has been opened");
    return last;
  };
  const line = await Line.open({
    path: "/dev/memory",
    open,
    reopen: { firstPauseMs: 500, longestPauseMs: 500 },
    clock,
    events: {
      down: () => void events.push("down"),
      up: () => void events.push("up"),
      stillDown: () => void events.push("still down"),
    },
  });
  const runner = new ExchangeRunner(line, policy, sequenceCounter(), clock);
  const backend = new BusBackend({ runner, clock, queueLimit: 10, controllerId: 1, timeSlice: 75 });
  const hat = new Hat({
    line,
    runner,
    pins,
    clock,
    baudRate: 115_200,
    configuration,
    submit: (job, signal) => backend.submit(job, signal),
    events: {
      wakeFailed: () => void events.push("wake failed"),
      configured: ({ bitRate }) => void events.push(`configured ${bitRate}`),
      notConfigured: (reason, nextMs) => void events.push(`${reason.message} Again in ${nextMs} ms.`),
    },
  });
  const memory: MemoryHat = {
    hat,
    backend,
    clock,
    pins,
    port,
    trace,
    events,
    registers,
    answer: twoRegisters(registers),
  };
  return memory;
}
