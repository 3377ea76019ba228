import { describe, expect, test } from "bun:test";
import type { Backend, CommandContext, LinkHealth } from "../../src/devices/backend.ts";
import {
  isControl,
  type BoardRecord,
  type Command,
  type CommandKind,
  type CommandResult,
} from "../../src/devices/command.ts";
import { DeviceError } from "../../src/devices/errors.ts";
import { boardId, deviceId, type BoardId } from "../../src/devices/ids.ts";
import { Inventory } from "../../src/devices/inventory.ts";
import { deviceErrorOf } from "../support/device-error.ts";
import { settle } from "../support/manual-clock.ts";
import { context, openMemoryBackend } from "../support/memory-backend.ts";
import { reply } from "../support/memory-bus.ts";

/** A back end that answers for boards from one number to another, and refuses every command by its own name. */
class RangeBackend implements Backend {
  readonly asked: { command: unknown; context: CommandContext }[] = [];
  /** What a scan waits for before it answers. */
  ready: Promise<void> = Promise.resolve();
  readonly name: string;
  readonly #from: number;
  readonly #to: number;

  constructor(name: string, from: number, to: number) {
    this.name = name;
    this.#from = from;
    this.#to = to;
  }

  health(): readonly LinkHealth[] {
    return [{ name: `line of ${this.name}`, state: "up", sinceMs: this.#from }];
  }

  owns(board: BoardId): boolean {
    return board >= this.#from && board <= this.#to;
  }

  async scanAll(): Promise<readonly BoardRecord[]> {
    await this.ready;
    return [
      { id: boardId(this.#from), devices: [] },
      { id: boardId(this.#to), devices: [] },
    ];
  }

  execute<K extends CommandKind>(command: Command<K>, asked: CommandContext): Promise<CommandResult<K>> {
    this.asked.push({ command, context: asked });
    return Promise.reject(new DeviceError("unsupported", this.name));
  }
}

const openInventory = () => {
  const bus = new RangeBackend("bus", 0, 0xffffff);
  const ipmi = new RangeBackend("ipmi", 0x40000000, 0x4000ffff);
  return { bus, ipmi, inventory: new Inventory([bus, ipmi]) };
};

describe("a command", () => {
  test.each([
    [0, "bus"],
    [0xffffff, "bus"],
    [0x40000000, "ipmi"],
    [0x4000ffff, "ipmi"],
  ] as const)("for board %d goes to %s, as it is, and to no other", async (board, owner) => {
    const { bus, ipmi, inventory } = openInventory();
    const command = { kind: "version", board: boardId(board) } as const;
    const { message } = await deviceErrorOf(inventory.execute(command, context), "unsupported");
    expect(message).toBe(owner);
    const [asked, other] = owner === "bus" ? [bus, ipmi] : [ipmi, bus];
    expect(asked.asked).toEqual([{ command, context }]);
    expect(asked.asked[0]?.context).toBe(context);
    expect(other.asked).toEqual([]);
  });

  test("for a board that two answer for goes to the one named first", async () => {
    const backends = [new RangeBackend("first", 0, 9), new RangeBackend("second", 0, 9)];
    const outcome = new Inventory(backends).execute({ kind: "version", board: boardId(5) }, context);
    expect((await deviceErrorOf(outcome, "unsupported")).message).toBe("first");
  });

  test.each([
    [0x1000000, "Board with board id 01000000 was not found."],
    [0x40010000, "BMC with board id 40010000 was not found."],
    [0xffffffff, "BMC with board id ffffffff was not found."],
    [0x80000000, "Board with board id 80000000 was not found."],
  ])("for board %d, which nobody answers for, goes nowhere", async (board, message) => {
    const { bus, ipmi, inventory } = openInventory();
    const outcome = inventory.execute({ kind: "version", board: boardId(board) }, context);
    const error = await deviceErrorOf(outcome, "no-such-board");
    expect(error.message).toBe(message);
    expect(error.detail).toEqual({ board: boardId(board) });
    expect([...bus.asked, ...ipmi.asked]).toEqual([]);
  });
});

describe("the witness", () => {
  const on = { board: boardId(1), device: deviceId(1) };

  test("sees every control command with its caller and its failure", async () => {
    const seen: unknown[][] = [];
    const inventory = new Inventory([new RangeBackend("bus", 0, 9)], { witness: (...what) => void seen.push(what) });
    const command = { kind: "led", ...on, on: true } as const;
    const error = await deviceErrorOf(inventory.execute(command, context), "unsupported");
    await settle();
    expect(seen).toEqual([[command, context, error]]);
  });

  test("sees a control command that works, and one for a board that is not there", async () => {
    const seen: unknown[][] = [];
    const { backend, answers } = await openMemoryBackend();
    answers.push([reply(1, "W1")], [reply(2, "1")]);
    const inventory = new Inventory([backend], { witness: (...what) => void seen.push(what) });
    const command = { kind: "led", ...on, on: true } as const;
    const nowhere = { ...command, board: boardId(0x40000001) };
    await inventory.execute(command, context);
    const error = await deviceErrorOf(inventory.execute(nowhere, context), "no-such-board");
    await settle();
    expect(seen).toEqual([
      [command, context, "ok"],
      [nowhere, context, error],
    ]);
  });

  test("does not see what changes nothing", async () => {
    const seen: unknown[][] = [];
    const inventory = new Inventory([new RangeBackend("bus", 0, 9)], { witness: (...what) => void seen.push(what) });
    await deviceErrorOf(inventory.execute({ kind: "power", ...on, action: "status" }, context), "unsupported");
    await deviceErrorOf(inventory.execute({ kind: "version", board: on.board }, context), "unsupported");
    await settle();
    expect(seen).toEqual([]);
  });
});

describe("a scan of all", () => {
  test("lists back end after back end as they were given, whoever answers first", async () => {
    const { bus, inventory } = openInventory();
    const slow = Promise.withResolvers<void>();
    bus.ready = slow.promise;
    const scan = inventory.scanAll(context);
    slow.resolve();
    expect((await scan).map(({ id }) => id)).toEqual([0, 0xffffff, 0x40000000, 0x4000ffff].map(boardId));
  });

  test("of no back ends is empty", async () => {
    expect(await new Inventory([]).scanAll(context)).toEqual([]);
  });

  test("that one back end cannot do fails as that one does", async () => {
    const { ipmi, inventory } = openInventory();
    const error = new DeviceError("no-response", "silent");
    ipmi.ready = Promise.reject(error);
    expect(await inventory.scanAll(context).catch((reason: unknown) => reason)).toBe(error);
  });
});

describe("control", () => {
  const on = { board: boardId(1), device: deviceId(1) };
  test.each([
    [true, { kind: "power", ...on, action: "on" }],
    [true, { kind: "power", ...on, action: "off" }],
    [true, { kind: "power", ...on, action: "cycle" }],
    [false, { kind: "power", ...on, action: "status" }],
    [true, { kind: "led", ...on, on: true }],
    [true, { kind: "led", ...on, on: false }],
    [true, { kind: "fan", ...on, rpm: "0" }],
    [true, { kind: "boot-target", ...on, target: "no_override" }],
    [false, { kind: "boot-target", ...on }],
    [false, { kind: "scan", board: on.board }],
    [false, { kind: "version", board: on.board }],
    [false, { kind: "read", ...on, type: "led" }],
    [false, { kind: "asset", ...on }],
  ] as const)("is %p for %j", (expected, command) => {
    expect(isControl(command)).toBe(expected);
  });
});
