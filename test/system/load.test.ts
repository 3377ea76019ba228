// Many at once, and the end while something is under way.
import { expect, test } from "bun:test";
import { startProduct } from "../support/product.ts";

test("1,000 requests at once are all answered, each with its own reading", async () => {
  const product = await startProduct(["--emulator"]);
  const paths = Array.from({ length: 1000 }, (_, n) => (n % 2 === 0 ? "fan/1/3002/4000" : "led/1/5001"));
  const answers = await Promise.all(paths.map((path) => product.get(path)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  for (const [n, { body }] of answers.entries()) {
    expect(body).toEqual(n % 2 === 0 ? { speed_rpm: 4000 } : { led_state: "on" });
  }
  expect(await product.stop()).toBe(0);
}, 30_000);

test("a full queue answers 503 with Retry-After, and what was taken is carried out", async () => {
  const product = await startProduct(["--emulator"], undefined, { OPENDCRE_BUS_QUEUE_LIMIT: "5" });
  // Nobody has this board: the line is busy for the timeout each time.
  const answers = await Promise.all(Array.from({ length: 20 }, () => product.get("version/77")));
  const refused = answers.filter(({ status }) => status === 503);
  expect(refused).toHaveLength(14);
  for (const { body, headers } of refused) {
    expect(body.code).toBe("busy");
    expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  }
  expect(answers.filter(({ status, body }) => status === 500 && body.code === "no-response")).toHaveLength(6);
  expect(await product.stop()).toBe(0);
}, 30_000);

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s: the exchange under way ends, what is queued gets 503, the code is 0",
  async (signal) => {
    const product = await startProduct(["--emulator"]);
    const underWay = product.get("scan/1");
    const queued = Array.from({ length: 5 }, () => product.get("read/temperature/1/5801"));
    // The scan is under way when a request that needs no bus has been answered after it.
    await product.get("test");
    const ended = product.stop(signal);
    expect((await underWay).status).toBe(200);
    const refused = await Promise.all(queued);
    expect(refused.map(({ status, body }) => [status, body.code])).toEqual(queued.map(() => [503, "shutting-down"]));
    expect(await ended).toBe(0);
  },
  20_000,
);
