import type { Clock, Timer } from "../../lib/clock.ts";
import { toError } from "../../lib/to-error.ts";
import { AuditError, type Audit, type AuditAct, type AuditedAct } from "./audit.ts";
import { AuditFile, type AuditFileEvents, type AuditFileOptions } from "./audit-file.ts";
import { membersOf, type AuditLine, type ChainEnd, type LineContent } from "./record.ts";

/** What lines are appended to. */
export interface AuditSink {
  /** Resolves when all of them are on the disk; of lines for which it rejects, none is. */
  append(contents: readonly LineContent[]): Promise<readonly ChainEnd[]>;
  close(): Promise<void>;
}

/** Told when writing begins to fail, and when it works again. Must not throw. */
export interface AuditTrailEvents {
  unavailable(reason: AuditError): void;
  available(): void;
}

/** A line on its way to the disk. */
interface Pending {
  readonly content: LineContent;
  /** True for what has happened: it is written as soon as it can be. */
  readonly mustLand: boolean;
  resolve(end: ChainEnd): void;
  reject(error: AuditError): void;
}

/** Lines that are written at once, and flushed together, at most: one megabyte where every text is as long as it may be. */
const MOST_AT_ONCE = 64;
/** When outcomes that could not be written are tried again, if nothing else is written before. */
const RETRY_AFTER_MS = 5000;

const ignore = () => undefined;

/** Writes acts down, in the order in which they come. Those that come while others are being flushed are flushed together. */
export class AuditTrail implements Audit {
  readonly #sink: AuditSink;
  readonly #clock: Clock;
  readonly #events: AuditTrailEvents;
  #waiting: Pending[] = [];
  #isWriting = false;
  #written = Promise.resolve();
  #retry: Timer | undefined;
  #isFailing = false;

  constructor(sink: AuditSink, clock: Clock, events: AuditTrailEvents) {
    this.#sink = sink;
    this.#clock = clock;
    this.#events = events;
  }

  async begin(act: AuditAct): Promise<AuditedAct> {
    const members = membersOf(act);
    const { seq } = await this.#submit({ phase: "intent", timeMs: this.#clock.wallMs(), fields: members }, false);
    return {
      end: async (result) => {
        const fields = { ...members, intent: seq, result };
        await this.#submit({ phase: "outcome", timeMs: this.#clock.wallMs(), fields }, true);
      },
    };
  }

  /** Writes down that nobody will ever know how an act ended: one whose intent an earlier process wrote. @throws AuditError */
  async endUnknown({ seq: intent, members }: AuditLine): Promise<void> {
    const act = Object.entries(members).filter(([name]) => !lineMembers.has(name));
    const fields = { ...Object.fromEntries(act), intent, result: "unknown" };
    await this.#submit({ phase: "outcome", timeMs: this.#clock.wallMs(), fields }, true);
  }

  /** Writes what still can be written, and closes the files. */
  async close(): Promise<void> {
    this.#write();
    // After a failure another write may have begun.
    while (this.#isWriting) await this.#written;
    this.#retry?.cancel();
    await this.#sink.close();
  }

  #submit(content: LineContent, mustLand: boolean): Promise<ChainEnd> {
    const written = new Promise<ChainEnd>((resolve, reject) => {
      this.#waiting.push({ content, mustLand, resolve, reject });
    });
    this.#write();
    return written;
  }

  #write(): void {
    if (this.#isWriting || this.#waiting.length === 0) return;
    this.#isWriting = true;
    this.#retry?.cancel();
    this.#written = this.#writeAll();
  }

  /** Never rejects. */
  async #writeAll(): Promise<void> {
    // Whoever comes in the same turn is in the same portion.
    await Promise.resolve();
    let isSound = true;
    while (isSound && this.#waiting.length > 0)
      isSound = await this.#writePortion(this.#waiting.splice(0, MOST_AT_ONCE));
    this.#isWriting = false;
    // Whoever has come since the failure learns at once whether it goes on.
    if (this.#waiting.some(({ mustLand }) => !mustLand)) this.#write();
    else if (this.#waiting.length > 0) this.#retry = this.#clock.after(RETRY_AFTER_MS, () => this.#write());
  }

  async #writePortion(portion: readonly Pending[]): Promise<boolean> {
    try {
      const ends = await this.#sink.append(portion.map(({ content }) => content));
      if (this.#isFailing) this.#events.available();
      this.#isFailing = false;
      for (const [index, end] of ends.entries()) portion[index]?.resolve(end);
      return true;
    } catch (error) {
      this.#fail([...portion, ...this.#waiting], unavailable(toError(error)));
      return false;
    }
  }

  /** Refuses everything that waits. What has happened already is kept for later. */
  #fail(pending: readonly Pending[], error: AuditError): void {
    if (!this.#isFailing) this.#events.unavailable(error);
    this.#isFailing = true;
    this.#waiting = pending.flatMap(({ content, mustLand }) =>
      mustLand ? [{ content, mustLand, resolve: ignore, reject: ignore }] : [],
    );
    for (const one of pending) one.reject(error);
  }
}

/** What the usual failures of a disk are in words. */
const reasons: ReadonlyMap<unknown, string> = new Map([
  ["ENOSPC", "the disk is full"],
  ["EDQUOT", "the disk quota is used up"],
  ["EFBIG", "the file may not become larger"],
  ["EROFS", "the disk is read-only"],
  ["EACCES", "the system does not permit it"],
  ["EPERM", "the system does not permit it"],
  ["EIO", "the disk fails"],
]);

function unavailable(cause: Error): AuditError {
  const reason = reasons.get("code" in cause ? cause.code : undefined) ?? cause.message;
  return new AuditError(`the audit trail cannot be written: ${reason}`, { cause });
}

/** Members of a line that are its own, not those of its act. */
const lineMembers: ReadonlySet<string> = new Set(["seq", "time", "phase", "prev", "hash"]);

/** What a trail in files needs. */
interface AuditTrailOptions extends AuditFileOptions {
  readonly events: AuditFileEvents & AuditTrailEvents;
}

/** A trail in files. Nothing is opened before something is written. */
export const openAuditTrail = (options: AuditTrailOptions): AuditTrail =>
  new AuditTrail(new AuditFile(options), options.clock, options.events);
