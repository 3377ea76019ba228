import { toError } from "../lib/to-error.ts";
import type { Backend, CommandContext, LinkHealth } from "./backend.ts";
import type { Caller } from "./caller.ts";
import { isControl, type BoardRecord, type Command, type CommandKind, type CommandResult } from "./command.ts";
import type { ControlGate } from "./control-gate.ts";
import { DeviceError } from "./errors.ts";
import { formatBoardId, isBmcBoard } from "./ids.ts";

/** Told of every command that changes something, when it has ended: `ok`, or what it threw. Must not throw. */
export type ControlWitness = (command: Command, context: CommandContext, outcome: "ok" | Error) => void;

interface InventoryOptions {
  readonly witness?: ControlWitness | undefined;
  /** Stands in front of the back ends for commands that change something. */
  readonly gate?: ControlGate | undefined;
}

function forbidden({ kind, board }: Command, { name }: Caller): DeviceError {
  const message = `${name} may not do this (${kind}) on board ${formatBoardId(board)}.`;
  return new DeviceError("forbidden", message, { board });
}

/** All boards, whichever way they are reached: every command comes through here and goes to the back end that owns its board. */
export class Inventory {
  readonly #backends: readonly Backend[];
  readonly #witness: ControlWitness | undefined;
  readonly #gate: ControlGate | undefined;

  constructor(backends: readonly Backend[], { witness, gate }: InventoryOptions = {}) {
    this.#backends = backends;
    this.#witness = witness;
    this.#gate = gate;
  }

  /** The links of all back ends, by the names of these. */
  health(): ReadonlyMap<string, readonly LinkHealth[]> {
    return new Map(this.#backends.map((backend) => [backend.name, backend.health()]));
  }

  /** Everything that every back end can reach and the caller may read, back end after back end in the order in which they were given. */
  async scanAll(context: CommandContext): Promise<readonly BoardRecord[]> {
    const found = await Promise.all(this.#backends.map((backend) => backend.scanAll(context)));
    return found.flat().filter(({ id }) => context.caller.may("read", id));
  }

  /** Carries out a command. @throws DeviceError */
  execute<K extends CommandKind>(command: Command<K>, context: CommandContext): Promise<CommandResult<K>>;
  execute(command: Command, context: CommandContext): Promise<CommandResult<CommandKind>> {
    if (!isControl(command)) return this.#execute(command, context, "read");
    const outcome = this.#execute(command, context, "control");
    const witness = this.#witness;
    if (witness) {
      outcome.then(
        () => witness(command, context, "ok"),
        (error: unknown) => witness(command, context, toError(error)),
      );
    }
    return outcome;
  }

  #execute(command: Command, context: CommandContext, right: "read" | "control"): Promise<CommandResult<CommandKind>> {
    if (!context.caller.may(right, command.board)) return Promise.reject(forbidden(command, context.caller));
    const backend = this.#backends.find((candidate) => candidate.owns(command.board));
    if (backend) {
      if (right === "read" || !this.#gate) return backend.execute(command, context);
      return this.#gate.carryOut(command, context, () => backend.execute(command, context));
    }
    const what = isBmcBoard(command.board) ? "BMC" : "Board";
    const message = `${what} with board id ${formatBoardId(command.board)} was not found.`;
    return Promise.reject(new DeviceError("no-such-board", message, { board: command.board }));
  }
}
