import { hexNumber } from "../bytes/hex.ts";
import type { Command, Requester } from "../commands/command.ts";
import { FIRST_RECORD, LAST_RECORD } from "../commands/sdr.ts";
import { completionCodes } from "../completion-codes.ts";
import { IpmiError } from "../errors.ts";
import { SDR_HEADER_SIZE, sdrHeader } from "../sdr/records.ts";
import { isTooMuch, PortionSize } from "./portions.ts";
import { completionCodeOf, isRefusedWith, pause, type ProcedureOptions } from "./procedure-options.ts";
import type { Reservation } from "./reservation.ts";

/** Get SDR, or Get Device SDR. */
export type ReadPart = Command<
  { readonly reservation: number; readonly recordId: number; readonly offset: number; readonly count: number },
  { readonly nextRecordId: number; readonly data: Uint8Array }
>;

/** Reads the largest of these first: what an IPMI message of the common size holds. */
const SIZES = [33, 24, 16, 8] as const;

/** More records than any BMC has: a chain that goes on beyond never ends. */
const RECORDS_LIMIT = 4096;

/** A repository that is being updated has no answers for a while. */
const UPDATE_ATTEMPTS = 10;
const UPDATE_PAUSE_MS = 300;

/** The records of a repository as they are, and what went wrong. */
export interface RecordChain {
  readonly records: readonly Uint8Array[];
  /** A sentence each. Empty where the chain was read to its end. */
  readonly problems: readonly string[];
  /** False where the BMC refused a record, and with it all that follow: another time it may not. */
  readonly isComplete: boolean;
}

interface ReadRecord {
  readonly bytes: Uint8Array;
  readonly nextRecordId: number;
}

/** Reads records, and remembers from one to the next what the BMC can take. */
export class SdrRecordReader {
  readonly #requester: Requester;
  readonly #command: ReadPart;
  readonly #reservation: Reservation;
  readonly #options: ProcedureOptions;
  readonly #portion = new PortionSize(SIZES);
  /** The BMC refuses to read beyond a record's end: then its header, with the length, is read by itself. */
  #readsHeaderFirst = false;

  constructor(requester: Requester, command: ReadPart, reservation: Reservation, options: ProcedureOptions) {
    this.#requester = requester;
    this.#command = command;
    this.#reservation = reservation;
    this.#options = options;
  }

  /**
   * All records, in the order of their chain. A record that cannot be read ends the chain, for it has the number of the next.
   *
   * @throws IpmiError where the first record cannot be read, and for everything that is about the BMC and not about a record
   */
  async all(): Promise<RecordChain> {
    const records: Uint8Array[] = [];
    const problems: string[] = [];
    const asked = new Set<number>();
    let recordId = FIRST_RECORD;
    let isComplete = true;
    while (recordId !== LAST_RECORD && problems.length === 0) {
      asked.add(recordId);
      const record = await this.#next(recordId, records.length, problems);
      if (!record) {
        isComplete = problems.length === 0;
        break;
      }
      records.push(record.bytes);
      // The first record is asked for as 0, whatever its number.
      if (recordId === FIRST_RECORD && record.bytes.length >= 2)
        asked.add(sdrHeader.decode(padded(record.bytes)).recordId);
      recordId = record.nextRecordId;
      if (recordId !== LAST_RECORD && (asked.has(recordId) || records.length >= RECORDS_LIMIT))
        problems.push(`The chain of SDRs leads from record ${records.length} back to ${hexNumber(recordId, 4)}.`);
    }
    return { records, problems, isComplete };
  }

  async #next(recordId: number, position: number, problems: string[]): Promise<ReadRecord | undefined> {
    try {
      return await this.#patiently(() => this.#reservation.during((id) => this.#record(id, recordId)));
    } catch (error) {
      if (!(error instanceof IpmiError) || completionCodeOf(error) === undefined) throw error;
      // An empty repository has no first record.
      if (position === 0 && isRefusedWith(error, completionCodes.notPresent)) return undefined;
      if (position === 0) throw error;
      problems.push(`SDR ${hexNumber(recordId, 4)} cannot be read: ${error.message}`);
      return undefined;
    }
  }

  async #patiently<T>(read: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await read();
      } catch (error) {
        if (!isRefusedWith(error, completionCodes.sdrUpdating) || attempt === UPDATE_ATTEMPTS) throw error;
        await pause(UPDATE_PAUSE_MS, this.#options);
      }
    }
  }

  /** One record. Bytes beyond the length that it declares are left out; it is short where the BMC sends no more. */
  async #record(reservation: number, recordId: number): Promise<ReadRecord> {
    const { data: start, nextRecordId } = await this.#start(reservation, recordId);
    if (start.length < SDR_HEADER_SIZE) return { bytes: start, nextRecordId };
    const size = SDR_HEADER_SIZE + sdrHeader.decode(start).length;
    if (start.length >= size) return { bytes: start.slice(0, size), nextRecordId };
    const bytes = new Uint8Array(size);
    bytes.set(start);
    let at = start.length;
    while (at < size) {
      const count = Math.min(this.#portion.bytes, size - at);
      const data = await this.#part(reservation, recordId, at, count);
      if (data === undefined) continue;
      if (data.length === 0) return { bytes: bytes.slice(0, at), nextRecordId };
      const part = data.subarray(0, size - at);
      bytes.set(part, at);
      at += part.length;
    }
    return { bytes, nextRecordId };
  }

  /** The beginning of a record, at least its header where the BMC sends that. */
  async #start(reservation: number, recordId: number): Promise<{ data: Uint8Array; nextRecordId: number }> {
    const ask = (count: number) =>
      this.#requester.execute(this.#command, { reservation, recordId, offset: 0, count }, this.#options);
    if (this.#readsHeaderFirst) return ask(SDR_HEADER_SIZE);
    const count = this.#portion.bytes;
    try {
      const { data, nextRecordId } = await ask(count);
      return { data: data.subarray(0, count), nextRecordId };
    } catch (error) {
      if (!isTooMuch(error)) throw error;
      const header = await ask(SDR_HEADER_SIZE);
      const { length } = sdrHeader.decode(padded(header.data));
      // It was asked for more than there is: the size as such may be right.
      if (SDR_HEADER_SIZE + length < count) this.#readsHeaderFirst = true;
      else this.#portion.shrinksFor(error, count);
      return header;
    }
  }

  /** Undefined where it has to be asked again, with fewer bytes. */
  async #part(reservation: number, recordId: number, offset: number, count: number): Promise<Uint8Array | undefined> {
    try {
      const { data } = await this.#requester.execute(
        this.#command,
        { reservation, recordId, offset, count },
        this.#options,
      );
      return data;
    } catch (error) {
      if (this.#portion.shrinksFor(error, count)) return undefined;
      throw error;
    }
  }
}

/** What there is of a header, with zeros behind. */
function padded(start: Uint8Array): Uint8Array {
  if (start.length >= SDR_HEADER_SIZE) return start;
  const bytes = new Uint8Array(SDR_HEADER_SIZE);
  bytes.set(start);
  return bytes;
}
