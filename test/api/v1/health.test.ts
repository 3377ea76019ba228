import { expect, test } from "bun:test";
import { boardId } from "../../../src/devices/ids.ts";
import { createTestApi } from "../../support/api.ts";

test("health names every link with its state, and asks nobody", async () => {
  const { ask, backend } = createTestApi();
  backend.links = [
    { name: "/dev/ttyTEST", state: "up", sinceMs: 0 },
    { name: "192.0.2.10", board: boardId(0x40000001), state: "starting", sinceMs: 1000 },
  ];
  const { status, json } = await ask("health");
  expect(status).toBe(200);
  expect(json).toEqual({
    status: "ok",
    links: {
      fake: [
        { name: "/dev/ttyTEST", state: "up", since: "1970-01-01T00:00:00.000Z" },
        { name: "192.0.2.10", board_id: "40000001", state: "starting", since: "1970-01-01T00:00:01.000Z" },
      ],
    },
  });
  expect(backend.commands).toEqual([]);
});

test("health is degraded while a link is down, and says what failed there last", async () => {
  const { ask, backend } = createTestApi();
  backend.links = [{ name: "/dev/ttyTEST", state: "down", sinceMs: 0, lastError: "unplugged" }];
  const { json } = await ask("health");
  expect(json).toEqual({
    status: "degraded",
    links: {
      fake: [{ name: "/dev/ttyTEST", state: "down", since: "1970-01-01T00:00:00.000Z", last_error: "unplugged" }],
    },
  });
});
