import {
  addSelEntry,
  CLEAR_SEL_MARK,
  clearSel,
  deleteSelEntry,
  getSelAllocationInfo,
  getSelEntry,
  getSelInfo,
  getSelTime,
  getSelTimeUtcOffset,
  reserveSel,
  setSelTime,
  setSelTimeUtcOffset,
} from "../../../ipmi-js/commands/sel.ts";
import { completionCodes } from "../../../ipmi-js/completion-codes.ts";
import type { BmcModel } from "../model/bmc-model.ts";
import { ENTRY_BYTES, type LogEntry } from "../model/event-log.ts";
import { needs, type CommandSet } from "./command-set.ts";
import { refuse } from "./refusal.ts";

const ENTIRE = 0xff;
const FIRST = 0x0000;
const LAST = 0xffff;
const MAX_UTC_OFFSET = 1440;
const UNSPECIFIED_UTC_OFFSET = 0x7fff;

/** An entry, and the id of the one behind it. */
function findEntry({ log: { entries } }: BmcModel, recordId: number): { entry: LogEntry; nextId: number } {
  const at =
    recordId === FIRST ? 0 : recordId === LAST ? entries.length - 1 : entries.findIndex(({ id }) => id === recordId);
  const entry = entries[at] ?? refuse(completionCodes.notPresent);
  return { entry, nextId: entries[at + 1]?.id ?? LAST };
}

function requireReservation({ log, description: { quirks } }: BmcModel, reservation: number): void {
  if (quirks.refuseReserve && reservation === 0) return;
  if (!log.reservation.isHeldBy(reservation)) refuse(completionCodes.reservationCancelled);
}

/** SEL commands, IPMI 2.0 section 31. */
export function addSelCommands(commands: CommandSet): void {
  addReading(commands);
  commands
    .on(reserveSel, needs.user, ({ model: { log, description } }) => {
      if (description.quirks.refuseReserve) refuse(completionCodes.invalidCommand);
      return { reservation: log.reservation.reserve() };
    })
    .on(addSelEntry, needs.operator, ({ model: { log } }, { record }) => ({
      recordId: log.addFromOutside(record) ?? refuse(completionCodes.outOfSpace),
    }))
    .on(deleteSelEntry, needs.operator, ({ model }, { reservation, recordId }) => {
      requireReservation(model, reservation);
      const { entry } = findEntry(model, recordId);
      model.log.delete(entry.id);
      return { recordId: entry.id };
    })
    .on(clearSel, needs.operator, ({ model }, { reservation, mark, operation }) => {
      if (mark !== CLEAR_SEL_MARK) refuse(completionCodes.invalidDataField);
      if (operation === "get-status") return { progress: "completed" };
      if (operation !== "initiate") refuse(completionCodes.invalidDataField);
      requireReservation(model, reservation);
      model.log.clear();
      model.happenings.logCleared();
      return { progress: "completed" };
    })
    .on(getSelTime, needs.user, ({ model: { clock } }) => ({ time: clock.seconds }))
    .on(setSelTime, needs.operator, ({ model: { clock, happenings } }, { time }) => {
      happenings.clockSet(() => (clock.seconds = time));
      return {};
    })
    .on(getSelTimeUtcOffset, needs.user, ({ model: { clock } }) => ({ minutes: clock.utcOffsetMinutes }))
    .on(setSelTimeUtcOffset, needs.operator, ({ model: { clock } }, { minutes }) => {
      if (Math.abs(minutes) > MAX_UTC_OFFSET && minutes !== UNSPECIFIED_UTC_OFFSET)
        refuse(completionCodes.invalidDataField);
      clock.utcOffsetMinutes = minutes;
      return {};
    });
}

function addReading(commands: CommandSet): void {
  commands
    .on(getSelInfo, needs.user, ({ model: { log, description } }) => ({
      version: "1.5",
      entries: log.entries.length,
      freeBytes: Math.min(0xff_ff, (log.capacity - log.entries.length) * ENTRY_BYTES),
      lastAddition: log.lastAddition,
      lastErase: log.lastErase,
      hasOverflowed: log.hasOverflowed,
      canDelete: true,
      canAddPartially: false,
      canReserve: !description.quirks.refuseReserve,
      canTellAllocation: true,
    }))
    .on(getSelAllocationInfo, needs.user, ({ model: { log } }) => ({
      units: log.capacity,
      unitBytes: ENTRY_BYTES,
      freeUnits: log.capacity - log.entries.length,
      largestFreeUnits: log.capacity - log.entries.length,
      largestRecordUnits: 1,
    }))
    .on(getSelEntry, needs.user, ({ model }, { reservation, recordId, offset, count }) => {
      if (offset !== 0) requireReservation(model, reservation);
      else if (reservation !== 0 && !model.log.reservation.isHeldBy(reservation))
        refuse(completionCodes.reservationCancelled);
      const { entry, nextId } = findEntry(model, recordId);
      if (offset >= ENTRY_BYTES || (count !== ENTIRE && offset + count > ENTRY_BYTES))
        refuse(completionCodes.parameterOutOfRange);
      const end = count === ENTIRE ? ENTRY_BYTES : offset + count;
      return { nextRecordId: nextId, data: entry.bytes.slice(offset, end) };
    });
}
