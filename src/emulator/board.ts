import type { deviceCodes } from "../bus/device-codes.ts";
import type { RawBytes } from "./raw-bytes.ts";
import type { Response } from "./response.ts";

/** Name of a device type, as board files spell it. */
export type DeviceTypeName = keyof typeof deviceCodes;

/** What an emulated device can be asked to do. */
export const actionNames = ["read", "write", "power"] as const;
export type ActionName = (typeof actionNames)[number];

/** How a device answers one kind of command. */
export interface Action {
  /** True: the list of responses starts again after its end; false: silence after its end. */
  readonly repeatable: boolean;
  readonly responses: readonly Response[];
  /** Used in turn and round again for retry frames; without it a retry frame takes the next one of `responses`. */
  readonly retryResponses?: readonly Response[];
}

/** An emulated device. */
export interface Device {
  /** Two bytes, unique on its board. */
  readonly id: number;
  readonly type: DeviceTypeName;
  /** What is written is read back; power follows the commands. */
  readonly stateful: boolean;
  readonly actions: Readonly<Partial<Record<ActionName, Action>>>;
}

/** An emulated board. */
export interface Board {
  /** Four bytes, unique in the file. */
  readonly id: number;
  /** The id as the file spells it. */
  readonly spelledId: string;
  readonly firmwareVersion: Response;
  /** One for each retry frame, round again; null is silence. */
  readonly retryFirmwareVersions: readonly (RawBytes | null)[];
  readonly devices: readonly Device[];
  /** Where given, scans answer these frames and not the list of devices: one entry for each scan, round again; null is silence. */
  readonly scans?: readonly (readonly RawBytes[] | null)[];
  /** One frame for each retry frame after a scan of this board, round again; null is silence. */
  readonly retryScans: readonly (RawBytes | null)[];
}

/** How one scan-all ends: undamaged, or with one board's frames damaged. */
export type ScanAllOutcome = { readonly result: "ok" } | { readonly result: "error"; readonly failedBoard: string };

/** One step of the script of scan-alls. */
export interface ScanAllStep {
  /** For the scan-all without the shuffle bit. */
  readonly initial: ScanAllOutcome;
  /** For the scan-alls with the shuffle bit that follow, in turn. */
  readonly retry: readonly ScanAllOutcome[];
}
