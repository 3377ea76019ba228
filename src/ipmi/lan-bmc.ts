import {
  type BootDevice,
  type BootFlags,
  chassisControl,
  chassisIdentify,
  completionCodes,
  type DeviceId,
  getBootTarget,
  getChassisStatus,
  getDeviceId,
  getPowerReading,
  IpmiClient,
  IpmiError,
  LONGEST_IDENTIFY_SECONDS,
  type ProcedureOptions,
  type ReadableSensor,
  readFru,
  readSdrs,
  readSdrSource,
  type Requester,
  sdrStampOf,
  SensorReader,
  type SensorReading,
  setBootTarget,
} from "ipmi-js";
import type { BootTarget } from "../devices/command.ts";
import type { Clock } from "../lib/clock.ts";
import { assetOf, sentenceOf } from "./asset.ts";
import type { Bmc, BootSelection, FruContents, IdentifyMode, SdrContents } from "./bmc.ts";
import type { BmcDefinition } from "./bmc-definition.ts";

/** How long a command may take altogether where the definition does not say. People wait for it. */
const DEFAULT_TIMEOUT_MS = 10_000;

/** Datagrams for one request before its session counts as lost: 4 s of silence, which leaves time to open another one. */
const ATTEMPTS = 4;

/** What BMCs say that have a command, but no answer now: while they start, or switch. */
const notNow: ReadonlySet<number> = new Set([
  completionCodes.nodeBusy,
  completionCodes.timeout,
  completionCodes.cannotRespond,
  completionCodes.initializing,
  completionCodes.notInPresentState,
]);

/** A client that can be closed. */
interface Client extends Requester {
  close(): Promise<void>;
}

/** A BMC on the network, with the session kept. Sends nothing before it is asked something. */
export function openLanBmc(definition: BmcDefinition, clock: Clock): Bmc {
  const { host, port, username, password, kg, privilege, cipherSuite, timeoutMs } = definition;
  const client = new IpmiClient({
    host,
    port,
    username,
    password: password.reveal(),
    ...(kg && { kg: kg.reveal() }),
    privilege,
    cipherSuite,
    timing: { attempts: ATTEMPTS, deadlineMs: timeoutMs ?? DEFAULT_TIMEOUT_MS },
    clock,
  });
  return new LanBmc(client, clock);
}

/** A BMC behind a client: the commands and procedures of ipmi-js that the bridge needs. */
export class LanBmc implements Bmc {
  readonly #client: Client;
  readonly #options: ProcedureOptions;
  #sensors: SensorReader;

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#options = { clock };
    this.#sensors = new SensorReader(client);
  }

  getDeviceId() {
    return this.#client.execute(getDeviceId, {});
  }

  async getSdrStamp(device: DeviceId): Promise<string> {
    return sdrStampOf(await readSdrSource(this.#client, device, this.#options));
  }

  async readSdrs(device: DeviceId): Promise<SdrContents> {
    const { source, ...contents } = await readSdrs(this.#client, device, this.#options);
    // It keeps what it has learned of sensors that may be others now.
    this.#sensors = new SensorReader(this.#client);
    return { stamp: sdrStampOf(source), ...contents };
  }

  async readFru(): Promise<FruContents> {
    const inventory = await readFru(this.#client, 0, this.#options);
    return { asset: assetOf(inventory), problems: inventory.problems.map(sentenceOf) };
  }

  async readSensor(sensor: ReadableSensor): Promise<SensorReading> {
    try {
      return await this.#sensors.read(sensor);
    } catch (error) {
      // Another controller's silence says nothing of the BMC, unless that could not even be logged in to.
      const isSilence = error instanceof IpmiError && error.code === "timeout" && error.detail.step === undefined;
      if (isSilence && sensor.owner.kind === "controller") return { kind: "unavailable", reason: "failed" };
      throw error;
    }
  }

  getChassisStatus() {
    return this.#client.execute(getChassisStatus, {});
  }

  async controlChassis(control: "on" | "off" | "cycle"): Promise<void> {
    await this.#client.execute(chassisControl, { control });
  }

  async identify(mode: IdentifyMode): Promise<void> {
    // With the interval besides what forces: a BMC that ignores the second byte has the LED on, and not off.
    const intervalSeconds = mode === "off" ? 0 : LONGEST_IDENTIFY_SECONDS;
    await this.#client.execute(chassisIdentify, { intervalSeconds, isForced: mode === "forced" ? true : undefined });
  }

  async readPowerW(): Promise<number | undefined> {
    try {
      const { currentW, isActive } = await this.#client.execute(getPowerReading, { mode: "system", period: 0 });
      return isActive ? currentW : 0;
    } catch (error) {
      if (!(error instanceof IpmiError)) throw error;
      if (error.code === "completion-code") return notNow.has(error.detail.completionCode ?? 0) ? 0 : undefined;
      if (error.code === "malformed-reply") return 0;
      throw error;
    }
  }

  async getBootSelection(): Promise<BootSelection> {
    return selectionOf(await getBootTarget(this.#client));
  }

  async setBootTarget(target: BootTarget): Promise<BootSelection> {
    const device = target === "no_override" ? "no-override" : target;
    const { flags } = await setBootTarget(this.#client, { device }, this.#options);
    return selectionOf(flags);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** IPMI's devices for which API 1.2 has words. */
const targets: Readonly<Partial<Record<BootDevice, BootTarget>>> = {
  "no-override": "no_override",
  pxe: "pxe",
  hdd: "hdd",
  "hdd-safe-mode": "hdd",
};

const isBootDevice = (device: string): device is keyof typeof targets => Object.hasOwn(targets, device);

const selectionOf = ({ device, isValid }: BootFlags): BootSelection => ({
  target: isBootDevice(device) ? targets[device] : undefined,
  device,
  isValid,
});
