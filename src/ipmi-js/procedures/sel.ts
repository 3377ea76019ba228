import { hexNumber } from "../bytes/hex.ts";
import type { Requester } from "../commands/command.ts";
import { ENTIRE_RECORD, FIRST_RECORD, LAST_RECORD } from "../commands/sdr.ts";
import {
  CLEAR_SEL_MARK,
  clearSel as clearSelCommand,
  getSelEntry,
  getSelInfo,
  reserveSel,
  type SelInfo,
} from "../commands/sel.ts";
import { completionCodes } from "../completion-codes.ts";
import { systemClock } from "../clock.ts";
import { IpmiError } from "../errors.ts";
import { decodeSelEntry, type SelEntry } from "../sel/entry.ts";
import { completionCodeOf, isRefusedWith, pause, type ProcedureOptions } from "./procedure-options.ts";
import { Reservation } from "./reservation.ts";

/** An erase is under way. @see IPMI 2.0, sections 31.2–31.9 */
const ERASING = 0x81;
const ERASE_POLL_MS = 100;
/** How long an erase may take where no other limit is given. */
const ERASE_LIMIT_MS = 30_000;

/** A log as it was when it was read. */
export interface SelReadout {
  readonly info: SelInfo;
  /** In the order of the log, the oldest first. */
  readonly entries: readonly SelEntry[];
  /** What of it could not be read or understood, a sentence each. */
  readonly problems: readonly string[];
}

/** Where to begin. */
export interface SelReadOptions extends ProcedureOptions {
  /** Record id of the first entry to be read; the oldest by default. */
  readonly fromRecordId?: number;
}

class SelReader {
  readonly #requester: Requester;
  readonly #options: ProcedureOptions;
  readonly #reservation: Reservation;

  constructor(requester: Requester, options: ProcedureOptions) {
    this.#requester = requester;
    this.#options = options;
    this.#reservation = new Reservation(requester, reserveSel, options);
  }

  /** An entry, and the id of the next; undefined where there is none. */
  async entry(recordId: number): Promise<{ readonly data: Uint8Array; readonly nextRecordId: number } | undefined> {
    const endMs = this.#nowMs() + ERASE_LIMIT_MS;
    for (;;) {
      try {
        // An entry is read whole, for which no reservation is needed; some BMCs want one all the same.
        return await this.#reservation.during((reservation) =>
          this.#requester.execute(
            getSelEntry,
            { reservation, recordId, offset: 0, count: ENTIRE_RECORD },
            this.#options,
          ),
        );
      } catch (error) {
        if (isRefusedWith(error, completionCodes.notPresent)) return undefined;
        if (!isRefusedWith(error, ERASING) || this.#nowMs() > endMs) throw error;
        await pause(ERASE_POLL_MS, this.#options);
      }
    }
  }

  #nowMs(): number {
    return (this.#options.clock ?? systemClock).monotonicMs();
  }
}

/**
 * Reads the System Event Log.
 *
 * @throws IpmiError where the BMC does not answer; entries that cannot be read or understood are among `problems`
 * @see IPMI 2.0, section 31
 */
export async function readSel(requester: Requester, options: SelReadOptions = {}): Promise<SelReadout> {
  const info = await requester.execute(getSelInfo, {}, options);
  const entries: SelEntry[] = [];
  const problems: string[] = [];
  const reader = new SelReader(requester, options);
  const asked = new Set<number>();
  let recordId = options.fromRecordId ?? FIRST_RECORD;
  while (recordId !== LAST_RECORD && (info.entries > 0 || asked.size === 0)) {
    if (asked.has(recordId)) {
      problems.push(`The log leads from entry ${asked.size} back to ${hexNumber(recordId, 4)}.`);
      break;
    }
    asked.add(recordId);
    const next = await nextEntry(reader, recordId, problems);
    if (!next) break;
    try {
      const entry = decodeSelEntry(next.data);
      entries.push(entry);
      // The first is asked for as 0, whatever its number.
      asked.add(entry.recordId);
    } catch (error) {
      if (!(error instanceof IpmiError)) throw error;
      problems.push(`Entry ${hexNumber(recordId, 4)}: ${error.message}`);
    }
    recordId = next.nextRecordId;
  }
  return { info, entries, problems };
}

async function nextEntry(reader: SelReader, recordId: number, problems: string[]) {
  try {
    return await reader.entry(recordId);
  } catch (error) {
    if (!(error instanceof IpmiError) || completionCodeOf(error) === undefined || recordId === FIRST_RECORD)
      throw error;
    problems.push(`Entry ${hexNumber(recordId, 4)} cannot be read: ${error.message}`);
    return undefined;
  }
}

/** Asking how far it is does no harm, however often. */
const statusCommand: typeof clearSelCommand = { ...clearSelCommand, isRepeatable: true };

/** How long clearing may take. */
export interface SelClearOptions extends ProcedureOptions {
  /** Milliseconds, 30,000 by default. */
  readonly limitMs?: number;
}

/**
 * Erases the System Event Log and waits until that is done. What is logged between a look at the log and this is lost: read the log, and clear it
 * only then.
 *
 * @throws IpmiError; `timeout` where the erase takes longer than the limit: it goes on
 * @see IPMI 2.0, section 31.9
 */
export async function clearSel(requester: Requester, options: SelClearOptions = {}): Promise<void> {
  const { clock = systemClock, limitMs = ERASE_LIMIT_MS } = options;
  const endMs = clock.monotonicMs() + limitMs;
  const reservation = new Reservation(requester, reserveSel, options);
  const ask = (operation: "initiate" | "get-status") => {
    const command = operation === "initiate" ? clearSelCommand : statusCommand;
    return reservation.during((id) =>
      requester.execute(command, { reservation: id, mark: CLEAR_SEL_MARK, operation }, options),
    );
  };
  let { progress } = await ask("initiate");
  while (progress !== "completed") {
    if (clock.monotonicMs() >= endMs)
      throw new IpmiError("timeout", `The SEL was not erased within ${limitMs} ms.`, { command: clearSelCommand.name });
    await pause(ERASE_POLL_MS, options);
    ({ progress } = await statusOrBusy(ask("get-status")));
  }
}

/** Some BMCs refuse everything that is about the SEL while they erase it. */
async function statusOrBusy<T extends { readonly progress: string }>(
  status: Promise<T>,
): Promise<T | { readonly progress: "in-progress" }> {
  try {
    return await status;
  } catch (error) {
    if (!isRefusedWith(error, ERASING, completionCodes.nodeBusy)) throw error;
    return { progress: "in-progress" };
  }
}
