import { encodeFrame } from "../bus/frame.ts";
import type { Board } from "./board.ts";
import { EmulatedDevice } from "./emulated-device.ts";
import { Playlist } from "./playlist.ts";
import { resolveRawBytes, type RawBytes } from "./raw-bytes.ts";
import { encodeResponse } from "./response.ts";

/** A board of a board file while it is asked: where its lists stand. Everything it says is wire bytes, one array a frame. */
export class EmulatedBoard {
  readonly id: number;
  /** The id as the file spells it. */
  readonly spelledId: string;
  readonly #firmwareVersion: Board["firmwareVersion"];
  readonly #retryFirmwareVersions: Playlist<RawBytes | null>;
  readonly #devices: ReadonlyMap<number, EmulatedDevice>;
  readonly #scans: Playlist<readonly RawBytes[] | null> | undefined;
  readonly #retryScans: Playlist<RawBytes | null>;

  constructor(board: Board) {
    this.id = board.id;
    this.spelledId = board.spelledId;
    this.#firmwareVersion = board.firmwareVersion;
    this.#retryFirmwareVersions = new Playlist(board.retryFirmwareVersions);
    this.#devices = new Map(board.devices.map((device) => [device.id, new EmulatedDevice(device)]));
    this.#scans = board.scans && new Playlist(board.scans);
    this.#retryScans = new Playlist(board.retryScans);
  }

  device(id: number): EmulatedDevice | undefined {
    return this.#devices.get(id);
  }

  /** The answer to a scan: the frames of `raw_data`, or one for each device. */
  scan(sequence: number): Uint8Array[] {
    if (this.#scans) return (this.#scans.next() ?? []).map((frame) => resolveRawBytes(frame, sequence));
    return [...this.#devices.values()].map(({ id, typeCode }) =>
      encodeFrame({ sequence, deviceType: typeCode, boardId: this.id, deviceId: id, data: Uint8Array.of(typeCode) }),
    );
  }

  /** The answer to a retry frame after a scan of this board. */
  retryScan(sequence: number): Uint8Array[] {
    return retryFrame(this.#retryScans, sequence);
  }

  firmwareVersion(sequence: number): Uint8Array[] {
    return encodeResponse(this.#firmwareVersion, sequence);
  }

  /** The answer to a retry frame after a question for the version. */
  retryFirmwareVersion(sequence: number): Uint8Array[] {
    return retryFrame(this.#retryFirmwareVersions, sequence);
  }
}

function retryFrame(frames: Playlist<RawBytes | null>, sequence: number): Uint8Array[] {
  const frame = frames.next();
  return frame ? [resolveRawBytes(frame, sequence)] : [];
}
