import { ChainWalker, type Gap } from "./chain-walker.ts";
import { readLines } from "./line-reader.ts";
import { readable } from "./readable.ts";
import { genesis, type AuditLine, type ChainEnd } from "./record.ts";
import type { Snapshot, SnapshotFile } from "./snapshot.ts";

/** Where a chain breaks, in words. */
interface ChainBreak {
  readonly file: string;
  /** From 1 on. */
  readonly lineNumber: number;
  readonly expected: string;
  readonly found: string;
}

/** What was found in files of an audit trail. */
export interface Verification {
  /** How many lines follow each other, up to the first break. */
  readonly lines: number;
  readonly first: ChainEnd | undefined;
  readonly last: ChainEnd | undefined;
  /** What is no mistake, but worth knowing: places that a power cut has damaged, a beginning that is not here. */
  readonly notes: readonly string[];
  /** The first place where the chain breaks. */
  readonly break: ChainBreak | undefined;
}

/** Looks whether all lines are there, and as they were written. */
export async function verify({ files, head }: Snapshot): Promise<Verification> {
  const verifier = new Verifier(head);
  for (const file of files) {
    await verifier.read(file);
    if (verifier.break) break;
  }
  verifier.end();
  return verifier;
}

const endOf = ({ seq, hash }: ChainEnd) => `line number (seq) ${seq}, with hash ${hash}`;

class Verifier implements Verification {
  lines = 0;
  first: AuditLine | undefined;
  last: ChainEnd | undefined;
  break: ChainBreak | undefined;
  readonly notes: string[] = [];
  readonly #head: ChainEnd | undefined;
  #file = "";
  #nextLine = 1;

  constructor(head: ChainEnd | undefined) {
    this.#head = head;
  }

  async read({ path, file, size }: SnapshotFile): Promise<void> {
    this.#file = path;
    const walker = new ChainWalker({ before: this.last });
    for await (const raw of readLines(file, 0, size)) {
      const { lineNumber } = walker;
      const line = walker.take(raw);
      if (line) this.#take(line, lineNumber);
      if (this.break) return;
    }
    this.#nextLine = walker.lineNumber;
    if (walker.gap) this.#breakAt(walker.gap);
  }

  /** Looks whether the trail goes as far as its head says. */
  end(): void {
    if (this.break) return;
    if (this.first && this.first.seq > 1)
      this.notes.push(`the files begin with line number ${this.first.seq}: what came before it is not among them`);
    const head = this.#head;
    if (!head) this.notes.push("whether lines are missing at the end is not known: there is no head file beside these");
    else if (head.seq > (this.last?.seq ?? 0))
      this.#breakAt({ lineNumber: this.#nextLine, expected: endOf(head), found: "the end of the file" });
  }

  #take(line: AuditLine, lineNumber: number): void {
    this.lines++;
    this.last = line;
    if (!this.first) {
      this.first = line;
      if (line.seq === 1 && line.prev !== genesis.hash)
        this.#breakAt({
          lineNumber,
          expected: `a first line with prev ${genesis.hash}`,
          found: `prev ${readable(line.prev)}`,
        });
    }
    if (line.seq === this.#head?.seq && line.hash !== this.#head.hash)
      this.#breakAt({ lineNumber, expected: endOf(this.#head), found: endOf(line) });
    if (line.members["phase"] === "repair") this.#takeRepair(line, lineNumber);
  }

  #takeRepair({ members }: AuditLine, lineNumber: number): void {
    const { skipped_bytes: skipped, cut_seq: cutSeq, cut_hash: cutHash, time } = members;
    if (typeof cutSeq === "number") {
      const found = `a line that says, at ${readable(time)}, that the trail had gone up to there and was cut`;
      this.#breakAt({
        lineNumber,
        expected: `lines up to number (seq) ${cutSeq}, with hash ${readable(cutHash)}`,
        found,
      });
    } else {
      const bytes = `${readable(skipped)} bytes of a damaged end were set aside`;
      this.notes.push(`${this.#file}:${lineNumber}: ${bytes} at ${readable(time)}, as a power cut leaves them`);
    }
  }

  #breakAt({ lineNumber, expected, found }: Pick<Gap, "lineNumber" | "expected" | "found">): void {
    this.break ??= { file: this.#file, lineNumber, expected, found };
  }
}
