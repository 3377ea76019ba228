import { hexNumber } from "../bytes/hex.ts";
import type { Requester } from "../commands/command.ts";
import { getFruInventoryAreaInfo, readFruData, type FruInventoryAreaInfo } from "../commands/fru-commands.ts";
import { IpmiError } from "../errors.ts";
import { decodeFru } from "../fru/decode-fru.ts";
import { neededBytes } from "../fru/header.ts";
import type { FruInventory } from "../fru/inventory.ts";
import type { FruDeviceLocatorRecord, SdrRecord } from "../sdr/records.ts";
import { PortionSize } from "./portions.ts";
import { completionCodeOf, isRefusedWith, pause, type ProcedureOptions } from "./procedure-options.ts";

/** Reads the largest of these first. Even ones, for devices that count in words. */
const SIZES = [32, 24, 16, 8] as const;

/** Read FRU Data: the device is in use by somebody else. @see IPMI 2.0, section 34.2 */
const FRU_BUSY = 0x81;
const BUSY_ATTEMPTS = 5;
const BUSY_PAUSE_MS = 100;

/** What could be read of a FRU device. */
export interface FruImage {
  /** From the first byte on as far as anything is of interest. */
  readonly bytes: Uint8Array;
  readonly sizeBytes: number;
  /** Why reading ended too early. */
  readonly failure: IpmiError | undefined;
}

class FruReader {
  readonly #requester: Requester;
  readonly #fru: number;
  readonly #options: ProcedureOptions;
  readonly #unit: number;
  readonly #portion = new PortionSize(SIZES);

  constructor(requester: Requester, fru: number, { isByWords }: FruInventoryAreaInfo, options: ProcedureOptions) {
    this.#requester = requester;
    this.#fru = fru;
    this.#options = options;
    this.#unit = isByWords ? 2 : 1;
  }

  /** At most a portion of the bytes from `offset` to `end`; none where there are no more. */
  async read(offset: number, end: number): Promise<Uint8Array> {
    for (let busy = 0; ;) {
      const count = Math.min(this.#portion.bytes, Math.ceil((end - offset) / this.#unit) * this.#unit);
      try {
        return await this.#portionOf(offset, count);
      } catch (error) {
        if (isRefusedWith(error, FRU_BUSY) && ++busy < BUSY_ATTEMPTS) await pause(BUSY_PAUSE_MS, this.#options);
        else if (!this.#portion.shrinksFor(error, count)) throw error;
      }
    }
  }

  async #portionOf(offset: number, count: number): Promise<Uint8Array> {
    const [fru, unit] = [this.#fru, this.#unit];
    const request = { fru, offset: offset / unit, count: count / unit };
    const reply = await this.#requester.execute(readFruData, request, this.#options);
    // Words must come whole: the next offset could not be said else.
    const length = Math.min(reply.count * unit, reply.data.length, count);
    return reply.data.subarray(0, length - (length % unit));
  }
}

/**
 * Reads a FRU device as far as its areas reach, or all of it.
 *
 * @param fru device id, 0 for the system's own
 * @throws IpmiError where nothing could be read; once there is something, `failure` says why there is no more
 */
export async function readFruImage(
  requester: Requester,
  fru: number,
  options: ProcedureOptions & { readonly wholeDevice?: boolean } = {},
): Promise<FruImage> {
  const info = await requester.execute(getFruInventoryAreaInfo, { fru }, options);
  const { sizeBytes } = info;
  const reader = new FruReader(requester, fru, info, options);
  const image = new Uint8Array(sizeBytes);
  let known = 0;
  const needed = () => (options.wholeDevice ? sizeBytes : neededBytes(image, known, sizeBytes));
  try {
    while (needed() > known) {
      // A whole portion: what is behind the bytes that are needed now is likely to be needed next.
      const part = await reader.read(known, sizeBytes);
      if (part.length === 0) break;
      const fitting = part.subarray(0, sizeBytes - known);
      image.set(fitting, known);
      known += fitting.length;
    }
  } catch (error) {
    if (known === 0 || !(error instanceof IpmiError) || completionCodeOf(error) === undefined) throw error;
    return { bytes: image.subarray(0, known), sizeBytes, failure: error };
  }
  return { bytes: image.subarray(0, known), sizeBytes, failure: undefined };
}

/**
 * Reads a FRU device and decodes it. Damage is among `problems`, and the rest is there.
 *
 * @param fru device id, 0 for the system's own
 * @throws IpmiError where nothing could be read
 * @see IPMI 2.0, section 34
 */
export async function readFru(requester: Requester, fru = 0, options: ProcedureOptions = {}): Promise<FruInventory> {
  const { bytes, sizeBytes, failure } = await readFruImage(requester, fru, options);
  const inventory = decodeFru(bytes);
  if (!failure) return inventory;
  const [expected, found] = [`${sizeBytes} bytes`, `${bytes.length} bytes: ${failure.message}`];
  const problem = { area: "header", offset: bytes.length, what: "reading", expected, found } as const;
  return { ...inventory, problems: [problem, ...inventory.problems] };
}

/** A FRU device that a locator names, or the BMC's own, and what is in it. */
export interface NamedFru {
  readonly fru: number;
  readonly name: string;
  readonly locator: FruDeviceLocatorRecord | undefined;
  /** Undefined where it could not be read: `failure` says why. */
  readonly inventory: FruInventory | undefined;
  readonly failure: IpmiError | undefined;
}

/** Slave address of the BMC. */
const BMC_ADDRESS = 0x20;
const BUILT_IN_NAME = "Builtin FRU Device";

/** FRU devices that are read with the FRU commands; others are memories on a bus. */
const isLogicalDevice = (record: SdrRecord): record is FruDeviceLocatorRecord =>
  record.kind === "fru-device-locator" && record.isLogical;

async function readNamed(
  requester: Requester,
  fru: number,
  locator: FruDeviceLocatorRecord | undefined,
  options: ProcedureOptions,
): Promise<NamedFru> {
  const name = locator ? locator.id.text || `FRU ${hexNumber(fru)}` : BUILT_IN_NAME;
  const isForeign = locator !== undefined && locator.accessAddress !== BMC_ADDRESS && locator.accessAddress !== 0;
  const target = isForeign ? { channel: locator.channel, address: locator.accessAddress } : undefined;
  const callOptions = { ...options, ...(locator && { lun: locator.accessLun }), ...(target && { target }) };
  try {
    const inventory = await readFru(requester, fru, callOptions);
    return { fru, name, locator, inventory, failure: undefined };
  } catch (error) {
    // A device that is not plugged in is refused, or does not answer behind a bridge.
    const isItsOwn =
      error instanceof IpmiError && (error.code === "completion-code" || error.code === "malformed-reply");
    if (!isItsOwn) throw error;
    return { fru, name, locator, inventory: undefined, failure: error };
  }
}

/**
 * Reads FRU device 0 and all that locators name. One that cannot be read does not keep the others.
 *
 * @param records the BMC's SDRs
 * @throws IpmiError where the BMC does not answer
 */
export async function readFruInventory(
  requester: Requester,
  records: readonly SdrRecord[],
  options: ProcedureOptions = {},
): Promise<readonly NamedFru[]> {
  const locators = records.filter(isLogicalDevice);
  const ofBmc = (fru: number) =>
    locators.some(({ deviceId, accessAddress }) => deviceId === fru && [0, BMC_ADDRESS].includes(accessAddress));
  const frus: NamedFru[] = ofBmc(0) ? [] : [await readNamed(requester, 0, undefined, options)];
  for (const locator of locators) frus.push(await readNamed(requester, locator.deviceId, locator, options));
  return frus;
}
