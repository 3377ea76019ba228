import type { DeviceType } from "./device-type.ts";
import type { BoardId, DeviceId } from "./ids.ts";
import type { PowerStatus, Reading } from "./reading.ts";

export const powerActions = ["on", "off", "cycle", "status"] as const;
export type PowerAction = (typeof powerActions)[number];

export const bootTargets = ["hdd", "pxe", "no_override"] as const;
export type BootTarget = (typeof bootTargets)[number];

/** A device as a scan lists it. */
export interface DeviceRecord {
  readonly id: DeviceId;
  readonly type: DeviceType;
  /** What the device calls itself, where the back end knows. */
  readonly info?: string;
}

/** A board as a scan lists it: devices in the order in which they answered, doubles included. */
export interface BoardRecord {
  readonly id: BoardId;
  readonly devices: readonly DeviceRecord[];
}

/** Inventory data; groups and fields that the hardware does not have are absent. */
export interface AssetInfo {
  readonly address?: string;
  readonly board?: Readonly<Record<string, string>>;
  readonly chassis?: Readonly<Record<string, string>>;
  readonly product?: Readonly<Record<string, string>>;
}

interface OnBoard {
  readonly board: BoardId;
}
interface OnDevice extends OnBoard {
  readonly device: DeviceId;
}

/** What can be asked of a board: its kind, what it needs to know and what it answers with. */
interface CommandTable {
  scan: { request: OnBoard; result: readonly BoardRecord[] };
  version: { request: OnBoard; result: string };
  read: { request: OnDevice & { readonly type: DeviceType }; result: Reading };
  power: { request: OnDevice & { readonly action: PowerAction }; result: PowerStatus };
  /** Answers with the state read back. */
  led: { request: OnDevice & { readonly on: boolean }; result: Reading };
  /** `rpm` are decimal digits, passed on as the caller spelled them. Answers with the speed read back. */
  fan: { request: OnDevice & { readonly rpm: string }; result: Reading };
  asset: { request: OnDevice; result: AssetInfo };
  /** Without `target` reads, with it sets and reads back. */
  "boot-target": { request: OnDevice & { readonly target?: BootTarget }; result: BootTarget };
}

export type CommandKind = keyof CommandTable;
/** A command as a value: it can be queued, authorised, logged and refused whichever way it came in. */
export type Command<K extends CommandKind = CommandKind> = {
  [P in K]: { readonly kind: P } & CommandTable[P]["request"];
}[K];
export type CommandResult<K extends CommandKind> = CommandTable[K]["result"];

/** True for a command that changes something: never sent twice, never on a guess, always in the audit trail. */
export function isControl(command: Command): boolean {
  switch (command.kind) {
    case "power":
      return command.action !== "status";
    case "boot-target":
      return command.target !== undefined;
    case "led":
    case "fan":
      return true;
    case "scan":
    case "version":
    case "read":
    case "asset":
      return false;
  }
}
