import type { Clock } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";
import type { CommandContext } from "./backend.ts";
import type { Command } from "./command.ts";
import { DeviceError, type DeviceErrorCode } from "./errors.ts";
import { formatBoardId, formatDeviceId, type BoardId } from "./ids.ts";
import { cancelled } from "./job-queue.ts";

/** A command that has been written down, and may be sent. */
export interface JournalEntry {
  /** Writes down how it ended; resolves when that is written, or will be later. Must not reject. */
  end(outcome: "ok" | Error): Promise<void>;
}

/** Where commands that change something are written down before they are sent, and again with their outcome. */
export interface ControlJournal {
  /** Resolves when the intent is kept. Rejects where it cannot be: then the command is not sent. */
  begin(command: Command, context: CommandContext): Promise<JournalEntry>;
}

/** What the gate lets through. */
export interface ControlPolicy {
  /** Boards that nobody may switch off or cycle: the one that feeds the appliance. */
  readonly protectedBoards: ReadonlySet<BoardId>;
  /** How long a board is left alone between two power actions. */
  readonly powerCooldownMs: number;
}

interface ControlGateOptions {
  readonly clock: Clock;
  readonly policy: ControlPolicy;
  readonly journal?: ControlJournal | undefined;
}

/** A power action that is under way: from when it is let in, while it waits for its turn on the line, to its end. */
interface Running {
  readonly command: Command;
  readonly context: CommandContext;
  readonly sinceMs: number;
}

/** The end of a board's cool-down on the monotonic clock, and what it is for. */
interface Cooling {
  readonly untilMs: number;
  readonly command: Command;
}

/** Failures after which the board is as it was. */
const notSent: ReadonlySet<DeviceErrorCode> = new Set<DeviceErrorCode>([
  "no-such-board",
  "unsupported",
  "busy",
  "cancelled",
  "forbidden",
  "shutting-down",
  "audit-unavailable",
]);

/** Stands in front of the back ends for every command that changes something. What it refuses is not sent. */
export class ControlGate {
  readonly #clock: Clock;
  readonly #journal: ControlJournal | undefined;
  #policy: ControlPolicy;
  readonly #running = new Map<BoardId, Running>();
  /** In the order in which they began, which is that in which they end while the policy stays. */
  readonly #cooling = new Map<BoardId, Cooling>();

  constructor({ clock, policy, journal }: ControlGateOptions) {
    this.#clock = clock;
    this.#policy = policy;
    this.#journal = journal;
  }

  /** Lets through what another policy does, from now on. A cool-down that has begun ends when it would have. */
  adopt(policy: ControlPolicy): void {
    this.#policy = policy;
  }

  /**
   * Sends a command by `send`, when it has been written down. One that the caller no longer waits for is not sent.
   *
   * @throws DeviceError `protected`, `board-busy`, `cooling-down`, `audit-unavailable`, `cancelled`, and what `send` throws
   */
  async carryOut<T>(command: Command, context: CommandContext, send: () => Promise<T>): Promise<T> {
    this.#refuse(command);
    const running = { command, context, sinceMs: this.#clock.wallMs() };
    // LEDs and fans are set as they come: their order does no harm, and the line's queue keeps it.
    if (command.kind === "power") this.#running.set(command.board, running);
    try {
      const entry = await this.#writeDown(command, context);
      return await this.#send(running, send, entry);
    } finally {
      this.#end(running);
    }
  }

  #refuse(command: Command): void {
    const { board } = command;
    if (command.kind === "power" && command.action !== "on" && this.#policy.protectedBoards.has(board)) {
      const message = `Board ${formatBoardId(board)} is protected (control.protected_boards): nobody may switch it off or cycle it.`;
      throw new DeviceError("protected", message, { board });
    }
    const running = this.#running.get(board);
    if (running) throw boardBusy(running);
    if (command.kind !== "power") return;
    const cooling = this.#cooling.get(board);
    const leftMs = cooling ? cooling.untilMs - this.#clock.monotonicMs() : 0;
    if (cooling && leftMs > 0) throw coolingDown(cooling.command, leftMs);
  }

  async #writeDown(command: Command, context: CommandContext): Promise<JournalEntry | undefined> {
    try {
      return await this.#journal?.begin(command, context);
    } catch (error) {
      const message = `The command was not sent, because it could not be written down first: ${toError(error).message}.`;
      throw new DeviceError("audit-unavailable", message, { board: command.board }, { cause: error });
    }
  }

  async #send<T>(running: Running, send: () => Promise<T>, entry: JournalEntry | undefined): Promise<T> {
    const { command, context } = running;
    const sent = context.signal.aborted ? Promise.reject<T>(cancelled()) : Promise.try(send);
    const outcome = await sent.then(
      () => "ok" as const,
      (error: unknown) => toError(error),
    );
    if (command.kind === "power" && !isUntouched(outcome)) this.#coolDown(command);
    // The outcome is on its way before the next command's intent can be: the board is free from here on.
    const written = entry?.end(outcome);
    this.#end(running);
    await written;
    return sent;
  }

  /** Frees the board; another command may have it already. */
  #end(running: Running): void {
    const { board } = running.command;
    if (this.#running.get(board) === running) this.#running.delete(board);
  }

  #coolDown(command: Command): void {
    const { powerCooldownMs } = this.#policy;
    if (powerCooldownMs <= 0) return;
    const nowMs = this.#clock.monotonicMs();
    for (const [board, { untilMs }] of this.#cooling) {
      if (untilMs > nowMs) break;
      this.#cooling.delete(board);
    }
    this.#cooling.delete(command.board);
    this.#cooling.set(command.board, { untilMs: nowMs + powerCooldownMs, command });
  }
}

const isUntouched = (outcome: "ok" | Error) => outcome instanceof DeviceError && notSent.has(outcome.code);

/** `power cycle of device 0001`. */
function nameOf(command: Command): string {
  const what = command.kind === "power" ? `power ${command.action}` : `setting of ${command.kind}`;
  return "device" in command ? `${what} of device ${formatDeviceId(command.device)}` : what;
}

function boardBusy({ command, context: { caller, requestId }, sinceMs }: Running): DeviceError {
  const since = new Date(sinceMs).toISOString();
  const message = `Board ${formatBoardId(command.board)} is busy with a power command: ${nameOf(command)}, by ${caller.name}, request ${requestId}, since ${since}. This one was not sent.`;
  return new DeviceError("board-busy", message, { board: command.board });
}

function coolingDown(command: Command, leftMs: number): DeviceError {
  const retryAfterS = Math.max(1, Math.ceil(leftMs / 1000));
  const message = `Board ${formatBoardId(command.board)} is left alone for a moment after a power command (${nameOf(command)}): try again in ${retryAfterS} s. This one was not sent.`;
  return new DeviceError("cooling-down", message, { board: command.board, retryAfterS });
}
