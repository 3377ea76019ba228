import { readFile } from "node:fs/promises";
import { Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { replaceFile } from "../lib/atomic-file.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";

/** Uses are written together, this long after the first one: a Pi's card does not last for ever. */
const WRITE_AFTER_MS = 300_000;

const useSchema = Type.Object({
  version: Type.Literal(1),
  /** Times by the ids of tokens, ISO 8601. */
  uses: Type.Record(Type.String(), Type.String()),
});

/** When each token was last used, by its id; nothing where that is not known. */
export async function readTokenUses(path: string): Promise<ReadonlyMap<string, string>> {
  try {
    const document: unknown = JSON.parse(await readFile(path, "utf8"));
    return new Map(Value.Check(useSchema, document) ? Object.entries(document.uses) : []);
  } catch {
    // It is a convenience: one that is missing or damaged is written anew.
    return new Map();
  }
}

/** Remembers when tokens were used, and writes it down from time to time. */
export class TokenUse {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #failed: (error: Error) => void;
  readonly #isKept: (id: string) => boolean;
  readonly #uses = new Map<string, number>();
  #timer: Timer | undefined;
  #writing = Promise.resolve();

  /**
   * @param isKept whether there is still a token with this id
   * @param failed told when it could not be written
   */
  constructor(path: string, clock: Clock, isKept: (id: string) => boolean, failed: (error: Error) => void) {
    this.#path = path;
    this.#clock = clock;
    this.#isKept = isKept;
    this.#failed = failed;
  }

  note(id: string): void {
    this.#uses.set(id, this.#clock.wallMs());
    this.#timer ??= this.#clock.after(WRITE_AFTER_MS, () => void this.flush());
  }

  /** Writes what there is to write. */
  flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    return (this.#writing = this.#writing.then(() => this.#write()));
  }

  async #write(): Promise<void> {
    if (this.#uses.size === 0) return;
    const noted = [...this.#uses];
    const news = noted.map(([id, atMs]) => [id, new Date(atMs).toISOString()] as const);
    this.#uses.clear();
    const all = [...(await readTokenUses(this.#path)), ...news].filter(([id]) => this.#isKept(id));
    try {
      await replaceFile(this.#path, `${JSON.stringify({ version: 1, uses: Object.fromEntries(all) })}\n`, 0o640);
    } catch (error) {
      for (const [id, atMs] of noted) if (!this.#uses.has(id)) this.#uses.set(id, atMs);
      this.#failed(toError(error));
    }
  }
}
