import { toError } from "../lib/to-error.ts";
import type { Backend, CommandContext, LinkHealth } from "./backend.ts";
import type { BoardRecord, Command, CommandKind, CommandResult } from "./command.ts";
import type { BoardId } from "./ids.ts";

/** A back end that is not there yet. */
interface Announcement {
  readonly name: string;
  /** True for every board that may turn out to be its own. */
  owns(board: BoardId): boolean;
  /** Since when it has been announced, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** Makes it, when somebody asks for the first time. */
  make(): Promise<Backend>;
}

/** A back end that is made when somebody asks for it. Whoever does waits until it is there. */
export class DeferredBackend implements Backend {
  readonly name: string;
  readonly #announcement: Announcement;
  #made: Promise<Backend> | undefined;
  #backend: Backend | undefined;
  #failure: Error | undefined;

  constructor(announcement: Announcement) {
    this.name = announcement.name;
    this.#announcement = announcement;
  }

  owns(board: BoardId): boolean {
    return (this.#backend ?? this.#announcement).owns(board);
  }

  health(): readonly LinkHealth[] {
    if (this.#backend) return this.#backend.health();
    void this.#make();
    const { name, sinceMs } = this.#announcement;
    const failure = this.#failure;
    return [
      failure ? { name, sinceMs, state: "down", lastError: failure.message } : { name, sinceMs, state: "starting" },
    ];
  }

  async scanAll(context: CommandContext): Promise<readonly BoardRecord[]> {
    return (await this.#make()).scanAll(context);
  }

  async execute<K extends CommandKind>(command: Command<K>, context: CommandContext): Promise<CommandResult<K>> {
    return (await this.#make()).execute(command, context);
  }

  #make(): Promise<Backend> {
    if (this.#made) return this.#made;
    this.#made = this.#announcement.make();
    this.#made.then(
      (backend) => (this.#backend = backend),
      (error: unknown) => (this.#failure = toError(error)),
    );
    return this.#made;
  }
}
