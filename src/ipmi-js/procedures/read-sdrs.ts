import { hexBytes, hexNumber } from "../bytes/hex.ts";
import type { Requester } from "../commands/command.ts";
import { getDeviceId, type DeviceId } from "../commands/device.ts";
import {
  getDeviceSdr,
  getDeviceSdrInfo,
  getSdr,
  getSdrRepositoryInfo,
  reserveDeviceSdrRepository,
  reserveSdrRepository,
  type DeviceSdrInfo,
  type SdrRepositoryInfo,
} from "../commands/sdr.ts";
import { completionCodes } from "../completion-codes.ts";
import { IpmiError } from "../errors.ts";
import type { SdrRecord } from "../sdr/records.ts";
import { decodeSdr } from "../sdr/sdr-codec.ts";
import { isRefusedWith, unlessRefused, type ProcedureOptions } from "./procedure-options.ts";
import { SdrRecordReader, type RecordChain } from "./read-sdr-records.ts";
import { Reservation } from "./reservation.ts";

/** Where a BMC has its SDRs, and what changes when they do. */
export type SdrSource =
  | ({ readonly kind: "repository" } & SdrRepositoryInfo)
  /** In the device itself; `populationChange` only where it is dynamic. */
  | ({ readonly kind: "device" } & DeviceSdrInfo)
  /** Nowhere. */
  | { readonly kind: "none" };

/** SDRs as the BMC has them. */
export interface SdrReadout {
  readonly source: SdrSource;
  /** Whole records: what to keep where they are kept. */
  readonly raw: readonly Uint8Array[];
  /** Those that could be understood. */
  readonly records: readonly SdrRecord[];
  /** What of it could not be read or understood, a sentence each. */
  readonly problems: readonly string[];
  /** False where records are missing, or mixed, that may be there another time: the BMC refused one, or they changed all the while. */
  readonly isComplete: boolean;
}

/** Records that change while they are read are read again, so many times altogether. */
const READ_ATTEMPTS = 3;

const { invalidCommand, invalidForLun, disabled } = completionCodes;
const lacksCommand = (error: unknown) => isRefusedWith(error, invalidCommand, invalidForLun, disabled);

async function repositoryInfo(requester: Requester, options: ProcedureOptions): Promise<SdrSource | undefined> {
  try {
    return { kind: "repository", ...(await requester.execute(getSdrRepositoryInfo, {}, options)) };
  } catch (error) {
    if (lacksCommand(error)) return undefined;
    throw error;
  }
}

async function deviceInfo(requester: Requester, options: ProcedureOptions): Promise<SdrSource | undefined> {
  try {
    return { kind: "device", ...(await requester.execute(getDeviceSdrInfo, { countsSdrs: undefined }, options)) };
  } catch (error) {
    if (lacksCommand(error)) return undefined;
    throw error;
  }
}

/**
 * Asks where the SDRs are: in the repository where the device says that it has one, else in the device. Either is tried where the device says
 * wrong things of itself.
 *
 * @param device as Get Device ID answers; asked for where it is absent
 * @throws IpmiError
 */
export async function readSdrSource(
  requester: Requester,
  device?: DeviceId,
  options: ProcedureOptions = {},
): Promise<SdrSource> {
  const { hasSdrRepository } = device ?? (await requester.execute(getDeviceId, {}, options));
  const places = hasSdrRepository ? [repositoryInfo, deviceInfo] : [deviceInfo, repositoryInfo];
  for (const place of places) {
    const source = await place(requester, options);
    if (source) return source;
  }
  return { kind: "none" };
}

/** A text that is another one whenever the SDRs may be others, as far as a BMC tells: to be kept with them. */
export function sdrStampOf(source: SdrSource): string {
  switch (source.kind) {
    case "repository":
      return `repository ${source.records} added ${source.lastAddition} erased ${source.lastErase}`;
    case "device":
      return `device ${source.count} population ${source.isDynamic ? (source.populationChange ?? "unknown") : "static"}`;
    case "none":
      return "none";
  }
}

const readRepository = (requester: Requester, options: ProcedureOptions): Promise<RecordChain> =>
  new SdrRecordReader(requester, getSdr, new Reservation(requester, reserveSdrRepository, options), options).all();

const readDeviceLun = (requester: Requester, options: ProcedureOptions): Promise<RecordChain> =>
  new SdrRecordReader(
    requester,
    getDeviceSdr,
    new Reservation(requester, reserveDeviceSdrRepository, options),
    options,
  ).all();

/** Device SDRs of all LUNs that have sensors, and of LUN 0. Many BMCs answer for all sensors on each: the same record counts once. */
async function readDevice(requester: Requester, info: DeviceSdrInfo, options: ProcedureOptions): Promise<RecordChain> {
  const chain = await readDeviceLun(requester, { ...options, lun: 0 });
  const records = [...chain.records];
  const problems = [...chain.problems];
  let { isComplete } = chain;
  const known = new Set(records.map(hexBytes));
  for (const [lun, hasSensors] of [info.hasLun1Sensors, info.hasLun2Sensors, info.hasLun3Sensors].entries()) {
    if (!hasSensors) continue;
    const more = await unlessRefused(readDeviceLun(requester, { ...options, lun: lun + 1 }));
    for (const record of more?.records ?? []) {
      const key = hexBytes(record);
      if (!known.has(key)) records.push(record);
      known.add(key);
    }
    problems.push(...(more?.problems ?? []));
    isComplete &&= more?.isComplete ?? true;
  }
  return { records, problems, isComplete };
}

async function readFrom(requester: Requester, source: SdrSource, options: ProcedureOptions): Promise<RecordChain> {
  switch (source.kind) {
    case "repository":
      return readRepository(requester, options);
    case "device":
      return readDevice(requester, source, options);
    case "none":
      return { records: [], problems: [], isComplete: true };
  }
}

/** Records that were kept, or just read: those that can be understood, and a sentence for each of the others. */
export function decodeSdrs(raw: readonly Uint8Array[]): Pick<SdrReadout, "records" | "problems"> {
  const records: SdrRecord[] = [];
  const problems: string[] = [];
  for (const [position, bytes] of raw.entries()) {
    try {
      records.push(decodeSdr(bytes));
    } catch (error) {
      if (!(error instanceof IpmiError)) throw error;
      problems.push(`${error.message} (${hexNumber(position, 4)} in the order of reading)`);
    }
  }
  return { records, problems };
}

/**
 * Reads all SDRs: from the repository, or from the device where that has none. Reads in portions that the BMC can take, under a reservation
 * that is made again when another client's reading cancels it. Where the SDRs change meanwhile, all of it is read again.
 *
 * @param device as Get Device ID answers; asked for where it is absent
 * @throws IpmiError where nothing can be read; single records that cannot be understood are among `problems`
 * @see IPMI 2.0, sections 33 and 35.2–35.4
 */
export async function readSdrs(
  requester: Requester,
  device?: DeviceId,
  options: ProcedureOptions = {},
): Promise<SdrReadout> {
  let source = await readSdrSource(requester, device, options);
  for (let attempt = 1; ; attempt++) {
    const chain = await readFrom(requester, source, options);
    const now = await sourceNow(requester, source, options);
    const hasChanged = sdrStampOf(now) !== sdrStampOf(source);
    if (!hasChanged || attempt === READ_ATTEMPTS) {
      const { records, problems } = decodeSdrs(chain.records);
      const changing = hasChanged ? [`The SDRs changed each of ${attempt} times while they were read.`] : [];
      return {
        source: now,
        raw: chain.records,
        records,
        problems: [...chain.problems, ...problems, ...changing],
        isComplete: chain.isComplete && !hasChanged,
      };
    }
    source = now;
  }
}

async function sourceNow(requester: Requester, source: SdrSource, options: ProcedureOptions): Promise<SdrSource> {
  if (source.kind === "repository") return (await repositoryInfo(requester, options)) ?? source;
  if (source.kind === "device" && source.isDynamic) return (await deviceInfo(requester, options)) ?? source;
  return source;
}
