import { deviceId, type DeviceId } from "../devices/ids.ts";

/** Devices that every BMC has. @see BMC bridge specification, "What a BMC looks like in the API" */
export const POWER_DEVICE = deviceId(0x0100);
export const SYSTEM_DEVICE = deviceId(0x0200);
export const LED_DEVICE = deviceId(0x0300);

const fixed: ReadonlySet<number> = new Set([POWER_DEVICE, SYSTEM_DEVICE, LED_DEVICE]);

/** Where the ids begin of sensors whose number another one has. */
const FIRST_FREE = 0x1000;
const LAST_FREE = 0xffff;

/** What numbering a sensor takes. */
export interface Numbered {
  /** Tells it from all others of its BMC. */
  readonly key: string;
  readonly number: number;
}

/** Ids by sensors' keys, as they were given out. */
export type DeviceIds = ReadonlyMap<string, DeviceId>;

/**
 * Gives each sensor a device id: the one it had, else its number, else, where another has that, a free one from 1000 up.
 *
 * @param before what was given out last time. What a sensor that is gone had from 1000 up is kept for it; its number is free again
 */
export function assignDeviceIds(sensors: readonly Numbered[], before: DeviceIds): DeviceIds {
  const present = new Set(sensors.map(({ key }) => key));
  const ids = new Map([...before].filter(([key, id]) => present.has(key) || id >= FIRST_FREE));
  const taken = new Set<number>(ids.values());
  let free = FIRST_FREE;
  for (const { key, number } of sensors) {
    if (ids.has(key)) continue;
    let id = number;
    if (taken.has(id) || fixed.has(id)) {
      while (taken.has(free) && free <= LAST_FREE) free++;
      // 60,000 sensors that all have the same number: those beyond are not listed.
      if (free > LAST_FREE) continue;
      id = free;
    }
    taken.add(id);
    ids.set(key, deviceId(id));
  }
  return ids;
}
