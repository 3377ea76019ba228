import type { Backend, CommandContext, LinkHealth } from "../devices/backend.ts";
import type { BoardRecord, Command, CommandKind, CommandResult } from "../devices/command.ts";
import { DeviceError } from "../devices/errors.ts";
import { formatBoardId, type BoardId } from "../devices/ids.ts";
import { BmcBoard, type BmcBoardServices } from "./bmc-board.ts";
import { isSameBmc, type BmcDefinition } from "./bmc-definition.ts";
import { detailOf } from "./bmc-errors.ts";

/** What 1.2 says. */
const FAN_SPEED_REFUSED = "Setting of fan speed for this device is not permitted.";

/** The boards that are BMCs, each with a session of its own. What one of them does, or does not do, is nothing to the others. */
export class IpmiBackend implements Backend {
  readonly name = "ipmi";
  readonly #services: BmcBoardServices;
  #boards: ReadonlyMap<BoardId, BmcBoard> = new Map();
  #isClosed = false;

  /** Serves the BMCs from now on; they are looked for in the background. */
  constructor(definitions: readonly BmcDefinition[], services: BmcBoardServices) {
    this.#services = services;
    this.#serve(definitions);
  }

  owns(board: BoardId): boolean {
    return this.#boards.has(board);
  }

  health(): readonly LinkHealth[] {
    return Array.from(this.#boards.values(), ({ health }) => health);
  }

  /** All boards, in the order of the file, with what is known of them: nothing is asked. */
  scanAll(_context: CommandContext): Promise<readonly BoardRecord[]> {
    return Promise.resolve(Array.from(this.#boards.values(), ({ record }) => record));
  }

  // A map of handlers by kind keeps each result's type; a switch would lose it.
  async execute<K extends CommandKind>(command: Command<K>, context: CommandContext): Promise<CommandResult<K>> {
    const handler: Handlers[K] = handlers[command.kind];
    return handler(this.#boardOf(command.board), command, context.signal);
  }

  /**
   * Serves other BMCs from now on. Those that stay as they were keep their sessions; resolves when the sessions of those that do not are
   * closed. Once closed, it serves no others: nobody would close their sessions.
   */
  async reload(definitions: readonly BmcDefinition[]): Promise<void> {
    if (this.#isClosed) return;
    await closeAll(this.#serve(definitions));
  }

  /** Refuses what waits and what comes, closes all sessions. */
  close(): Promise<void> {
    this.#isClosed = true;
    return closeAll(this.#boards.values());
  }

  /** Returns the boards that are not served any more. */
  #serve(definitions: readonly BmcDefinition[]): readonly BmcBoard[] {
    const before = new Set(this.#boards.values());
    const boards = new Map<BoardId, BmcBoard>();
    const begun: BmcBoard[] = [];
    for (const definition of definitions) {
      let board = [...before].find((candidate) => isSameBmc(candidate.definition, definition));
      if (board) {
        before.delete(board);
        board.board = definition.board;
      } else {
        board = new BmcBoard(definition, this.#services);
        begun.push(board);
      }
      boards.set(definition.board, board);
    }
    this.#boards = boards;
    for (const board of begun) board.start();
    return [...before];
  }

  #boardOf(id: BoardId): BmcBoard {
    const board = this.#boards.get(id);
    if (board) return board;
    throw new DeviceError("no-such-board", `BMC with board id ${formatBoardId(id)} was not found.`, { board: id });
  }
}

async function closeAll(boards: Iterable<BmcBoard>): Promise<void> {
  await Promise.all(Array.from(boards, (board) => board.close()));
}

type Handlers = {
  readonly [K in CommandKind]: (
    board: BmcBoard,
    command: Command<K>,
    signal: AbortSignal,
  ) => CommandResult<K> | Promise<CommandResult<K>>;
};

const handlers: Handlers = {
  scan: (board) => [board.record],
  version: (board, command, signal) => board.version(command, signal),
  read: (board, command, signal) => board.read(command, signal),
  power: (board, command, signal) => board.power(command, signal),
  led: (board, command, signal) => board.led(command, signal),
  fan: (_, command) => {
    throw new DeviceError("unsupported", FAN_SPEED_REFUSED, detailOf(command));
  },
  asset: (board, command, signal) => board.asset(command, signal),
  "boot-target": (board, command, signal) => board.bootTarget(command, signal),
};
