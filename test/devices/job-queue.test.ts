import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { JobQueue, type Job } from "../../src/devices/job-queue.ts";
import { deviceErrorOf } from "../support/device-error.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";

const never = new AbortController().signal;

/** Jobs that end when the test says so, and the order in which they have begun. */
class Jobs {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, PromiseWithResolvers<string>>();

  job(name: string, priority: Job<string>["priority"] = "read"): Job<string> {
    const end = Promise.withResolvers<string>();
    this.#ends.set(name, end);
    const run = () => {
      this.begun.push(name);
      return end.promise;
    };
    return { priority, run };
  }

  async end(name: string): Promise<void> {
    this.#ends.get(name)?.resolve(name);
    await settle();
  }

  async fail(name: string, error: Error): Promise<void> {
    this.#ends.get(name)?.reject(error);
    await settle();
  }
}

function open(limit: number) {
  const clock = new ManualClock();
  return { clock, jobs: new Jobs(), queue: new JobQueue(limit, clock, "The bus") };
}

describe("order", () => {
  test("one job at a time, first come, first served", async () => {
    const { jobs, queue } = open(8);
    const outcomes = ["a", "b", "c"].map((name) => queue.submit(jobs.job(name), never));
    await settle();
    expect(jobs.begun).toEqual(["a"]);
    expect(queue.waiting).toBe(2);
    await jobs.end("a");
    expect(jobs.begun).toEqual(["a", "b"]);
    await jobs.end("b");
    await jobs.end("c");
    expect(await Promise.all(outcomes)).toEqual(["a", "b", "c"]);
    expect(queue.waiting).toBe(0);
  });

  test("control goes ahead of waiting reads, in its own order, and does not interrupt", async () => {
    const { jobs, queue } = open(8);
    void queue.submit(jobs.job("read 1"), never);
    void queue.submit(jobs.job("read 2"), never);
    void queue.submit(jobs.job("control 1", "control"), never);
    void queue.submit(jobs.job("read 3"), never);
    void queue.submit(jobs.job("control 2", "control"), never);
    await settle();
    expect(jobs.begun).toEqual(["read 1"]);
    for (const name of ["read 1", "control 1", "control 2", "read 2", "read 3"]) await jobs.end(name);
    expect(jobs.begun).toEqual(["read 1", "control 1", "control 2", "read 2", "read 3"]);
  });

  test("a job submitted by the one who gets a result comes behind those that waited", async () => {
    const { jobs, queue } = open(8);
    const first = queue.submit(jobs.job("a"), never);
    void queue.submit(jobs.job("b"), never);
    const later = first.then(() => queue.submit(jobs.job("c"), never));
    await jobs.end("a");
    await jobs.end("b");
    await jobs.end("c");
    expect(await later).toBe("c");
    expect(jobs.begun).toEqual(["a", "b", "c"]);
  });
});

describe("the bound", () => {
  test("refuses what is too much, names when to come back, and takes more when there is room", async () => {
    const { jobs, queue } = open(2);
    void queue.submit(jobs.job("a"), never);
    void queue.submit(jobs.job("b"), never);
    void queue.submit(jobs.job("c", "control"), never);
    const error = await deviceErrorOf(queue.submit(jobs.job("d"), never), "busy");
    expect(error.detail.retryAfterS).toBeGreaterThanOrEqual(1);
    expect(error.message).toBe("The bus is busy: 2 commands are waiting already. Try again in 1 s.");
    await deviceErrorOf(queue.submit(jobs.job("e", "control"), never), "busy");
    await jobs.end("a");
    void queue.submit(jobs.job("f"), never);
    for (const name of ["c", "b", "f"]) await jobs.end(name);
    expect(jobs.begun).toEqual(["a", "c", "b", "f"]);
  });

  test("of none still lets one job run", async () => {
    const { jobs, queue } = open(0);
    const outcome = queue.submit(jobs.job("a"), never);
    await deviceErrorOf(queue.submit(jobs.job("b"), never), "busy");
    await jobs.end("a");
    expect(await outcome).toBe("a");
  });

  test("names a later time where jobs take long", async () => {
    const { clock, jobs, queue } = open(3);
    for (let turn = 0; turn < 100; turn++) {
      const slow = queue.submit(jobs.job("slow"), never);
      await clock.advance(10_000);
      await jobs.end("slow");
      await slow;
    }
    for (const name of ["a", "b", "c", "d"]) void queue.submit(jobs.job(name), never);
    const { detail } = await deviceErrorOf(queue.submit(jobs.job("e"), never), "busy");
    // Three wait, each for about 10 s; the average approaches that from below.
    expect(detail.retryAfterS).toBeGreaterThan(25);
    expect(detail.retryAfterS).toBeLessThanOrEqual(30);
    expect(Number.isInteger(detail.retryAfterS)).toBe(true);
  });
});

describe("leaving", () => {
  test("before it begins: the job is not run, and its place is free", async () => {
    const { jobs, queue } = open(2);
    const leaving = new AbortController();
    void queue.submit(jobs.job("a"), never);
    const left = queue.submit(jobs.job("b"), leaving.signal);
    void queue.submit(jobs.job("c"), never);
    leaving.abort();
    const error = await deviceErrorOf(left, "cancelled");
    expect(error.message).toContain("was not sent");
    expect(queue.waiting).toBe(1);
    await jobs.end("a");
    await jobs.end("c");
    expect(jobs.begun).toEqual(["a", "c"]);
  });

  test("before it is submitted: nothing is run", async () => {
    const { jobs, queue } = open(2);
    await deviceErrorOf(queue.submit(jobs.job("a"), AbortSignal.abort()), "cancelled");
    expect(jobs.begun).toEqual([]);
    const outcome = queue.submit(jobs.job("b"), never);
    await jobs.end("b");
    expect(await outcome).toBe("b");
  });

  test("after it has begun disturbs nothing, whether it waited or not", async () => {
    const { jobs, queue } = open(2);
    const leaving = new AbortController();
    const outcomes = ["a", "b"].map((name) => queue.submit(jobs.job(name), leaving.signal));
    await jobs.end("a");
    expect(jobs.begun).toEqual(["a", "b"]);
    leaving.abort();
    await jobs.end("b");
    expect(await Promise.all(outcomes)).toEqual(["a", "b"]);
  });
});

describe("a job that fails", () => {
  test("tells its caller, and the next one begins", async () => {
    const { jobs, queue } = open(2);
    const failing = queue.submit(jobs.job("a"), never);
    const next = queue.submit(jobs.job("b"), never);
    const error = new Error("no");
    const failed = failing.catch((thrown: unknown) => thrown);
    await jobs.fail("a", error);
    expect(await failed).toBe(error);
    await jobs.end("b");
    expect(await next).toBe("b");
  });

  test("before it has made a promise does no harm either", async () => {
    const { jobs, queue } = open(2);
    const error = new Error("no");
    const run = () => {
      throw error;
    };
    const failing = queue.submit({ priority: "read", run }, never);
    const next = queue.submit(jobs.job("b"), never);
    expect(await failing.catch((thrown: unknown) => thrown)).toBe(error);
    await jobs.end("b");
    expect(await next).toBe("b");
  });
});

describe("closing", () => {
  test("refuses what waits and what comes, and resolves when the job under way has ended", async () => {
    const { jobs, queue } = open(8);
    const running = queue.submit(jobs.job("a"), never);
    const waiting = [queue.submit(jobs.job("b"), never), queue.submit(jobs.job("c", "control"), never)];
    let isClosed = false;
    const closed = queue.close().then(() => (isClosed = true));
    for (const refused of waiting) {
      const error = await deviceErrorOf(refused, "shutting-down");
      expect(error.detail.retryAfterS).toBeGreaterThanOrEqual(1);
    }
    await deviceErrorOf(queue.submit(jobs.job("d"), never), "shutting-down");
    await settle();
    expect(isClosed).toBe(false);
    await jobs.end("a");
    expect(await running).toBe("a");
    await closed;
    expect(jobs.begun).toEqual(["a"]);
    expect(queue.waiting).toBe(0);
  });

  test("resolves at once where nothing runs, and again when asked again", async () => {
    const { queue } = open(8);
    await queue.close();
    await queue.close();
  });

  test("resolves when the job under way fails", async () => {
    const { jobs, queue } = open(8);
    const running = queue.submit(jobs.job("a"), never);
    running.catch(() => undefined);
    const closed = queue.close();
    await jobs.fail("a", new Error("no"));
    await closed;
  });

  test("leaves no trace of a caller that leaves after it was refused", async () => {
    const { jobs, queue } = open(8);
    const leaving = new AbortController();
    void queue.submit(jobs.job("a"), never);
    const refused = queue.submit(jobs.job("b"), leaving.signal);
    const closed = queue.close();
    leaving.abort();
    await deviceErrorOf(refused, "shutting-down");
    await jobs.end("a");
    await closed;
  });
});

/** The queue as a list of names: what it must do, in as few words as possible. */
class Model {
  running: string | undefined;
  control: string[] = [];
  reads: string[] = [];

  submit(name: string, isControl: boolean, limit: number): "begun" | "waits" | "busy" {
    if (this.running === undefined) {
      this.running = name;
      return "begun";
    }
    if (this.control.length + this.reads.length >= limit) return "busy";
    (isControl ? this.control : this.reads).push(name);
    return "waits";
  }

  leave(name: string): boolean {
    const isWaiting = this.control.includes(name) || this.reads.includes(name);
    this.control = this.control.filter((other) => other !== name);
    this.reads = this.reads.filter((other) => other !== name);
    return isWaiting;
  }

  end(): string | undefined {
    const ended = this.running;
    this.running = this.control.shift() ?? this.reads.shift();
    return ended;
  }
}

test("any order of arrivals, departures, successes and failures ends as in the model", async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("submit" as const), isControl: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("end" as const, "fail" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), which: fc.nat(20) }) },
  );
  const steps = fc.array(step, { maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(4), async (script, limit) => {
      const { jobs, queue } = open(limit);
      const model = new Model();
      const callers: { name: string; leaving: AbortController }[] = [];
      const outcomes: Record<string, string> = {};
      const expected: Record<string, string> = {};
      const begun: string[] = [];
      const note = () => {
        if (model.running !== undefined && begun.at(-1) !== model.running) begun.push(model.running);
      };
      for (const move of script) {
        if (move.do === "submit") {
          const name = `job ${callers.length}`;
          const leaving = new AbortController();
          callers.push({ name, leaving });
          if (model.submit(name, move.isControl, limit) === "busy") expected[name] = "busy";
          const job = jobs.job(name, move.isControl ? "control" : "read");
          queue.submit(job, leaving.signal).then(
            () => (outcomes[name] = "done"),
            (error: unknown) =>
              (outcomes[name] = error instanceof Object && "code" in error ? String(error.code) : "failed"),
          );
        } else if (move.do === "leave") {
          const caller = callers[move.which];
          if (caller && model.leave(caller.name)) expected[caller.name] = "cancelled";
          caller?.leaving.abort();
        } else {
          const ended = model.end();
          if (ended !== undefined) {
            expected[ended] = move.do === "end" ? "done" : "failed";
            await (move.do === "end" ? jobs.end(ended) : jobs.fail(ended, new Error("no")));
          }
        }
        await settle();
        note();
        expect(queue.waiting).toBe(model.control.length + model.reads.length);
      }
      expect(jobs.begun).toEqual(begun);
      expect(outcomes).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});
