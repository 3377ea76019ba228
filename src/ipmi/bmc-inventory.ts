import {
  type AnalogTraits,
  decodeSdrs,
  type DeviceId as BmcDeviceId,
  isReadable,
  type ReadableSensor,
  sensorsOf,
  type SdrRecord,
} from "ipmi-js";
import type { DeviceRecord } from "../devices/command.ts";
import type { DeviceType } from "../devices/device-type.ts";
import { deviceId, type DeviceId } from "../devices/ids.ts";
import type { FruAsset } from "./bmc.ts";
import { assignDeviceIds, LED_DEVICE, POWER_DEVICE, SYSTEM_DEVICE, type DeviceIds } from "./device-ids.ts";
import type { KeptInventory } from "./inventory-cache.ts";
import { deviceTypeOf } from "./measurements.ts";

/** A sensor that is a device: one with values. */
export interface SensorDevice {
  readonly id: DeviceId;
  readonly type: DeviceType;
  readonly sensor: ReadableSensor & { readonly analog: AnalogTraits };
}

/** What every BMC has. */
const builtIn: readonly DeviceRecord[] = [
  { id: POWER_DEVICE, type: "power" },
  { id: SYSTEM_DEVICE, type: "system" },
  { id: LED_DEVICE, type: "led" },
];

/** What firmware a BMC runs, on which kind of board. SDRs of another one say nothing. */
export const firmwareOf = (device: BmcDeviceId): string =>
  [
    `manufacturer ${device.manufacturerId}`,
    `product ${device.productId}`,
    `device ${device.deviceId}.${device.deviceRevision}`,
    `firmware ${device.firmwareMajor}.${device.firmwareMinor}`,
    ...(device.auxiliaryFirmware ? [device.auxiliaryFirmware.toHex()] : []),
  ].join(", ");

/** The state of SDRs that were read: from which firmware, at which stamp. */
export interface SdrState {
  readonly firmware: string;
  readonly stamp: string;
}

/** What is known of a BMC without asking it: its devices, its asset data. */
export class BmcInventory {
  #state: SdrState | undefined;
  /** Whole records, base64: a tenth of what they take decoded. */
  #sdrs: readonly string[] = [];
  #ids: DeviceIds = new Map();
  #devices: ReadonlyMap<DeviceId, SensorDevice> = new Map();
  #listed: readonly DeviceRecord[] = builtIn;
  #asset: FruAsset | undefined;
  #assetReadAtMs = Number.NEGATIVE_INFINITY;
  /** True where the BMC is known never to say that a boot selection is valid. */
  ignoresBootValidity = false;

  /** As a scan lists them: power, system and LED first, then the sensors in the order of their records. */
  get listed(): readonly DeviceRecord[] {
    return this.#listed;
  }

  get sensors(): ReadonlyMap<DeviceId, SensorDevice> {
    return this.#devices;
  }

  /** True once the SDRs have been read, now or in an earlier life. */
  get isKnown(): boolean {
    return this.#state !== undefined;
  }

  get asset(): FruAsset | undefined {
    return this.#asset;
  }

  /** When the asset data were read, in milliseconds since 1970. */
  get assetReadAtMs(): number {
    return this.#assetReadAtMs;
  }

  /** True where the SDRs that are known are those of this state. */
  isOf({ firmware, stamp }: SdrState): boolean {
    return this.#state?.firmware === firmware && this.#state.stamp === stamp;
  }

  /** Takes whole records, and those of them that can be understood. */
  setSdrs(state: SdrState, raw: readonly Uint8Array[], records: readonly SdrRecord[]): void {
    this.#state = state;
    this.#sdrs = raw.map((record) => record.toBase64());
    const sensors = sensorsOf(records).filter(isDevice);
    this.#ids = assignDeviceIds(uniquelyKeyed(sensors), this.#ids);
    const devices = new Map<DeviceId, SensorDevice>();
    for (const sensor of sensors) {
      const id = this.#ids.get(sensor.key);
      if (id !== undefined && !devices.has(id)) devices.set(id, { id, type: deviceTypeOf(sensor.analog.unit), sensor });
    }
    this.#devices = devices;
    const sensorRecords = [...devices.values()].map(({ id, type, sensor }) => ({ id, type, info: sensor.name }));
    this.#listed = [...builtIn, ...sensorRecords];
  }

  setAsset(asset: FruAsset, readAtMs: number): void {
    this.#asset = asset;
    this.#assetReadAtMs = readAtMs;
  }

  /** What is to be kept for the next start; undefined while the SDRs are not known. */
  toKept(): KeptInventory | undefined {
    if (!this.#state) return undefined;
    return {
      version: 1,
      firmware: this.#state.firmware,
      sdrStamp: this.#state.stamp,
      sdrs: [...this.#sdrs],
      deviceIds: Object.fromEntries(this.#ids),
      ...(this.#asset && { asset: { ...this.#asset, readAtMs: this.#assetReadAtMs } }),
      ...(this.ignoresBootValidity && { ignoresBootValidity: true }),
    };
  }

  /** Takes what was kept. @throws SyntaxError where it is no base64; then nothing has been taken */
  restore(kept: KeptInventory): void {
    const raw = kept.sdrs.map((record) => Uint8Array.fromBase64(record));
    this.#ids = new Map(Object.entries(kept.deviceIds).map(([key, id]) => [key, deviceId(id)]));
    this.setSdrs({ firmware: kept.firmware, stamp: kept.sdrStamp }, raw, decodeSdrs(raw).records);
    if (kept.asset) {
      const { readAtMs, ...asset } = kept.asset;
      this.setAsset(asset, readAtMs);
    }
    this.ignoresBootValidity = kept.ignoresBootValidity ?? false;
  }
}

const isDevice = (sensor: ReturnType<typeof sensorsOf>[number]): sensor is SensorDevice["sensor"] =>
  isReadable(sensor) && sensor.analog !== undefined;

/** The sensors without those whose key an earlier one has: two records of one sensor. */
function uniquelyKeyed(sensors: readonly SensorDevice["sensor"][]): SensorDevice["sensor"][] {
  const first = new Map<string, SensorDevice["sensor"]>();
  for (const sensor of sensors) if (!first.has(sensor.key)) first.set(sensor.key, sensor);
  return [...first.values()];
}
