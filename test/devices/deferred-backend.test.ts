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
  const deferred = new DeferredBackend({ name: "later", owns: isBmcBoard, sinceMs: 7 }, made.promise);
  return { made, deferred };
}

describe("a back end that is still being made", () => {
  test("answers for all boards that may be its own, and is starting", () => {
    const { deferred } = defer();
    expect([deferred.owns(bmc), deferred.owns(onBus)]).toEqual([true, false]);
    expect(deferred.health()).toEqual([{ name: "later", state: "starting", sinceMs: 7 }]);
  });

  test("lets callers wait, and hands them on as they came", async () => {
    const { made, deferred } = defer();
    const backend = new FakeBackend();
    const command = { kind: "version", board: bmc } as const;
    const version = deferred.execute(command, context);
    const scan = deferred.scanAll(context);
    await settle();
    expect(backend.commands).toEqual([]);
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
  made.resolve(backend);
  await settle();
  // The fake answers for the bus alone, whatever was announced.
  expect([deferred.owns(bmc), deferred.owns(onBus)]).toEqual([false, true]);
  expect(deferred.health()).toBe(backend.links);
});

test("one that could not be made is down, and fails its callers with the reason", async () => {
  const { made, deferred } = defer();
  const reason = new RangeError("no port is free");
  made.reject(reason);
  await settle();
  expect(deferred.health()).toEqual([{ name: "later", state: "down", sinceMs: 7, lastError: "no port is free" }]);
  const failure: unknown = await deferred.scanAll(context).catch((error: unknown) => error);
  expect(failure).toBe(reason);
});
