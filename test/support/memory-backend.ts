import { anyone } from "../../src/devices/caller.ts";
import { BusBackend } from "../../src/bus/bus-backend.ts";
import { decodeFrame, type Frame } from "../../src/bus/frame.ts";
import type { BoardRecord } from "../../src/devices/command.ts";
import type { DeviceType } from "../../src/devices/device-type.ts";
import { boardId, deviceId } from "../../src/devices/ids.ts";
import { openMemoryBus, type MemoryBus } from "./memory-bus.ts";

/** Someone who waits until the end. */
export const context = { signal: new AbortController().signal, requestId: "test", caller: anyone };

/** A device as commands name it. */
export const device = (board: number, id: number) => ({ board: boardId(board), device: deviceId(id) });

/** A board as a scan lists it, with ids and types of its devices. */
export const board = (id: number, ...devices: readonly (readonly [number, DeviceType])[]): BoardRecord => ({
  id: boardId(id),
  devices: devices.map(([number, type]) => ({ id: deviceId(number), type })),
});

export interface MemoryBackend extends MemoryBus {
  readonly backend: BusBackend;
  /** What every request is answered with, in order: portions of bytes, or nothing; after the last one nothing. */
  readonly answers: (readonly Uint8Array[])[];
  /** The frames that have been sent. */
  readonly sent: () => Frame[];
}

/** A back end over a line in memory whose other end answers from a list. */
export async function openMemoryBackend({ queueLimit = 8 } = {}): Promise<MemoryBackend> {
  const bus = await openMemoryBus();
  const { runner, clock, port } = bus;
  const backend = new BusBackend({ runner, clock, queueLimit, controllerId: 0x4145, timeSlice: 75 });
  const answers: (readonly Uint8Array[])[] = [];
  port().onWrite = () => {
    for (const portion of answers.shift() ?? []) port().pushLater(portion);
  };
  const sent = () =>
    port().written.map((bytes) => {
      const frame = decodeFrame(bytes);
      if (typeof frame === "string") throw new Error(`a frame was sent with a bad ${frame}`);
      return frame;
    });
  return { ...bus, backend, answers, sent };
}
