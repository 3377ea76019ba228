import type { LineInfo } from "../../gpio/wire-forms.ts";
import type { BmcDefinition } from "../../ipmi/bmc-definition.ts";
import type { Ownership, SystemUser } from "./service-user.ts";

/** What there is at a path, links followed. */
export interface PathFacts extends Ownership {
  readonly kind: "file" | "folder" | "character-device" | "other";
}

/** A process that has a file open. */
export interface Holder {
  readonly pid: number;
  /** As the kernel has it, cut at 15 characters. */
  readonly name: string;
}

/** A GPIO chip, and those of the lines asked for that somebody has. */
export interface GpioFacts {
  readonly path: string;
  readonly taken: readonly Pick<LineInfo, "offset" | "consumer">[];
}

/** How a BMC has taken to being asked. */
export type BmcHealth =
  | { readonly kind: "ok"; readonly cipherSuite: number | undefined }
  /** It answers nothing at all. */
  | { readonly kind: "silent"; readonly message: string }
  /** It answers to a ping, and lets nobody in. */
  | { readonly kind: "no-session"; readonly message: string }
  | { readonly kind: "refused"; readonly message: string }
  /** It has no room for another session. */
  | { readonly kind: "full"; readonly message: string };

/** What the checks see of the machine. Nothing here changes anything. */
export interface Machine {
  /** The user that the service runs as. */
  readonly user: SystemUser;
  readonly isRoot: boolean;
  /** Undefined where there is nothing. @throws what node:fs throws, EACCES where a folder on the way may not be searched */
  facts(path: string): PathFacts | undefined;
  groupName(gid: number): string;
  /** The device behind a name such as /dev/serial0. */
  realPath(path: string): string;
  /** Processes that have a file open, as far as this user may see them. */
  holdersOf(path: string): readonly Holder[];
  isReadOnly(path: string): boolean;
  freeBytes(path: string): number;
  /** The GPIO chip with lines at these places. @throws GpioError */
  findGpio(chip: string | null, pins: readonly (number | string)[]): GpioFacts;
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** When the program was built, in milliseconds since 1970; undefined where that is not known. */
  readonly builtMs: number | undefined;
  /** Undefined where nobody here can say. */
  isClockSynchronised(): Promise<boolean | undefined>;
  /** Opens a session and closes it; sends no command that changes anything. */
  tryBmc(definition: BmcDefinition): Promise<BmcHealth>;
  /** Requests a page and returns status and text. @throws Error where nobody answers */
  get(url: string): Promise<{ readonly status: number; readonly text: string }>;
}
