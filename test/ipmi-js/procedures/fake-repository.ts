import type { Decoded } from "../../../src/ipmi-js/bytes/layout.ts";
import { getSdr, getSdrRepositoryInfo, reserveSdrRepository } from "../../../src/ipmi-js/commands/sdr.ts";
import { Refusal, ScriptedRequester } from "../../support/scripted-requester.ts";

export interface RepositoryManners {
  /** Bytes that are sent at once, and what is said of more. */
  readonly limit?: number;
  readonly tooMuch?: number;
  /** Said of reads beyond a record's end; without it they end there. */
  readonly beyondEnd?: number;
  /** Bytes sent behind each answer. */
  readonly surplus?: number;
  /** The reservation is cancelled before the nth read. */
  readonly cancelledBefore?: (read: number) => boolean;
  readonly refusesReserve?: number;
  /** What follows a record, by its position; by default the next one. */
  readonly following?: (position: number) => number;
  /** Says this of a record, by its position. */
  readonly refuses?: (position: number) => number | undefined;
}

type PartRequest = Decoded<typeof getSdr.request>;

const idOf = (record: Uint8Array | undefined) => (record ? record[0]! | (record[1]! << 8) : 0xffff);

/** An SDR repository with bad manners. */
export class FakeRepository extends ScriptedRequester {
  readonly #records: readonly Uint8Array[];
  readonly #manners: RepositoryManners;
  #reservation = 0x10;
  #reads = 0;
  lastAddition = 1000;

  constructor(records: readonly Uint8Array[], manners: RepositoryManners = {}) {
    super();
    this.#records = records;
    this.#manners = manners;
    this.on(getSdrRepositoryInfo, () => ({
      version: "1.5",
      records: records.length,
      freeBytes: 0xffff,
      lastAddition: this.lastAddition,
      lastErase: 0,
      hasOverflowed: false,
      updateMode: "unspecified",
      canDelete: false,
      canAddPartially: false,
      canReserve: true,
      canTellAllocation: false,
    }));
    this.on(reserveSdrRepository, () => {
      if (manners.refusesReserve !== undefined) return new Refusal(manners.refusesReserve);
      return { reservation: ++this.#reservation };
    });
    this.on(getSdr, (request) => this.#refusal(request) ?? this.#read(request));
  }

  #record(recordId: number): { position: number; record: Uint8Array | undefined } {
    const position = recordId === 0 ? 0 : this.#records.findIndex((record) => idOf(record) === recordId);
    return { position, record: this.#records[position] };
  }

  #refusal({ reservation, recordId, offset, count }: PartRequest): Refusal | undefined {
    const { cancelledBefore, refusesReserve, refuses, limit = 255, tooMuch = 0xca, beyondEnd } = this.#manners;
    if (cancelledBefore?.(++this.#reads)) this.#reservation++;
    const current = refusesReserve === undefined ? this.#reservation : 0;
    if (reservation !== current && (offset > 0 || cancelledBefore)) return new Refusal(0xc5);
    const { position, record } = this.#record(recordId);
    if (!record) return new Refusal(0xcb);
    const code = refuses?.(position);
    if (code !== undefined) return new Refusal(code);
    if (count > limit) return new Refusal(tooMuch);
    return beyondEnd !== undefined && offset + count > record.length ? new Refusal(beyondEnd) : undefined;
  }

  #read({ recordId, offset, count }: PartRequest) {
    const { position, record } = this.#record(recordId);
    const data = record?.slice(offset, offset + count) ?? new Uint8Array();
    const surplus = new Uint8Array(this.#manners.surplus ?? 0).fill(0xee);
    const next = this.#manners.following?.(position) ?? position + 1;
    return { nextRecordId: idOf(this.#records[next]), data: Uint8Array.of(...data, ...surplus) };
  }
}
