import { decodeLatin1 } from "../bytes/text.ts";
import type { CallOptions, Command, Requester } from "../commands/command.ts";
import {
  DCMI_TEXT_PORTION,
  dcmiCapabilities,
  getAssetTag,
  getDcmiCapabilitiesInfo,
  getManagementControllerIdString,
  getTemperatureReadings,
  setAssetTag,
  setManagementControllerIdString,
} from "../commands/dcmi.ts";
import { IpmiError } from "../errors.ts";
import { isTooMuch } from "./portions.ts";
import { unlessRefused } from "./procedure-options.ts";

type ReadText = Command<
  { readonly offset: number; readonly count: number },
  { readonly length: number; readonly data: Uint8Array }
>;
type WriteText = Command<
  { readonly offset: number; readonly count: number; readonly data: Uint8Array },
  { readonly length: number }
>;

const ASSET_TAG_LIMIT = 63;
/** The zero at its end is one of its 64 bytes. */
const CONTROLLER_ID_LIMIT = 63;

/** UTF-8 where it is such, else Latin-1; without what a BMC may leave behind the end. */
function decodeText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const text = end < 0 ? bytes : bytes.subarray(0, end);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(text);
  } catch {
    return decodeLatin1(text);
  }
}

/** The first portion, and how long the whole is. A BMC that is strict about a text that is shorter than a portion is asked for its length. */
async function firstPortion(requester: Requester, command: ReadText, options?: CallOptions) {
  try {
    return await requester.execute(command, { offset: 0, count: DCMI_TEXT_PORTION }, options);
  } catch (error) {
    if (!isTooMuch(error)) throw error;
    return requester.execute(command, { offset: 0, count: 0 }, options);
  }
}

async function readText(requester: Requester, command: ReadText, options?: CallOptions): Promise<string> {
  const { length, data } = await firstPortion(requester, command, options);
  const bytes = [...data.subarray(0, Math.min(length, DCMI_TEXT_PORTION))];
  while (bytes.length < length) {
    const count = Math.min(DCMI_TEXT_PORTION, length - bytes.length);
    const part = await requester.execute(command, { offset: bytes.length, count }, options);
    if (part.data.length === 0) break;
    bytes.push(...part.data.subarray(0, count));
  }
  return decodeText(Uint8Array.from(bytes));
}

async function writeText(
  requester: Requester,
  command: WriteText,
  bytes: Uint8Array,
  options?: CallOptions,
): Promise<void> {
  let offset = 0;
  do {
    const data = bytes.subarray(offset, offset + DCMI_TEXT_PORTION);
    await requester.execute(command, { offset, count: data.length, data }, options);
    offset += data.length;
  } while (offset < bytes.length);
}

function requireBytes(bytes: Uint8Array, limit: number, what: string): void {
  if (bytes.length <= limit) return;
  const [expected, received] = [`at most ${limit} bytes`, `${bytes.length} bytes`];
  throw new IpmiError("invalid-argument", `${what} takes ${received}; there is room for ${limit}.`, {
    expected,
    received,
  });
}

/** The asset tag. @throws IpmiError @see DCMI 1.5, section 6.4.2 */
export const readAssetTag = (requester: Requester, options?: CallOptions): Promise<string> =>
  readText(requester, getAssetTag, options);

/**
 * Sets the asset tag, in UTF-8.
 *
 * @throws IpmiError `invalid-argument` for more than 63 bytes
 * @see DCMI 1.5, section 6.4.3
 */
export async function writeAssetTag(requester: Requester, tag: string, options?: CallOptions): Promise<void> {
  const bytes = new TextEncoder().encode(tag);
  requireBytes(bytes, ASSET_TAG_LIMIT, "The asset tag");
  await writeText(requester, setAssetTag, bytes, options);
}

/** The name that the controller has. @throws IpmiError @see DCMI 1.5, section 6.4.6.1 */
export const readControllerId = (requester: Requester, options?: CallOptions): Promise<string> =>
  readText(requester, getManagementControllerIdString, options);

/**
 * Names the controller.
 *
 * @throws IpmiError `invalid-argument` for more than 63 bytes
 * @see DCMI 1.5, section 6.4.6.2
 */
export async function writeControllerId(requester: Requester, id: string, options?: CallOptions): Promise<void> {
  const bytes = new TextEncoder().encode(id);
  requireBytes(bytes, CONTROLLER_ID_LIMIT, "The controller's id");
  await writeText(requester, setManagementControllerIdString, Uint8Array.of(...bytes, 0), options);
}

/** What DCMI prescribes a temperature for, with the entity ids that say it. @see DCMI 1.5, table 6-14 */
const temperatureEntities = { inlet: 0x40, cpu: 0x41, baseboard: 0x42 } as const;

export interface DcmiTemperature {
  readonly place: keyof typeof temperatureEntities;
  /** Which of several, from 1 on. */
  readonly instance: number;
  readonly temperatureC: number;
}

const TEMPERATURE = 0x01;
/** No BMC has so many; it ends a list that never does. */
const INSTANCES_LIMIT = 255;

async function temperaturesOf(
  requester: Requester,
  place: keyof typeof temperatureEntities,
  options?: CallOptions,
): Promise<readonly DcmiTemperature[]> {
  const found: DcmiTemperature[] = [];
  const entityId = temperatureEntities[place];
  for (let firstInstance = 1; firstInstance <= INSTANCES_LIMIT;) {
    const request = { sensorType: TEMPERATURE, entityId, entityInstance: 0, firstInstance };
    const { total, count, readings } = await requester.execute(getTemperatureReadings, request, options);
    for (let at = 0; at + 1 < readings.length && at < 2 * count; at += 2) {
      const magnitude = readings[at]! & 0x7f;
      const temperatureC = (readings[at]! & 0x80) === 0 ? magnitude : -magnitude;
      found.push({ place, instance: readings[at + 1]!, temperatureC });
    }
    if (count === 0 || found.length >= total) break;
    firstInstance += count;
  }
  return found;
}

/** Temperatures of inlets, CPUs and boards, as far as the BMC has them. @throws IpmiError @see DCMI 1.5, section 6.7.3 */
export async function readDcmiTemperatures(
  requester: Requester,
  options?: CallOptions,
): Promise<readonly DcmiTemperature[]> {
  const found: DcmiTemperature[] = [];
  for (const place of ["inlet", "cpu", "baseboard"] as const)
    found.push(...((await unlessRefused(temperaturesOf(requester, place, options))) ?? []));
  return found;
}

/** What a BMC has of DCMI, and which version of it. */
export interface DcmiSummary {
  /** `1.5` */
  readonly version: string;
  readonly hasPowerManagement: boolean;
  readonly hasSystemInterface: boolean;
  readonly hasSerial: boolean;
  readonly hasSecondaryLan: boolean;
}

/** Undefined where the BMC does not know DCMI. @throws IpmiError @see DCMI 1.5, section 6.1.1 */
export async function readDcmiSummary(requester: Requester, options?: CallOptions): Promise<DcmiSummary | undefined> {
  const reply = await unlessRefused(requester.execute(getDcmiCapabilitiesInfo, { parameter: "supported" }, options));
  if (!reply) return undefined;
  const { major, minor, data } = reply;
  return { version: `${major}.${minor}`, ...dcmiCapabilities.supported.decode(padded(data)) };
}

/** Three bytes, zeros for those that a BMC leaves out. */
function padded(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.max(3, data.length));
  bytes.set(data);
  return bytes;
}
