import { rename, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { syncFolder } from "../../lib/folder.ts";
import { isStillAt } from "../../lib/lock-file.ts";
import type { ChainWalker } from "./chain-walker.ts";
import { archiveName, archivesOf, headPath } from "./file-names.ts";
import { AuditHead } from "./head.ts";
import { makePrivateFile, openPrivateFile } from "./private-file.ts";
import { encodeLine, genesis, type ChainEnd, type LineContent } from "./record.ts";
import { walkTail } from "./tail.ts";

/** Told of what happens to the file beyond the writing of lines. Must not throw. */
export interface AuditFileEvents {
  /** Damaged bytes after the last sound line were set aside, as a power cut leaves them. */
  repaired(path: string, skippedBytes: number): void;
  /** What is in the file, from this byte on, is not as it was written, though its end is. */
  changed(path: string, offset: number): void;
  /** Lines that were on the disk are gone: somebody has cut the trail. */
  cut(path: string, expected: ChainEnd, found: ChainEnd): void;
  rotated(path: string, archive: string): void;
}

export interface AuditFileOptions {
  readonly path: string;
  /** A file that has become longer is put aside, and another begun. */
  readonly rotateBytes: number;
  readonly clock: Clock;
  readonly events: AuditFileEvents;
}

/** The file that is written, and how far it has been. */
interface OpenFile {
  readonly file: FileHandle;
  size: number;
}

/**
 * The files of an audit trail, as one end that lines are appended to. Other processes may append, too: each holds the lock of the head
 * file while it writes, and looks first whether the others have.
 */
export class AuditFile {
  readonly #options: AuditFileOptions;
  readonly #head: AuditHead;
  #open: OpenFile | undefined;
  #last: ChainEnd = genesis;

  constructor(options: AuditFileOptions) {
    this.#options = options;
    this.#head = new AuditHead(headPath(options.path), options.clock);
  }

  /**
   * Appends lines; they are on the disk when this resolves. One call at a time.
   *
   * @throws AuditLockError, FileLockError, what node:fs throws: then none of them counts as written
   */
  async append(contents: readonly LineContent[]): Promise<readonly ChainEnd[]> {
    await using held = new AsyncDisposableStack();
    held.use(await this.#head.lock());
    const open = await this.#catchUp();
    const current = open.size >= this.#options.rotateBytes ? await this.#rotate(open) : open;
    // Waited for here: what is held is given back when this returns.
    return await this.#write(current, contents);
  }

  async close(): Promise<void> {
    await this.#forget();
    await this.#head.close();
  }

  /** The file as it is now, with whatever others have done to it since. */
  async #catchUp(): Promise<OpenFile> {
    const { path } = this.#options;
    if (this.#open) {
      const { file, size } = this.#open;
      if ((await isStillAt(path, file)) && (await file.stat()).size === size) return this.#open;
      await this.#forget();
    }
    const file = (await openPrivateFile(path, "append")) ?? (await makePrivateFile(path, "append"));
    // Only who holds the lock makes it.
    if (!file) throw new TypeError(`${path} is neither there nor can it be made`);
    try {
      const { size } = await file.stat();
      const head = await this.#head.read();
      const walker = await walkTail(file, size, head);
      this.#last = walker.last ?? (await this.#endOfArchives());
      if (walker.changedAt !== undefined) this.#options.events.changed(path, walker.changedAt);
      const open = { file, size };
      await this.#repair(open, walker, head);
      this.#open = open;
      return open;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The end of what has been put aside: what the first line of a new file builds on. */
  async #endOfArchives(): Promise<ChainEnd> {
    const newest = (await archivesOf(this.#options.path)).at(-1);
    const file = newest === undefined ? undefined : await openPrivateFile(newest, "append");
    if (!file) return genesis;
    try {
      return (await walkTail(file, (await file.stat()).size)).last ?? genesis;
    } finally {
      await file.close();
    }
  }

  /** Has a line say what of the file's end does not count, and how far the trail once went where it has been cut. */
  async #repair(open: OpenFile, { gap, soundBytes }: ChainWalker, head: ChainEnd | undefined): Promise<void> {
    const { path, clock, events } = this.#options;
    const last = this.#last;
    const isCut = head !== undefined && (head.seq > last.seq || (head.seq === last.seq && head.hash !== last.hash));
    if (!gap && !isCut) return;
    const lineEnd = gap && !gap.endsLine ? "\n" : "";
    const skipped = gap ? open.size - soundBytes + lineEnd.length : 0;
    const fields = {
      skipped_bytes: skipped,
      ...(gap && { skipped_sha256: gap.digestWith(lineEnd) }),
      ...(isCut && { cut_seq: head.seq, cut_hash: head.hash }),
    };
    await this.#write(open, [{ phase: "repair", timeMs: clock.wallMs(), fields }], lineEnd);
    if (gap) events.repaired(path, skipped);
    if (isCut) events.cut(path, head, last);
  }

  async #rotate({ file }: OpenFile): Promise<OpenFile> {
    const { path, clock, events } = this.#options;
    const archive = archiveName(path, clock.wallMs(), this.#last.seq);
    if (await stat(archive).catch(() => undefined)) throw new TypeError(`${archive} is there already`);
    await rename(path, archive);
    await syncFolder(dirname(path));
    this.#open = undefined;
    await file.close();
    events.rotated(path, archive);
    return this.#catchUp();
  }

  async #write(open: OpenFile, contents: readonly LineContent[], lead = ""): Promise<readonly ChainEnd[]> {
    let text = lead;
    let last = this.#last;
    const ends = contents.map((content) => {
      const line = encodeLine(content, last);
      text += line.text;
      last = { seq: line.seq, hash: line.hash };
      return last;
    });
    const bytes = Buffer.from(text);
    try {
      for (let at = 0; at < bytes.length;) at += (await open.file.write(bytes, at)).bytesWritten;
      await open.file.datasync();
    } catch (error) {
      // Nobody has been told of these lines. Where they cannot be taken back, the next one to write sets aside what is half of one; an
      // intent that stands whole ends as unknown, though its act was refused.
      await open.file.truncate(open.size).catch(() => undefined);
      if (this.#open === open) await this.#forget();
      throw error;
    }
    open.size += bytes.length;
    this.#last = last;
    // It only serves those who look for a cut: that it cannot be written is no reason to refuse anything.
    await this.#head.write(last).catch(() => undefined);
    return ends;
  }

  async #forget(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.file.close();
  }
}
