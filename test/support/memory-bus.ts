import type { BusCommand } from "../../src/bus/commands.ts";
import { sequenceCounter, type ExchangePolicy } from "../../src/bus/exchange.ts";
import { ExchangeRunner, type BusTrace } from "../../src/bus/exchange-runner.ts";
import { encodeFrame, type Frame } from "../../src/bus/frame.ts";
import { Line, type LineEvents } from "../../src/bus/line.ts";
import { fromHex, toHex } from "../../src/lib/hex.ts";
import { ManualClock } from "./manual-clock.ts";
import { MemoryLine } from "./memory-line.ts";

/** The specification's limits. */
export const policy: ExchangePolicy = { timeoutMs: 250, retryLimit: 3, collisionPauseMs: 150 };

/** A frame in hex, from what it says; ids of replies as boards often leave them. */
export function frameHex(sequence: number, data: string | Uint8Array, ids: Partial<Frame> = {}): string {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  return toHex(encodeFrame({ sequence, deviceType: 0xff, boardId: 0, deviceId: 0xffff, ...ids, data: bytes }));
}

/** The bytes of a reply: `frameHex` as bytes. */
export const reply = (sequence: number, data: string | Uint8Array, ids: Partial<Frame> = {}): Uint8Array =>
  fromHex(frameHex(sequence, data, ids));

/** One frame of a scan's answer: a device and the code of its type. */
export const listed = (sequence: number, boardId: number, deviceId: number, code: number): Uint8Array =>
  reply(sequence, Uint8Array.of(code), { boardId, deviceId, deviceType: code });

/** The bytes with the checksum changed. */
export function damaged(bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  const at = changed.length - 2;
  changed[at] = ((changed[at] ?? 0) + 1) & 0xff;
  return changed;
}

/** A command for one device, told from others by its data. */
export const askFor = (data: string): BusCommand => ({
  deviceType: 0x9a,
  boardId: 2,
  deviceId: 1,
  data: new TextEncoder().encode(data),
  replies: "one",
});

/** Everything between a test and a line in memory: the port, the clock, the line that reopens and the runner. */
export interface MemoryBus {
  readonly clock: ManualClock;
  /** The port in use; after a loss the newest one. */
  readonly port: () => MemoryLine;
  readonly line: Line;
  readonly runner: ExchangeRunner;
  /** What the line has reported: `down`, `up`, `still down`. */
  readonly events: string[];
}

export async function openMemoryBus(trace?: BusTrace): Promise<MemoryBus> {
  const clock = new ManualClock();
  const ports: MemoryLine[] = [];
  const log: string[] = [];
  const events: LineEvents = {
    down: () => void log.push("down"),
    up: () => void log.push("up"),
    stillDown: () => void log.push("still down"),
  };
  const open = () => {
    const port = new MemoryLine();
    ports.push(port);
    return Promise.resolve(port);
  };
  const reopen = { firstPauseMs: 1000, longestPauseMs: 30_000 };
  const line = await Line.open({ path: "/dev/memory", open, reopen, clock, events });
  const runner = new ExchangeRunner(line, policy, sequenceCounter(), clock, trace);
  const port = () => {
    const last = ports.at(-1);
    if (!last) throw new Error("no port has been opened");
    return last;
  };
  return { clock, port, line, runner, events: log };
}
