import type { BoardRecord, Command, CommandKind, CommandResult } from "./command.ts";
import type { BoardId } from "./ids.ts";

/** Who is waiting for a command, and how they say that they no longer do. */
export interface CommandContext {
  /** Aborted when the caller has gone: a command that still waits is not sent any more. */
  readonly signal: AbortSignal;
  /** Stands in every log line that the command causes. */
  readonly requestId: string;
  /** The address of who asks, where it is known. */
  readonly remote?: string | undefined;
}

/** A way to reach boards. It knows nothing of HTTP. Everything it throws for a command is a DeviceError. */
export interface Backend {
  /** Short, for logs: `bus`, `ipmi`. */
  readonly name: string;
  /** True where this back end answers for the board, whether or not the board is there. */
  owns(board: BoardId): boolean;
  /** Everything that can be reached. */
  scanAll(context: CommandContext): Promise<readonly BoardRecord[]>;
  execute<K extends CommandKind>(command: Command<K>, context: CommandContext): Promise<CommandResult<K>>;
}
