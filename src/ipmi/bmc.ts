import type { ChassisStatus, DeviceId, ReadableSensor, SdrRecord, SensorReading } from "ipmi-js";
import type { BootTarget } from "../devices/command.ts";

/** A BMC's SDRs, and what of them could not be read or understood, a sentence each. */
export interface SdrContents {
  /** As `getSdrStamp` has it. */
  readonly stamp: string;
  /** Whole records, header and body. */
  readonly raw: readonly Uint8Array[];
  /** Those of them that can be understood. */
  readonly records: readonly SdrRecord[];
  readonly problems: readonly string[];
  /** False where reading them once more may bring more. */
  readonly isComplete: boolean;
}

/** Inventory data in the words of API 1.2; groups and fields that the FRU does not have are absent. */
export interface FruAsset {
  readonly board?: Readonly<Record<string, string>>;
  readonly chassis?: Readonly<Record<string, string>>;
  readonly product?: Readonly<Record<string, string>>;
}

/** What FRU device 0 says, and what of it is damaged, a sentence each. */
export interface FruContents {
  readonly asset: FruAsset;
  readonly problems: readonly string[];
}

/** What a chassis boots from next. */
export interface BootSelection {
  /** In the words of API 1.2, which has none for most devices. */
  readonly target: BootTarget | undefined;
  /** The device as IPMI names it. */
  readonly device: string;
  /** True where the BMC says that the selection counts. */
  readonly isValid: boolean;
}

/** How an identify LED is switched: on until further notice, on for as long as a timed one can be, or off. */
export type IdentifyMode = "forced" | "timed" | "off";

/**
 * One BMC, as the bridge asks it: whole procedures, each of which opens the session where there is none. Everything that is thrown is an
 * IpmiError.
 */
export interface Bmc {
  getDeviceId(): Promise<DeviceId>;
  /** A text that is another one whenever the SDRs may be others. */
  getSdrStamp(device: DeviceId): Promise<string>;
  readSdrs(device: DeviceId): Promise<SdrContents>;
  readFru(): Promise<FruContents>;
  /** A sensor that does not answer with a value is a reading, too; thrown is what concerns the BMC. */
  readSensor(sensor: ReadableSensor): Promise<SensorReading>;
  getChassisStatus(): Promise<ChassisStatus>;
  /** Sent once. An error whose detail says `mayHaveBeenCarriedOut` leaves open what became of it. */
  controlChassis(control: "on" | "off" | "cycle"): Promise<void>;
  /** Sent once, as `controlChassis`. */
  identify(mode: IdentifyMode): Promise<void>;
  /** In watts, by DCMI; undefined where the BMC has no such command, 0 where it has no reading now. */
  readPowerW(): Promise<number | undefined>;
  getBootSelection(): Promise<BootSelection>;
  /** For the next boot only; returns what was read back. */
  setBootTarget(target: BootTarget): Promise<BootSelection>;
  /** Closes the session. */
  close(): Promise<void>;
}
