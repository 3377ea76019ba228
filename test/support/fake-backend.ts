import type { Backend, CommandContext, LinkHealth } from "../../src/devices/backend.ts";
import type { BoardRecord, Command, CommandKind, CommandResult } from "../../src/devices/command.ts";
import { DeviceError } from "../../src/devices/errors.ts";
import { deviceId, boardId, isBmcBoard, type BoardId } from "../../src/devices/ids.ts";
import type { Measurement, PowerStatus, Reading } from "../../src/devices/reading.ts";

/** A reading of the moment. */
export const readingOf = (measurement: Measurement): Reading => ({ measurement, takenAtMs: 0, quality: "good" });

/** A power controller that is on. */
const poweredOn: PowerStatus = {
  raw: "64,1,2,3",
  on: true,
  ok: true,
  overCurrent: false,
  underVoltage: true,
  inputPowerW: 1.5,
  inputVoltageV: -2,
  outputCurrentA: 0,
};

/** What each command answers with. */
export type FakeAnswers = {
  [K in CommandKind]: (command: Command<K>, context: CommandContext) => CommandResult<K> | Promise<CommandResult<K>>;
};

const noted: readonly BoardRecord[] = [{ id: boardId(1), devices: [{ id: deviceId(0x1ff), type: "thermistor" }] }];

/** A back end of bus boards that writes down what it is asked, and answers from `answers`, which tests replace. */
export class FakeBackend implements Backend {
  readonly name = "fake";
  /** Every command that has come, in order; `scanAll` for a scan of everything. */
  readonly commands: ({ readonly kind: CommandKind } | "scanAll")[] = [];
  readonly contexts: CommandContext[] = [];
  boards: readonly BoardRecord[] = noted;
  links: readonly LinkHealth[] = [{ name: "fake", state: "up", sinceMs: 0 }];
  answers: FakeAnswers = {
    scan: () => this.boards,
    version: () => "firmware 7",
    read: () => readingOf({ kind: "temperature", temperatureC: 28.78 }),
    power: () => poweredOn,
    led: ({ on }) => readingOf({ kind: "led", on }),
    fan: () => readingOf({ kind: "fan_speed", speedRpm: 4100 }),
    asset: ({ board }) => {
      throw new DeviceError("unsupported", "Asset information via PLC not supported yet.", { board });
    },
    "boot-target": ({ target }) => target ?? "pxe",
  };

  health(): readonly LinkHealth[] {
    return this.links;
  }

  owns(board: BoardId): boolean {
    return !isBmcBoard(board);
  }

  scanAll(context: CommandContext): Promise<readonly BoardRecord[]> {
    this.commands.push("scanAll");
    this.contexts.push(context);
    return Promise.resolve(this.boards);
  }

  async execute<K extends CommandKind>(command: Command<K>, context: CommandContext): Promise<CommandResult<K>> {
    this.commands.push(command);
    this.contexts.push(context);
    const answer: FakeAnswers[K] = this.answers[command.kind];
    return answer(command, context);
  }
}
