// Many at once, and the end while something is under way.
import { expect, test } from "bun:test";
import { startProduct, type Product } from "../support/product.ts";

/** What went over the bus, in hex; the product logs at level debug, and has ended. */
const framesSent = async (product: Product): Promise<string[]> =>
  (await product.lines()).flatMap(({ sent }) => (typeof sent === "string" ? [sent] : []));

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

test("a caller that hangs up takes its command out of the queue: it is never sent", async () => {
  const product = await startProduct(["--emulator", "--log-level", "debug"]);
  // Nobody has this board: the line is busy for the timeout.
  const busy = product.get("version/77");
  const caller = new AbortController();
  const gone = product.get("led/1/5001/off", { signal: caller.signal }).catch((error: unknown) => error);
  await product.get("test");
  caller.abort();
  expect(await gone).toBeInstanceOf(DOMException);
  expect((await busy).status).toBe(500);
  expect((await product.get("led/1/5001")).body).toEqual({ led_state: "on" });
  expect(await product.stop()).toBe(0);
  const sent = await framesSent(product);
  // Version of board 77, then the reading of the LED: sequence numbers 1 and 2, and no write (57) between them.
  expect(sent).toEqual(["01 0a 01 ff 00 00 00 77 ff ff 56 35 04", "01 0a 02 10 00 00 00 01 50 01 52 4a 04"]);
}, 20_000);

test("control goes ahead of reads that wait", async () => {
  const product = await startProduct(["--emulator", "--log-level", "debug"]);
  const busy = product.get("version/77");
  const reads = Array.from({ length: 3 }, () => product.get("fan/1/3002"));
  await product.get("test");
  const control = product.get("led/1/5001/off", { method: "POST" });
  await Promise.all([busy, ...reads, control]);
  expect(await product.stop()).toBe(0);
  const sent = await framesSent(product);
  // The letters of the commands: version; write and the reading after it; then the reads.
  expect(sent.map((frame) => frame.split(" ")[10])).toEqual(["56", "57", "52", "52", "52", "52"]);
}, 20_000);
