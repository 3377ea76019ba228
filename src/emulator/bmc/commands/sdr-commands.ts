import {
  getDeviceSdr,
  getDeviceSdrInfo,
  getSdr,
  getSdrRepositoryAllocationInfo,
  getSdrRepositoryInfo,
  getSdrRepositoryTime,
  reserveDeviceSdrRepository,
  reserveSdrRepository,
} from "../../../ipmi-js/commands/sdr.ts";
import { completionCodes } from "../../../ipmi-js/completion-codes.ts";
import type { BmcModel } from "../model/bmc-model.ts";
import { needs, type Caller, type CommandSet } from "./command-set.ts";
import { refuse } from "./refusal.ts";

const ENTIRE = 0xff;
const UNIT_BYTES = 16;
const LARGEST_UNITS = 4;

interface RecordPart {
  readonly reservation: number;
  readonly recordId: number;
  readonly offset: number;
  readonly count: number;
}

/** Part of a record, as both kinds of SDR are read. */
function readPart({ sdrs, description: { quirks } }: BmcModel, { reservation, recordId, offset, count }: RecordPart) {
  const isReserved = sdrs.reservation.isHeldBy(reservation);
  // Without a reservation only what begins at the beginning may be read: several parts might be of different records.
  if (!isReserved && (reservation !== 0 || offset !== 0) && !(quirks.refuseReserve && reservation === 0))
    refuse(completionCodes.reservationCancelled);
  const found = sdrs.read(recordId) ?? refuse(completionCodes.notPresent);
  const record = new Uint8Array(found.bytes.length + quirks.sdrExtraBytes);
  record.set(found.bytes);
  if (offset >= record.length) refuse(completionCodes.parameterOutOfRange);
  const end = count === ENTIRE ? record.length : Math.min(offset + count, record.length);
  if (end - offset > quirks.sdrReadLimit) refuse(completionCodes.cannotReturnBytes);
  return { nextRecordId: found.nextId, data: record.slice(offset, end) };
}

function reserve({ sdrs, description }: BmcModel) {
  if (description.quirks.refuseReserve) refuse(completionCodes.invalidCommand);
  return { reservation: sdrs.reservation.reserve() };
}

function requireRepository({ model }: Caller): BmcModel {
  return model.description.sdrs === "repository" ? model : refuse(completionCodes.invalidCommand);
}

/** A controller with a repository need not have device SDRs beside. */
function requireDeviceSdrs({ model }: Caller): BmcModel {
  return model.description.sdrs === "repository" ? refuse(completionCodes.invalidCommand) : model;
}

/** SDR repository and device SDRs, IPMI 2.0 sections 33 and 35. */
export function addSdrCommands(commands: CommandSet): void {
  commands
    .on(getSdrRepositoryInfo, needs.user, (caller) => {
      const { sdrs, description, startSeconds } = requireRepository(caller);
      return {
        version: "1.5",
        records: sdrs.count,
        freeBytes: 0,
        lastAddition: startSeconds,
        lastErase: startSeconds,
        hasOverflowed: false,
        updateMode: "non-modal",
        canDelete: false,
        canAddPartially: false,
        canReserve: !description.quirks.refuseReserve,
        canTellAllocation: true,
      };
    })
    .on(getSdrRepositoryAllocationInfo, needs.user, (caller) => {
      const { sdrs } = requireRepository(caller);
      const units = sdrs.count * LARGEST_UNITS;
      return {
        units,
        unitBytes: UNIT_BYTES,
        freeUnits: 0,
        largestFreeUnits: 0,
        largestRecordUnits: LARGEST_UNITS,
      };
    })
    .on(reserveSdrRepository, needs.user, (caller) => reserve(requireRepository(caller)))
    .on(getSdr, needs.user, (caller, part) => readPart(requireRepository(caller), part))
    .on(getSdrRepositoryTime, needs.user, (caller) => ({ time: requireRepository(caller).clock.seconds }))
    .on(getDeviceSdrInfo, needs.user, (caller, { countsSdrs }) => {
      const { model, lun } = caller;
      const { sdrs } = requireDeviceSdrs(caller);
      const isDynamic = model.description.sdrs === "device-dynamic";
      const hasSensors = (of: number) => model.sensors.countOn(of) > 0;
      return {
        count: countsSdrs === true ? sdrs.count : model.sensors.countOn(lun),
        hasLun0Sensors: hasSensors(0),
        hasLun1Sensors: hasSensors(1),
        hasLun2Sensors: hasSensors(2),
        hasLun3Sensors: hasSensors(3),
        isDynamic,
        populationChange: isDynamic ? model.startSeconds : undefined,
      };
    })
    .on(getDeviceSdr, needs.user, (caller, part) => readPart(requireDeviceSdrs(caller), part))
    .on(reserveDeviceSdrRepository, needs.user, (caller) => reserve(requireDeviceSdrs(caller)));
}
