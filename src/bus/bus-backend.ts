import type { Backend, CommandContext, LinkHealth } from "../devices/backend.ts";
import type { BoardRecord, Command, CommandKind, CommandResult, DeviceRecord } from "../devices/command.ts";
import { isControl } from "../devices/command.ts";
import type { DeviceType } from "../devices/device-type.ts";
import { DeviceError, type DeviceErrorDetail } from "../devices/errors.ts";
import {
  boardId,
  deviceId,
  formatBoardId,
  formatDeviceId,
  isBmcBoard,
  MAX_BUS_BOARD,
  type BoardId,
} from "../devices/ids.ts";
import type { PowerStatus, Reading } from "../devices/reading.ts";
import type { Clock } from "../lib/clock.ts";
import {
  FAN_SPEED_PREFIX,
  powerCommand,
  readCommand,
  saveCommand,
  scanAllAddress,
  scanCommand,
  versionCommand,
  WRITE_TAKEN,
  writeCommand,
  type BusCommand,
} from "./commands.ts";
import { deviceCodeOf, deviceCodes, deviceTypeOf } from "./device-codes.ts";
import type { ExchangeRunner } from "./exchange-runner.ts";
import { MAX_DATA, type Frame } from "./frame.ts";
import { type Job, JobQueue } from "../devices/job-queue.ts";
import { measurementOf, powerStatusOf, ReplyError, textOf } from "./replies.ts";
import { Sharing } from "../devices/sharing.ts";

export interface BusBackendOptions {
  readonly runner: ExchangeRunner;
  readonly clock: Clock;
  /** Commands that may wait for the line. */
  readonly queueLimit: number;
  /** Two bytes that tell this controller from others, and one that sets the time slots: part of every scan-all. */
  readonly controllerId: number;
  readonly timeSlice: number;
}

/** What a frame has room for behind the write command and the fan speed's prefix. */
const MAX_RPM_DIGITS = MAX_DATA - 2;

/** A command for one device. */
type DeviceCommand = Command<"read" | "power" | "led" | "fan">;

/** The boards on the serial device bus. */
export class BusBackend implements Backend {
  readonly name = "bus";
  readonly #options: BusBackendOptions;
  readonly #queue: JobQueue;
  readonly #scans = new Sharing<readonly BoardRecord[]>();

  constructor(options: BusBackendOptions) {
    this.#options = options;
    this.#queue = new JobQueue(options.queueLimit, options.clock, "The bus");
  }

  /** Commands that wait for the line. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  health(): readonly LinkHealth[] {
    return [this.#options.runner.health()];
  }

  /** True where the exchange under way will never end. */
  isStuck(): boolean {
    return this.#options.runner.isStuck();
  }

  owns(board: BoardId): boolean {
    return !isBmcBoard(board) && board <= MAX_BUS_BOARD;
  }

  scanAll({ signal }: CommandContext): Promise<readonly BoardRecord[]> {
    const { runner, controllerId, timeSlice } = this.#options;
    return this.#shareScan("all", signal, async () => {
      const command = scanCommand(scanAllAddress(controllerId, timeSlice));
      const replies = await runner.run(command, "scan of all boards", {});
      const boards = boardsOf(replies, "scan of all boards");
      await runner.send(saveCommand(), "save after the scan of all boards");
      return boards;
    });
  }

  // A map of handlers by kind keeps each result's type; a switch would lose it.
  execute<K extends CommandKind>(command: Command<K>, context: CommandContext): Promise<CommandResult<K>> {
    const handler: Handlers[K] = this.#handlers[command.kind];
    return handler(command, context);
  }

  /**
   * Runs something that needs the line for itself and is no command, when its turn comes.
   *
   * @throws DeviceError `busy`, `cancelled`, `shutting-down`, or what the job throws
   */
  submit<T>(job: Job<T>, signal: AbortSignal): Promise<T> {
    return this.#queue.submit(job, signal);
  }

  /** Refuses what waits and what comes; resolves when the exchange under way has ended. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  readonly #handlers: Handlers = {
    scan: ({ board }, { signal }) => {
      const subject = `scan of board ${formatBoardId(board)}`;
      return this.#shareScan(formatBoardId(board), signal, async () =>
        boardsOf(await this.#options.runner.run(scanCommand(board), subject, { board }), subject),
      );
    },
    version: (command, { signal }) =>
      this.#queue.submit(
        { priority: "read", run: () => this.#ask(versionCommand(command.board), command, "firmware version", textOf) },
        signal,
      ),
    read: (command, { signal }) =>
      this.#queue.submit({ priority: "read", run: () => this.#read(command, command.type) }, signal),
    power: (command, { signal }) => {
      const priority = isControl(command) ? "control" : "read";
      return this.#queue.submit({ priority, run: () => this.#power(command) }, signal);
    },
    led: (command, { signal }) =>
      this.#queue.submit(
        { priority: "control", run: () => this.#write(command, "led", command.on ? "1" : "0") },
        signal,
      ),
    fan: (command, { signal }) => {
      const digits = command.rpm.length;
      if (digits > MAX_RPM_DIGITS) {
        const message = `A fan speed of ${digits} digits was not sent: a frame takes ${MAX_RPM_DIGITS} at most.`;
        return unsupported(message, command);
      }
      const run = () => this.#write(command, "fan_speed", command.rpm);
      return this.#queue.submit({ priority: "control", run }, signal);
    },
    asset: (command) => unsupported("Asset information via PLC not supported yet.", command),
    "boot-target": (command) => unsupported("Boot target operation via PLC not supported yet.", command),
  };

  #shareScan(key: string, signal: AbortSignal, scan: () => Promise<readonly BoardRecord[]>) {
    return this.#scans.join(key, signal, (ownSignal, begun) => {
      const run = () => {
        begun();
        return scan();
      };
      return this.#queue.submit({ priority: "read", run }, ownSignal);
    });
  }

  async #read(command: DeviceCommand, type: DeviceType): Promise<Reading> {
    const device = { boardId: command.board, deviceId: command.device, deviceType: deviceCodeOf(type) };
    const measurement = await this.#ask(readCommand(device), command, `read of ${type}`, (data) =>
      measurementOf(type, data),
    );
    return { measurement, takenAtMs: this.#options.clock.wallMs(), quality: "good" };
  }

  #power(command: Command<"power">): Promise<PowerStatus> {
    const device = { boardId: command.board, deviceId: command.device, deviceType: deviceCodes.power };
    return this.#ask(powerCommand(device, command.action), command, `power ${command.action} of`, powerStatusOf);
  }

  /** Writes, and answers with the reading taken afterwards. Both are one job: nothing comes between them. */
  async #write(command: Command<"led" | "fan">, type: "led" | "fan_speed", value: string): Promise<Reading> {
    const device = { boardId: command.board, deviceId: command.device, deviceType: deviceCodes[type] };
    const text = new TextEncoder().encode(value);
    const data = type === "fan_speed" ? Uint8Array.of(FAN_SPEED_PREFIX, ...text) : text;
    await this.#ask(writeCommand(device, data), command, `write of ${value} to ${type}`, (reply) => {
      if (textOf(reply) === WRITE_TAKEN) return;
      const message = `The ${type} ${placeOf(command)} did not take ${value}: it answered ${JSON.stringify(textOf(reply))}.`;
      throw new DeviceError("refused", message, {
        ...detailOf(command),
        expected: WRITE_TAKEN,
        received: textOf(reply),
      });
    });
    return this.#read(command, type);
  }

  /** One exchange with one reply, and what `decode` makes of its data. */
  async #ask<T>(
    bus: BusCommand,
    command: DeviceCommand | Command<"version">,
    what: string,
    decode: (data: Uint8Array) => T,
  ): Promise<T> {
    const subject = `${what} ${placeOf(command)}`;
    const [reply] = await this.#options.runner.run(bus, subject, detailOf(command));
    try {
      return decode(reply?.data ?? new Uint8Array());
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      const { expected, received } = error;
      const message = `Error converting the answer to the ${subject}: ${error.message}.`;
      throw new DeviceError("bad-value", message, { ...detailOf(command), expected, received }, { cause: error });
    }
  }
}

type Handlers = {
  readonly [K in CommandKind]: (command: Command<K>, context: CommandContext) => Promise<CommandResult<K>>;
};

const detailOf = (command: Command): DeviceErrorDetail =>
  "device" in command ? { board: command.board, device: command.device } : { board: command.board };

const placeOf = (command: Command): string =>
  "device" in command
    ? `device ${formatDeviceId(command.device)} on board ${formatBoardId(command.board)}`
    : `of board ${formatBoardId(command.board)}`;

const unsupported = (message: string, command: Command): Promise<never> =>
  Promise.reject(new DeviceError("unsupported", message, detailOf(command)));

/** Boards and devices in the order in which they answered, doubles included. */
function boardsOf(replies: readonly Frame[], subject: string): BoardRecord[] {
  const boards = new Map<number, DeviceRecord[]>();
  for (const reply of replies) {
    const [code] = reply.data;
    if (code === undefined) {
      const message = `Error converting the answer to the ${subject}: board ${formatBoardId(boardId(reply.boardId))} names no device type.`;
      throw new DeviceError("bad-value", message, { board: boardId(reply.boardId), expected: "a device type code" });
    }
    const devices = boards.get(reply.boardId) ?? [];
    boards.set(reply.boardId, devices);
    devices.push({ id: deviceId(reply.deviceId), type: deviceTypeOf(code) });
  }
  return [...boards].map(([id, devices]) => ({ id: boardId(id), devices }));
}
