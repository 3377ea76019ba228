import { toError } from "../lib/to-error.ts";
import type { Backend, CommandContext, LinkHealth } from "./backend.ts";
import type { BoardRecord, Command, CommandKind, CommandResult } from "./command.ts";
import type { BoardId } from "./ids.ts";

/** What is known of a back end before it is there. */
interface Announcement {
  readonly name: string;
  /** True for every board that may turn out to be its own. */
  owns(board: BoardId): boolean;
  /** When it began to be made, in milliseconds since 1970. */
  readonly sinceMs: number;
}

/** A back end that is still being made while others serve already. Whoever asks it something waits until it is there. */
export class DeferredBackend implements Backend {
  readonly name: string;
  readonly #announcement: Announcement;
  readonly #made: Promise<Backend>;
  #backend: Backend | undefined;
  #failure: Error | undefined;

  constructor(announcement: Announcement, made: Promise<Backend>) {
    this.name = announcement.name;
    this.#announcement = announcement;
    this.#made = made;
    made.then(
      (backend) => (this.#backend = backend),
      (error: unknown) => (this.#failure = toError(error)),
    );
  }

  owns(board: BoardId): boolean {
    return (this.#backend ?? this.#announcement).owns(board);
  }

  health(): readonly LinkHealth[] {
    if (this.#backend) return this.#backend.health();
    const { name, sinceMs } = this.#announcement;
    const failure = this.#failure;
    return [
      failure ? { name, sinceMs, state: "down", lastError: failure.message } : { name, sinceMs, state: "starting" },
    ];
  }

  async scanAll(context: CommandContext): Promise<readonly BoardRecord[]> {
    return (await this.#made).scanAll(context);
  }

  async execute<K extends CommandKind>(command: Command<K>, context: CommandContext): Promise<CommandResult<K>> {
    return (await this.#made).execute(command, context);
  }
}
