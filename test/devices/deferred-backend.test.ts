import { describe, expect, test } from "bun:test";
import { DeferredBackend } from "../../src/devices/deferred-backend.ts";
import { boardId, isBmcBoard } from "../../src/devices/ids.ts";
import { FakeBackend } from "../support/fake-backend.ts";
import { settle } from "../support/manual-clock.ts";
import { context } from "../support/memory-backend.ts";

const bmc = boardId(0x4000_0001);
const onBus = boardId(1);

function defer() {
  const made = Promise.withResolvers<FakeBackend>();
  const makes: number[] = [];
  const make = () => {
    makes.push(1);
    return made.promise;
  };
  const deferred = new DeferredBackend({ name: "later", owns: isBmcBoard, sinceMs: 7, make });
  return { made, makes, deferred };
}

describe("a back end that is not there yet", () => {
  test("answers for all boards that may be its own, and is starting", () => {
    const { deferred, makes } = defer();
    expect([deferred.owns(bmc), deferred.owns(onBus)]).toEqual([true, false]);
    expect(makes).toEqual([]);
    expect(deferred.health()).toEqual([{ name: "later", state: "starting", sinceMs: 7 }]);
    // Whoever asks how it is wants it to be there.
    expect(makes).toHaveLength(1);
  });

  test("lets callers wait, and hands them on as they came", async () => {
    const { made, makes, deferred } = defer();
    const backend = new FakeBackend();
    const command = { kind: "version", board: bmc } as const;
    const version = deferred.execute(command, context);
    const scan = deferred.scanAll(context);
    await settle();
    expect(backend.commands).toEqual([]);
    expect(makes).toHaveLength(1);
    made.resolve(backend);
    expect(await version).toBe("firmware 7");
    expect(await scan).toBe(backend.boards);
    expect(backend.commands).toEqual([command, "scanAll"]);
    expect(backend.contexts[0]).toBe(context);
  });
});

test("one that is there is that back end", async () => {
  const { made, deferred } = defer();
  const backend = new FakeBackend();
  deferred.health();
  made.resolve(backend);
  await settle();
  // The fake answers for the bus alone, whatever was announced.
  expect([deferred.owns(bmc), deferred.owns(onBus)]).toEqual([false, true]);
  expect(deferred.health()).toBe(backend.links);
});

test("one that could not be made is down, and fails its callers with the reason", async () => {
  const { made, deferred } = defer();
  const reason = new RangeError("no port is free");
  deferred.health();
  made.reject(reason);
  await settle();
  expect(deferred.health()).toEqual([{ name: "later", state: "down", sinceMs: 7, lastError: "no port is free" }]);
  const failure: unknown = await deferred.scanAll(context).catch((error: unknown) => error);
  expect(failure).toBe(reason);
});
