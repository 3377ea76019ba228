import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Type, type Static } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { replaceFile } from "../lib/atomic-file.ts";
import { toError } from "../lib/to-error.ts";

const texts = Type.Record(Type.String(), Type.String());

/** The form of a cache file. A file of another version is none. */
const keptSchema = Type.Object({
  version: Type.Literal(1),
  /** Firmware and device, as `firmwareOf` spells them: SDRs of another firmware say nothing. */
  firmware: Type.String(),
  /** Of the repository, when the SDRs were read. */
  sdrStamp: Type.String(),
  /** Whole records, base64. */
  sdrs: Type.Array(Type.String()),
  /** Device ids by sensors' keys. */
  deviceIds: Type.Record(Type.String(), Type.Integer({ minimum: 0, maximum: 0xffff })),
  /** What FRU device 0 said. */
  asset: Type.Optional(
    Type.Object({
      board: Type.Optional(texts),
      chassis: Type.Optional(texts),
      product: Type.Optional(texts),
      /** Milliseconds since 1970. */
      readAtMs: Type.Number(),
    }),
  ),
  /** True where the BMC is known never to say that a boot selection is valid. */
  ignoresBootValidity: Type.Optional(Type.Boolean()),
});

/** What is kept of a BMC from one start to the next. It holds no secret. */
export type KeptInventory = Static<typeof keptSchema>;

/** Where inventories of BMCs are kept. */
export interface InventoryStore {
  /** What was kept of the BMC at an address; undefined where there is nothing, or nothing that can be used. */
  load(address: string): Promise<KeptInventory | undefined>;
  /** @throws what the system says */
  save(address: string, kept: KeptInventory): Promise<void>;
}

/** Keeps nothing. */
export const noStore: InventoryStore = {
  load: () => Promise.resolve(undefined),
  save: () => Promise.resolve(),
};

/** A name that any address makes, and no two make the same: what is no plain character is percent-encoded. */
const fileNameOf = (address: string) => `${encodeURIComponent(address.toLowerCase()).replaceAll("*", "%2A")}.json`;

/** Inventories as files in a directory, a file for each BMC. */
export class InventoryCache implements InventoryStore {
  readonly #directory: string;
  readonly #damaged: (path: string, reason: Error) => void;
  /** Saves under way by path: of two of the same BMC, the later one comes later. */
  readonly #saves = new Map<string, Promise<void>>();

  /** @param damaged told of files that cannot be used; they are written anew when the BMC has been read */
  constructor(directory: string, damaged: (path: string, reason: Error) => void) {
    this.#directory = directory;
    this.#damaged = damaged;
  }

  async load(address: string): Promise<KeptInventory | undefined> {
    const path = this.#pathOf(address);
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if (!isMissing(error)) this.#damaged(path, toError(error));
      return undefined;
    }
    try {
      const kept: unknown = JSON.parse(text);
      if (Value.Check(keptSchema, kept)) return kept;
      this.#damaged(path, new TypeError("it has another form than expected"));
    } catch (error) {
      this.#damaged(path, toError(error));
    }
    return undefined;
  }

  /** Writes as `replaceFile` does: whoever reads, even after a power cut, finds the old one or the new. */
  save(address: string, kept: KeptInventory): Promise<void> {
    const path = this.#pathOf(address);
    const replace = () => replaceFile(path, JSON.stringify(kept), 0o640);
    // How the earlier one went is told to its own caller.
    const saved = (this.#saves.get(path) ?? Promise.resolve()).then(replace, replace);
    this.#saves.set(path, saved);
    const forget = () => {
      if (this.#saves.get(path) === saved) this.#saves.delete(path);
    };
    saved.then(forget, forget);
    return saved;
  }

  #pathOf(address: string): string {
    return join(this.#directory, fileNameOf(address));
  }
}

const isMissing = (error: unknown) => error instanceof Error && "code" in error && error.code === "ENOENT";
