import { describe, expect, test } from "bun:test";
import { ApiError } from "../../src/api/errors.ts";
import type { Guard } from "../../src/api/guard.ts";
import { anyone, type Caller } from "../../src/devices/caller.ts";
import { boardId } from "../../src/devices/ids.ts";
import { createTestApi } from "../support/api.ts";

const alice: Caller = { ...anyone, name: "alice", via: "test" };
const refusal = new ApiError("unauthorized", "who are you?", { challenge: 'Bearer realm="x"' });

const guardThat = (admit: Guard["admit"]) => createTestApi({ guard: { admit } });

describe.each([
  ["at once", (outcome: () => Caller) => outcome()],
  ["after a while", async (outcome: () => Caller) => outcome()],
] as const)("a guard that decides %s", (_, decide) => {
  test("lets the caller it names ask the devices", async () => {
    const { ask, backend } = guardThat(() => decide(() => alice));
    expect((await ask("version/1")).status).toBe(200);
    expect(backend.contexts.at(-1)?.caller).toBe(alice);
  });

  test("keeps others out, in JSON, and nothing is asked", async () => {
    const { ask, backend } = guardThat(() =>
      decide(() => {
        throw refusal;
      }),
    );
    const { status, headers, json } = await ask("power/1/1/off", { method: "POST" });
    expect([status, headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="x"']);
    expect(json).toMatchObject({ message: "who are you?", code: "unauthorized", request_id: expect.any(String) });
    expect(backend.commands).toEqual([]);
  });
});

test("a guard is asked whether the request acts, and with the caller's address", async () => {
  const asked: unknown[] = [];
  const { ask } = guardThat((request, remote, { acts }) => {
    asked.push([new URL(request.url).pathname, remote, acts]);
    return alice;
  });
  await ask("led/1/1");
  await ask("led/1/1/on");
  expect(asked).toEqual([
    ["/opendcre/1.2/led/1/1", "192.0.2.7", false],
    ["/opendcre/1.2/led/1/1/on", "192.0.2.7", true],
  ]);
});

test("test is open to all; what is no route, or not this method, is nobody's secret either", async () => {
  const { ask } = guardThat(() => {
    throw refusal;
  });
  expect((await ask("test")).status).toBe(200);
  expect((await ask("nosuch")).status).toBe(404);
  expect((await ask("scan", { method: "DELETE" })).status).toBe(405);
});

describe("a caller who may do some things on some boards", () => {
  const only = boardId(1);
  const bob: Caller = { name: "bob", via: "test", may: (right, board) => right === "read" && board === only };

  test("gets 403 for all others, and nothing is asked", async () => {
    const { ask, backend } = guardThat(() => bob);
    expect((await ask("version/1")).status).toBe(200);
    backend.commands.length = 0;
    const other = await ask("version/2");
    expect([other.status, other.json]).toEqual([
      403,
      expect.objectContaining({ code: "forbidden", message: "bob may not do this (version) on board 00000002." }),
    ]);
    expect((await ask("power/1/1/on")).status).toBe(403);
    expect(backend.commands).toEqual([]);
  });

  test("sees only those in a scan", async () => {
    const { ask, backend } = guardThat(() => bob);
    backend.boards = [
      { id: boardId(2), devices: [] },
      { id: only, devices: [] },
    ];
    expect((await ask("scan")).json).toEqual({ boards: [{ board_id: "00000001", devices: [] }] });
  });
});

test("too many requests say when to come back", async () => {
  const { ask } = guardThat(() => {
    throw new ApiError("too-many-requests", "slower", { retryAfterS: 2.1 });
  });
  const { status, headers } = await ask("scan");
  expect([status, headers.get("retry-after")]).toEqual([429, "3"]);
});
