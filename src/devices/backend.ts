import type { BoardRecord, Command, CommandKind, CommandResult } from "./command.ts";
import type { Caller } from "./caller.ts";
import type { BoardId } from "./ids.ts";

/** Who is waiting for a command, and how they say that they no longer do. */
export interface CommandContext {
  /** Aborted when the caller has gone: a command that still waits is not sent any more. */
  readonly signal: AbortSignal;
  /** Stands in every log line that the command causes. */
  readonly requestId: string;
  /** Who asks, and what they may do. */
  readonly caller: Caller;
  /** The address of who asks, where it is known. */
  readonly remote?: string | undefined;
  /** Method and path of the request, where there is one. */
  readonly route?: string | undefined;
}

/** Whether one way to the hardware works: a serial line with all its boards, or a BMC. */
export interface LinkHealth {
  /** What people know it by: /dev/ttyAMA0, 192.0.2.10. */
  readonly name: string;
  /** The board, where the link leads to one alone. */
  readonly board?: BoardId;
  /** `starting` until it has answered or failed for the first time. */
  readonly state: "starting" | "up" | "down";
  /** Since when it has been in this state, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** What failed last; with `down` always there. */
  readonly lastError?: string;
}

/** A way to reach boards. It knows nothing of HTTP. Everything it throws for a command is a DeviceError. */
export interface Backend {
  /** Short, for logs: `bus`, `ipmi`. */
  readonly name: string;
  /** True where this back end answers for the board, whether or not the board is there. */
  owns(board: BoardId): boolean;
  /** Every link that it uses, without asking anyone. */
  health(): readonly LinkHealth[];
  /** Everything that can be reached. */
  scanAll(context: CommandContext): Promise<readonly BoardRecord[]>;
  execute<K extends CommandKind>(command: Command<K>, context: CommandContext): Promise<CommandResult<K>>;
}
