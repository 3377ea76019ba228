import { describe, expect, test } from "bun:test";
import { ApiError } from "../../src/api/errors.ts";
import { RequestLimiter, type RequestRates } from "../../src/api/request-limits.ts";
import { readingOf } from "../support/fake-backend.ts";
import { createTestApi } from "../support/api.ts";
import { ManualClock } from "../support/manual-clock.ts";

const rates: RequestRates = { requestRate: 10, requestBurst: 5, concurrentRequests: 0, loopback: false };

function limiting(more: Partial<RequestRates> = {}, isExempt?: (address: string) => boolean) {
  const clock = new ManualClock();
  const limiter = new RequestLimiter({ ...rates, ...more }, { clock, ...(isExempt && { isExempt }) });
  /** How many of `count` requests are let in, and when the first of the others may come again. */
  const ask = (remote: string, count: number) => {
    let admitted = 0;
    let retryAfterS: number | undefined;
    for (let at = 0; at < count; at++) {
      try {
        limiter.admit(remote);
        admitted += 1;
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== "too-many-requests") throw error;
        retryAfterS ??= error.details.retryAfterS;
      }
    }
    return { admitted, retryAfterS };
  };
  return { clock, limiter, ask };
}

describe("the rate of requests", () => {
  test("is limited once a burst is used up", async () => {
    const { clock, ask } = limiting();
    const { admitted, retryAfterS = 0 } = ask("192.0.2.1", 100);
    expect(admitted).toBe(5);
    expect(retryAfterS).toBeCloseTo(0.1);
    await clock.advance(99);
    expect(ask("192.0.2.1", 1).admitted).toBe(1);
    expect(ask("192.0.2.1", 1).admitted).toBe(0);
    await clock.advance(1000);
    expect(ask("192.0.2.1", 100).admitted).toBe(5);
  });

  test("is kept for ever by who asks no faster", async () => {
    const { clock, ask } = limiting();
    for (let at = 0; at < 1000; at++) {
      expect(ask("192.0.2.1", 1).admitted).toBe(1);
      await clock.advance(100);
    }
  });

  test("does not get worse by asking all the time", async () => {
    const { clock, ask } = limiting();
    ask("192.0.2.1", 5);
    let admitted = 0;
    for (let at = 0; at < 1000; at++) {
      await clock.advance(10);
      admitted += ask("192.0.2.1", 1).admitted;
    }
    expect(admitted).toBeGreaterThanOrEqual(99);
    expect(admitted).toBeLessThanOrEqual(101);
  });

  test("is each address's own, however it is spelled, and each network's of IPv6", () => {
    const { ask } = limiting();
    expect(ask("192.0.2.1", 9).admitted).toBe(5);
    expect(ask("::ffff:192.0.2.1", 9).admitted).toBe(0);
    expect(ask("192.0.2.2", 9).admitted).toBe(5);
    expect(ask("2001:db8::1", 3).admitted).toBe(3);
    expect(ask("2001:db8:0:0:ffff::2", 3).admitted).toBe(2);
    expect(ask("2001:db8:0:1::1", 9).admitted).toBe(5);
  });

  test("is not counted for this machine, trusted proxies and callers without an address", () => {
    const { ask, limiter } = limiting({}, (address) => address === "192.0.2.9");
    for (const address of ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "192.0.2.9"])
      expect(ask(address, 100).admitted).toBe(100);
    for (let at = 0; at < 100; at++) expect(limiter.admit(undefined)).toBeUndefined();
    expect(limiter.size).toBe(0);
    limiter.set({ ...rates, loopback: true });
    for (const address of ["127.0.0.1", "::1"]) expect(ask(address, 100).admitted).toBe(5);
  });

  test("may be set anew, and off", () => {
    const { ask, limiter } = limiting();
    ask("192.0.2.1", 9);
    limiter.set({ ...rates, requestRate: 0 });
    expect(ask("192.0.2.1", 1000).admitted).toBe(1000);
    expect(limiter.size).toBe(0);
    limiter.set({ ...rates, requestBurst: 1 });
    expect(ask("192.0.2.1", 9).admitted).toBe(1);
  });

  test("is remembered for a bounded number of addresses, the busy ones first", async () => {
    const { ask, clock, limiter } = limiting();
    for (let at = 0; at < 10_000; at++) ask(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`, 1);
    expect(limiter.size).toBeLessThanOrEqual(4096);
    await clock.advance(60_000);
    ask("192.0.2.1", 9);
    for (let at = 0; at < 4000; at++) ask(`10.9.${(at >> 8) & 255}.${at & 255}`, 1);
    expect(ask("192.0.2.1", 1).admitted).toBe(0);
    expect(limiter.size).toBeLessThanOrEqual(4096);
  });
});

describe("requests that wait", () => {
  test("are limited, and leave room when they are answered, well or badly", async () => {
    const { limiter } = limiting({ requestRate: 0, concurrentRequests: 2 });
    const waits = [Promise.withResolvers<string>(), Promise.withResolvers<string>()] as const;
    const held = waits.map(({ promise }) => {
      const visitor = limiter.admit("192.0.2.1");
      if (!visitor) throw new Error("nobody counts");
      return limiter.whileWaiting(visitor, promise).catch((error: Error) => error.message);
    });
    expect(() => limiter.admit("192.0.2.1")).toThrow("2 requests from your address are still under way");
    expect(limiter.admit("192.0.2.2")).toBeDefined();
    waits[0].resolve("answered");
    waits[1].reject(new Error("failed"));
    expect(await Promise.all(held)).toEqual(["answered", "failed"]);
    expect(limiter.admit("192.0.2.1")).toEqual({ dueMs: 0, waiting: 0 });
  });
});

describe("the API", () => {
  test("answers 429 with Retry-After, before it looks for a route or a device", async () => {
    const clock = new ManualClock();
    const limiter = new RequestLimiter({ ...rates, requestRate: 1, requestBurst: 2 }, { clock });
    const { ask, backend, requests } = createTestApi({ clock, limiter });
    backend.answers.read = () => readingOf({ kind: "led", on: true });
    const statuses = [];
    for (let at = 0; at < 4; at++) statuses.push((await ask("read/led/1/1")).status);
    expect(statuses).toEqual([200, 200, 429, 429]);
    const refused = await ask("nosuch");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(refused.json).toEqual({
      message: "Too many requests from your address: expected at most 1 a second.",
      code: "too-many-requests",
      request_id: refused.headers.get("x-request-id"),
    });
    expect(backend.commands).toHaveLength(2);
    expect(requests.map(({ status }) => status)).toEqual([200, 200, 429, 429, 429]);
    await clock.advance(1000);
    expect((await ask("test")).status).toBe(200);
  });

  test("counts what waits for devices until it is answered", async () => {
    const limiter = new RequestLimiter({ ...rates, requestRate: 0, concurrentRequests: 1 });
    const { ask, backend } = createTestApi({ limiter });
    const end = Promise.withResolvers<void>();
    backend.answers.read = async () => {
      await end.promise;
      return readingOf({ kind: "led", on: true });
    };
    const first = ask("read/led/1/1");
    expect((await ask("read/led/1/1")).status).toBe(429);
    end.resolve();
    expect((await first).status).toBe(200);
    expect((await ask("read/led/1/1")).status).toBe(200);
  });
});
