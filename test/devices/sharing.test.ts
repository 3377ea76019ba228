import { expect, test } from "bun:test";
import { JobQueue } from "../../src/devices/job-queue.ts";
import { Sharing } from "../../src/devices/sharing.ts";
import { deviceErrorOf } from "../support/device-error.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";

const never = new AbortController().signal;

/** Scans that share, behind a queue whose line is in use until `free` is called. */
function open(limit = 8) {
  const queue = new JobQueue(limit, new ManualClock(), "The bus");
  const sharing = new Sharing<string>();
  const inUse = Promise.withResolvers<void>();
  void queue.submit({ priority: "read", run: () => inUse.promise }, never);
  const runs: PromiseWithResolvers<string>[] = [];
  const join = (key = "all", signal = never) =>
    sharing.join(key, signal, (ownSignal, begun) => {
      const run = () => {
        begun();
        const end = Promise.withResolvers<string>();
        runs.push(end);
        return end.promise;
      };
      return queue.submit({ priority: "read", run }, ownSignal);
    });
  const free = async () => {
    inUse.resolve();
    await settle();
  };
  return { queue, join, free, runs };
}

test("callers that wait for the same share one job and its result", async () => {
  const { queue, join, free, runs } = open();
  const outcomes = Array.from({ length: 50 }, () => join());
  expect(queue.waiting).toBe(1);
  await free();
  expect(runs).toHaveLength(1);
  runs[0]?.resolve("boards");
  expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["boards"]));
});

test("different keys share nothing", async () => {
  const { queue, join } = open();
  void join("all");
  void join("00000001");
  expect(queue.waiting).toBe(2);
});

test("a job that has begun is not joined: the answer is never older than the request", async () => {
  const { join, free, runs } = open();
  const first = join();
  await free();
  const second = join();
  const third = join();
  runs[0]?.resolve("old");
  expect(await first).toBe("old");
  await settle();
  expect(runs).toHaveLength(2);
  runs[1]?.resolve("new");
  expect(await second).toBe("new");
  expect(await third).toBe("new");
});

test("a job that begins at once is not joined either", async () => {
  const { join, free, runs } = open();
  await free();
  const first = join();
  const second = join();
  expect(runs).toHaveLength(1);
  runs[0]?.resolve("old");
  expect(await first).toBe("old");
  await settle();
  runs[1]?.resolve("new");
  expect(await second).toBe("new");
});

test("one caller that leaves does not disturb the others", async () => {
  const { join, free, runs } = open();
  const leaving = new AbortController();
  const left = join("all", leaving.signal);
  const stays = join();
  leaving.abort();
  await deviceErrorOf(left, "cancelled");
  await free();
  runs[0]?.resolve("boards");
  expect(await stays).toBe("boards");
});

test("when all have left before it begins, the job is not run", async () => {
  const { queue, join, free, runs } = open();
  const leaving = [new AbortController(), new AbortController()];
  const left = leaving.map(({ signal }) => join("all", signal));
  for (const caller of leaving) caller.abort();
  for (const caller of left) await deviceErrorOf(caller, "cancelled");
  expect(queue.waiting).toBe(0);
  await free();
  expect(runs).toHaveLength(0);
});

test("who comes after all have left gets a job of their own", async () => {
  const { join, free, runs } = open();
  const leaving = new AbortController();
  const left = join("all", leaving.signal);
  leaving.abort();
  const next = join();
  await deviceErrorOf(left, "cancelled");
  await free();
  expect(runs).toHaveLength(1);
  runs[0]?.resolve("boards");
  expect(await next).toBe("boards");
});

test("who leaves after it has begun is not told that nothing was sent, and the job goes on", async () => {
  const { join, free, runs } = open();
  const leaving = new AbortController();
  const outcome = join("all", leaving.signal);
  await free();
  leaving.abort();
  await settle();
  runs[0]?.resolve("boards");
  expect(await outcome).toBe("boards");
});

test("who leaves after it has begun leaves a waiting job of the same key alone", async () => {
  const { queue, join, free, runs } = open();
  const leaving = new AbortController();
  const first = join("all", leaving.signal);
  await free();
  const second = join();
  leaving.abort();
  expect(queue.waiting).toBe(1);
  runs[0]?.resolve("old");
  expect(await first).toBe("old");
  await settle();
  runs[1]?.resolve("new");
  expect(await second).toBe("new");
});

test("who has gone before asking gets nothing, and nothing is run", async () => {
  const { queue, join } = open();
  await deviceErrorOf(join("all", AbortSignal.abort()), "cancelled");
  expect(queue.waiting).toBe(0);
});

test("a refusal reaches everyone, and the next one asks anew", async () => {
  const { queue, join, free, runs } = open(1);
  void queue.submit({ priority: "read", run: () => Promise.resolve() }, never);
  const refused = [join(), join()];
  for (const caller of refused) await deviceErrorOf(caller, "busy");
  await free();
  const next = join();
  await settle();
  runs[0]?.resolve("boards");
  expect(await next).toBe("boards");
});

test("a failure reaches everyone", async () => {
  const { join, free, runs } = open();
  const outcomes = [join(), join()];
  await free();
  const error = new Error("no");
  runs[0]?.reject(error);
  for (const outcome of outcomes) expect(await outcome.catch((reason: unknown) => reason)).toBe(error);
});

test("closing the queue refuses everyone who shares", async () => {
  const { queue, join, free } = open();
  const outcomes = [join(), join()];
  const closed = queue.close();
  for (const outcome of outcomes) await deviceErrorOf(outcome, "shutting-down");
  await free();
  await closed;
});
