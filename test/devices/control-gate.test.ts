import { describe, expect, test } from "bun:test";
import type { CommandContext } from "../../src/devices/backend.ts";
import type { Command, PowerAction } from "../../src/devices/command.ts";
import { ControlGate, type ControlJournal } from "../../src/devices/control-gate.ts";
import { DeviceError, type DeviceErrorCode } from "../../src/devices/errors.ts";
import { boardId, deviceId } from "../../src/devices/ids.ts";
import { Inventory } from "../../src/devices/inventory.ts";
import { deviceErrorOf } from "../support/device-error.ts";
import { FakeBackend } from "../support/fake-backend.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";

const alice = { name: "alice", via: "token", may: () => true };

const contextOf = (requestId: string, signal = new AbortController().signal): CommandContext => ({
  signal,
  requestId,
  caller: alice,
});

const power = (action: PowerAction, board = 1): Command<"power"> => ({
  kind: "power",
  board: boardId(board),
  device: deviceId(2),
  action,
});
const led: Command<"led"> = { kind: "led", board: boardId(1), device: deviceId(3), on: true };

/** A journal in memory, which writes when a test lets it. */
class MemoryJournal implements ControlJournal {
  readonly lines: string[] = [];
  ready: Promise<void> = Promise.resolve();

  async begin(command: Command, { requestId }: CommandContext) {
    await this.ready;
    this.lines.push(`intent ${command.kind} ${requestId}`);
    return {
      end: async (outcome: "ok" | Error) => {
        const word = outcome === "ok" ? "ok" : outcome instanceof DeviceError ? outcome.code : outcome.message;
        this.lines.push(`outcome ${command.kind} ${requestId} ${word}`);
        await this.ready;
      },
    };
  }
}

function openRack(options: { protectedBoards?: readonly number[]; powerCooldownMs?: number; journal?: null } = {}) {
  const [backend, clock, journal] = [new FakeBackend(), new ManualClock(), new MemoryJournal()];
  const { protectedBoards = [], powerCooldownMs = 2000 } = options;
  const gate = new ControlGate({
    clock,
    policy: { protectedBoards: new Set(protectedBoards.map(boardId)), powerCooldownMs },
    journal: options.journal === null ? undefined : journal,
  });
  const inventory = new Inventory([backend], { gate });
  return { backend, clock, journal, inventory, gate };
}

describe("a command that changes something", () => {
  test("is written down before it is sent, and with its outcome before its caller learns it", async () => {
    const { backend, journal, inventory } = openRack();
    const intent = Promise.withResolvers<void>();
    journal.ready = intent.promise;
    const answer = inventory.execute(led, contextOf("r-1"));
    await settle();
    expect(backend.commands).toEqual([]);
    const outcome = Promise.withResolvers<void>();
    const sent = Promise.withResolvers<void>();
    backend.answers.led = () => {
      journal.ready = outcome.promise;
      sent.resolve();
      return { measurement: { kind: "led", on: true }, takenAtMs: 0, quality: "good" };
    };
    intent.resolve();
    await sent.promise;
    expect(journal.lines).toEqual(["intent led r-1"]);
    let isAnswered = false;
    void answer.then(() => (isAnswered = true));
    await settle();
    expect(journal.lines).toEqual(["intent led r-1", "outcome led r-1 ok"]);
    expect(isAnswered).toBe(false);
    outcome.resolve();
    expect((await answer).measurement).toEqual({ kind: "led", on: true });
  });

  test("that cannot be written down is not sent, and its caller learns why", async () => {
    const { backend, journal, inventory } = openRack();
    const cause = new Error("the audit trail cannot be written: the disk is full");
    journal.ready = Promise.reject(cause);
    const error = await deviceErrorOf(inventory.execute(led, contextOf("r-1")), "audit-unavailable");
    expect(error.message).toContain("the disk is full");
    expect(error.cause).toBe(cause);
    expect(backend.commands).toEqual([]);
    // Reads go on, and the board is free again.
    await inventory.execute({ ...led, kind: "read", type: "led" }, contextOf("r-2"));
    journal.ready = Promise.resolve();
    await inventory.execute(led, contextOf("r-3"));
    expect(journal.lines).toEqual(["intent led r-3", "outcome led r-3 ok"]);
  });

  test("that fails fails as it did, and is written down with its code", async () => {
    const { backend, journal, inventory } = openRack();
    const error = new DeviceError("no-response", "silent");
    backend.answers.led = () => Promise.reject(error);
    expect(await inventory.execute(led, contextOf("r-1")).catch((reason: unknown) => reason)).toBe(error);
    expect(journal.lines).toEqual(["intent led r-1", "outcome led r-1 no-response"]);
  });

  test("that fails at once, by a mistake of ours, is written down with that, too", async () => {
    const { journal, gate } = openRack();
    const failed = gate.carryOut(power("off"), contextOf("r-1"), () => {
      throw new TypeError("a mistake");
    });
    expect(await failed.catch((error: unknown) => error)).toBeInstanceOf(TypeError);
    expect(journal.lines).toEqual(["intent power r-1", "outcome power r-1 a mistake"]);
    // Nobody knows how far it got: the board is left alone.
    const next = gate.carryOut(power("on"), contextOf("r-2"), () => Promise.resolve());
    await deviceErrorOf(next, "cooling-down");
  });

  test("whose caller goes while it is being written down is not sent, and that is written down", async () => {
    const { backend, journal, inventory } = openRack();
    const intent = Promise.withResolvers<void>();
    journal.ready = intent.promise;
    const caller = new AbortController();
    const answer = inventory.execute(power("off"), contextOf("r-1", caller.signal));
    caller.abort();
    intent.resolve();
    await deviceErrorOf(answer, "cancelled");
    expect(backend.commands).toEqual([]);
    expect(journal.lines).toEqual(["intent power r-1", "outcome power r-1 cancelled"]);
  });

  test("is not written down where its caller may not do it, or there is no such board", async () => {
    const { backend, journal, inventory } = openRack();
    const bob = { name: "bob", via: "user", may: () => false };
    await deviceErrorOf(inventory.execute(led, { ...contextOf("r-1"), caller: bob }), "forbidden");
    await deviceErrorOf(inventory.execute({ ...led, board: boardId(0x40000001) }, contextOf("r-2")), "no-such-board");
    expect(backend.commands).toEqual([]);
    expect(journal.lines).toEqual([]);
  });

  test("needs no journal", async () => {
    const { backend, inventory } = openRack({ journal: null });
    await inventory.execute(led, contextOf("r-1"));
    expect(backend.commands).toEqual([led]);
  });
});

test("what changes nothing passes by the gate, whatever is under way", async () => {
  const { backend, journal, inventory } = openRack({ protectedBoards: [1] });
  const stuck = Promise.withResolvers<never>();
  backend.answers.led = () => stuck.promise;
  void inventory.execute(led, contextOf("r-1")).catch(() => undefined);
  await settle();
  await inventory.execute(power("status"), contextOf("r-2"));
  await inventory.execute({ kind: "version", board: boardId(1) }, contextOf("r-3"));
  expect(journal.lines).toEqual(["intent led r-1"]);
  stuck.reject(new Error("end"));
});

describe("a protected board", () => {
  test.each(["off", "cycle"] as const)("is not powered %s, by anyone", async (action) => {
    const { backend, journal, inventory } = openRack({ protectedBoards: [7] });
    const error = await deviceErrorOf(inventory.execute(power(action, 7), contextOf("r-1")), "protected");
    expect(error.message).toContain("00000007");
    expect(backend.commands).toEqual([]);
    expect(journal.lines).toEqual([]);
  });

  test("is powered on, and otherwise like others", async () => {
    const { backend, inventory } = openRack({ protectedBoards: [7] });
    const commands = [power("on", 7), { ...led, board: boardId(7) }];
    for (const command of commands) await inventory.execute(command, contextOf("r-1"));
    expect(backend.commands).toEqual(commands);
  });
});

describe("a second command for a board", () => {
  test("is let in at once while neither is a power action", async () => {
    const { backend, inventory } = openRack();
    const first = Promise.withResolvers<never>();
    backend.answers.led = () => first.promise;
    void inventory.execute(led, contextOf("r-1")).catch(() => undefined);
    await settle();
    const fan: Command<"fan"> = { kind: "fan", board: boardId(1), device: deviceId(4), rpm: "4000" };
    await inventory.execute(fan, contextOf("r-2"));
    expect(backend.commands).toEqual([led, fan]);
    first.reject(new Error("end"));
  });

  test("is refused at once while a power action is under way, with what that is", async () => {
    const { backend, journal, inventory } = openRack();
    const first = Promise.withResolvers<never>();
    backend.answers.power = () => first.promise;
    const failed = deviceErrorOf(inventory.execute(power("cycle"), contextOf("r-1")), "no-response");
    await settle();
    const error = await deviceErrorOf(inventory.execute(led, contextOf("r-2")), "board-busy");
    expect(error.message).toBe(
      "Board 00000001 is busy with a power command: power cycle of device 0002, by alice, request r-1, since 2026-01-01T00:00:00.000Z. This one was not sent.",
    );
    expect(backend.commands).toEqual([power("cycle")]);
    await inventory.execute({ ...led, board: boardId(2) }, contextOf("r-3"));
    first.reject(new DeviceError("no-response", "silent"));
    await failed;
    await inventory.execute(led, contextOf("r-4"));
    expect(journal.lines.filter((line) => line.includes("r-2"))).toEqual([]);
  });

  test("is let in as soon as the first has ended, and is written down after its outcome", async () => {
    const { backend, journal, inventory } = openRack({ powerCooldownMs: 0 });
    const second = Promise.withResolvers<unknown>();
    const end = journal.begin.bind(journal);
    // The second one comes in the moment in which the first one's outcome is being written.
    journal.begin = async (command, context) => {
      const entry = await end(command, context);
      return {
        async end(outcome) {
          const written = entry.end(outcome);
          if (context.requestId === "r-1")
            queueMicrotask(() => second.resolve(inventory.execute(power("on"), contextOf("r-2"))));
          await written;
          await settle();
        },
      };
    };
    await inventory.execute(power("off"), contextOf("r-1"));
    await second.promise;
    expect(journal.lines).toEqual([
      "intent power r-1",
      "outcome power r-1 ok",
      "intent power r-2",
      "outcome power r-2 ok",
    ]);
    // The end of the first one did not take the board from the second.
    const third = Promise.withResolvers<never>();
    backend.answers.power = () => third.promise;
    void inventory.execute(power("off"), contextOf("r-3")).catch(() => undefined);
    await deviceErrorOf(inventory.execute(led, contextOf("r-4")), "board-busy");
    third.reject(new Error("end"));
  });

  test("of a thousand at once, one is carried out", async () => {
    const { backend, inventory } = openRack();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 1000 }, (_, index) => inventory.execute(power("off"), contextOf(`r-${index}`))),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(backend.commands).toHaveLength(1);
  });
});

describe("after a power command", () => {
  test("the board is left alone for a while, and its caller learns how long", async () => {
    const { backend, clock, inventory } = openRack();
    await inventory.execute(power("off"), contextOf("r-1"));
    await clock.advance(900);
    const error = await deviceErrorOf(inventory.execute(power("on"), contextOf("r-2")), "cooling-down");
    expect(error.detail.retryAfterS).toBe(2);
    expect(error.message).toContain("power off of device 0002");
    await clock.advance(1099);
    await deviceErrorOf(inventory.execute(power("on"), contextOf("r-3")), "cooling-down");
    await clock.advance(1);
    await inventory.execute(power("on"), contextOf("r-4"));
    expect(backend.commands).toEqual([power("off"), power("on")]);
  });

  test("from its end on, and also where it may have been carried out although it failed", async () => {
    const { backend, clock, inventory } = openRack();
    backend.answers.power = async () => {
      await clock.advance(5000);
      throw new DeviceError("no-response", "silent");
    };
    await deviceErrorOf(inventory.execute(power("off"), contextOf("r-1")), "no-response");
    await clock.advance(1999);
    await deviceErrorOf(inventory.execute(power("on"), contextOf("r-2")), "cooling-down");
  });

  const untouched: readonly DeviceErrorCode[] = ["busy", "cancelled", "shutting-down", "unsupported", "no-such-board"];
  test.each(untouched)("that was not sent (%s) it may come again at once", async (code) => {
    const { backend, inventory } = openRack();
    backend.answers.power = () => Promise.reject(new DeviceError(code, "not sent"));
    for (const id of ["r-1", "r-2"]) await deviceErrorOf(inventory.execute(power("off"), contextOf(id)), code);
  });

  test("other boards, and other commands for the same one, do not wait", async () => {
    const { inventory } = openRack();
    await inventory.execute(power("off"), contextOf("r-1"));
    await inventory.execute(power("off", 2), contextOf("r-2"));
    await inventory.execute(led, contextOf("r-3"));
  });

  test("nobody waits where the cool-down is 0", async () => {
    const { backend, inventory } = openRack({ powerCooldownMs: 0 });
    for (const action of ["off", "on", "cycle"] as const) await inventory.execute(power(action), contextOf(action));
    expect(backend.commands).toHaveLength(3);
  });

  test("a clock that jumps changes nothing: it is the monotonic one that counts", async () => {
    const { clock, inventory } = openRack();
    await inventory.execute(power("off"), contextOf("r-1"));
    clock.wallMs = () => 0;
    await clock.advance(2000);
    await inventory.execute(power("on"), contextOf("r-2"));
  });
});

test("another policy holds from the moment in which it is adopted", async () => {
  const { inventory, gate } = openRack({ powerCooldownMs: 0 });
  await inventory.execute(power("off"), contextOf("r-1"));
  gate.adopt({ protectedBoards: new Set([boardId(1)]), powerCooldownMs: 1000 });
  await deviceErrorOf(inventory.execute(power("off"), contextOf("r-2")), "protected");
  await inventory.execute(power("on"), contextOf("r-3"));
  await deviceErrorOf(inventory.execute(power("on"), contextOf("r-4")), "cooling-down");
});
