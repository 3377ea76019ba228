import { boardBits, commandCodes, isScanAll } from "../bus/commands.ts";
import type { Frame } from "../bus/frame.ts";
import type { ActionName } from "./board.ts";
import type { BoardFile } from "./board-file.ts";
import { EmulatedBoard } from "./emulated-board.ts";
import { encodeResponse } from "./response.ts";
import { damageFrame, ScanAllScript } from "./scan-all.ts";

/** What is to be answered now. */
interface Question {
  /** The last command that was no retry frame: its ids and data count, also for a retry frame. */
  readonly command: Frame;
  /** Of the frame being answered. */
  readonly sequence: number;
  readonly isRetry: boolean;
}

/** What stands behind the letter of most commands. */
const noValue = new Uint8Array();

/** All boards of a board file, as they answer on the bus. @see docs/emulator.md */
export class BusEmulator {
  readonly #boards: ReadonlyMap<number, EmulatedBoard>;
  readonly #scanAllScript: ScanAllScript;
  #lastCommand: Frame | undefined;

  constructor({ boards, scanAll }: BoardFile) {
    this.#boards = new Map(boards.map((board) => [board.id, new EmulatedBoard(board)]));
    this.#scanAllScript = new ScanAllScript(scanAll);
  }

  /** The answer to a frame: wire bytes, one array for each frame of it; none where the boards stay silent. */
  handle(frame: Frame): Uint8Array[] {
    const isRetry = frame.data[0] === commandCodes.retry;
    if (!isRetry) this.#lastCommand = frame;
    const command = this.#lastCommand;
    return command ? this.#answer({ command, sequence: frame.sequence, isRetry }) : [];
  }

  #answer(question: Question): Uint8Array[] {
    const { data } = question.command;
    const [letter] = data;
    if (letter === undefined) return [];
    switch (letter) {
      case commandCodes.scan:
        return this.#scan(question);
      case commandCodes.version:
        return this.#version(question);
      case commandCodes.read:
        // Boards know a read by its letter alone; with more behind it, it is something else.
        return data.length === 1 ? this.#act("read", question) : [];
      case commandCodes.write:
        return this.#act("write", question);
      case commandCodes.power:
        return this.#act("power", question);
      default:
        return [];
    }
  }

  #scan({ command: { boardId }, sequence, isRetry }: Question): Uint8Array[] {
    if (isScanAll(boardId)) {
      const isSave = (boardId & boardBits.save) !== 0;
      return isSave || isRetry ? [] : this.#scanAll(sequence, (boardId & boardBits.shuffle) !== 0);
    }
    const board = this.#boards.get(boardId);
    if (!board) return [];
    return isRetry ? board.retryScan(sequence) : board.scan(sequence);
  }

  #scanAll(sequence: number, isShuffled: boolean): Uint8Array[] {
    const outcome = this.#scanAllScript.next(isShuffled);
    const failedBoard = outcome.result === "error" ? outcome.failedBoard : undefined;
    return [...this.#boards.values()].flatMap((board) => {
      const frames = board.scan(sequence);
      return board.spelledId === failedBoard ? frames.map(damageFrame) : frames;
    });
  }

  #version({ command: { boardId }, sequence, isRetry }: Question): Uint8Array[] {
    const board = this.#boards.get(boardId);
    if (!board) return [];
    return isRetry ? board.retryFirmwareVersion(sequence) : board.firmwareVersion(sequence);
  }

  #act(action: ActionName, { command, sequence, isRetry }: Question): Uint8Array[] {
    const device = this.#boards.get(command.boardId)?.device(command.deviceId);
    if (device?.typeCode !== command.deviceType) return [];
    const value = command.data.length === 1 ? noValue : command.data.subarray(1);
    return encodeResponse(device.respond({ action, value, isRetry }), sequence);
  }
}
