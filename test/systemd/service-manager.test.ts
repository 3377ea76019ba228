import { describe, expect, test } from "bun:test";
import { connectToServiceManager, watchdogPeriodMs } from "../../src/systemd/connect.ts";
import { nobody, serviceManager } from "../../src/systemd/service-manager.ts";
import type { DatagramOutcome } from "../../src/lib/unix-datagram.ts";
import { ManualClock } from "../support/manual-clock.ts";

function recorded(watchdogMs: number | null) {
  const sent: string[] = [];
  const clock = new ManualClock();
  const receiver: { outcome: DatagramOutcome } = { outcome: "sent" };
  const send = (text: string) => {
    if (receiver.outcome === "sent") sent.push(text);
    return receiver.outcome;
  };
  const notification = { send, monotonicUs: () => 5_000_001n };
  return { sent, clock, receiver, manager: serviceManager({ notification, watchdogMs, clock }) };
}

describe("what the service manager is told", () => {
  test("that the service is up, reads again, and stops", () => {
    const { sent, manager } = recorded(null);
    manager.ready("listening on https://[::]:5000/");
    manager.reloading();
    manager.stopping();
    expect(sent).toEqual([
      "READY=1\nSTATUS=listening on https://[::]:5000/",
      "RELOADING=1\nMONOTONIC_USEC=5000001",
      "STOPPING=1\nSTATUS=stopping",
    ]);
  });

  test("nothing but a status in a status", () => {
    const { sent, manager } = recorded(null);
    manager.ready("up\nMAINPID=1\r\nERRNO=2");
    expect(sent).toEqual(["READY=1\nSTATUS=up MAINPID=1 ERRNO=2"]);
  });
});

describe("a service manager", () => {
  test("that does not read is told again, of the last state alone", async () => {
    const { sent, clock, receiver, manager } = recorded(null);
    receiver.outcome = "full";
    manager.ready("up");
    manager.reloading();
    await clock.advance(1000);
    expect([sent, clock.timers]).toEqual([[], 1]);
    receiver.outcome = "sent";
    await clock.advance(1000);
    expect([sent, clock.timers]).toEqual([["RELOADING=1\nMONOTONIC_USEC=5000001"], 0]);
  });

  test("that has gone away is not waited for", () => {
    const { clock, receiver, manager } = recorded(null);
    receiver.outcome = "failed";
    manager.ready("up");
    expect(clock.timers).toBe(0);
  });

  test("hears of nothing after the end: neither of a reload that ends late, nor of being alive", async () => {
    const { sent, clock, manager } = recorded(30_000);
    manager.watch(
      () => true,
      () => undefined,
    );
    manager.stopping();
    manager.ready("up");
    manager.reloading();
    await clock.advance(60_000);
    expect(sent).toEqual(["WATCHDOG=1", "STOPPING=1\nSTATUS=stopping"]);
  });
});

describe("the watchdog", () => {
  test("is fed at once and twice in each period", async () => {
    const { sent, clock, manager } = recorded(30_000);
    manager.watch(
      () => true,
      () => undefined,
    );
    expect(sent).toEqual(["WATCHDOG=1"]);
    await clock.advance(14_999);
    expect(sent.length).toBe(1);
    await clock.advance(1);
    expect(sent.length).toBe(2);
    await clock.advance(30_000);
    expect(sent.length).toBe(4);
  });

  test("is not fed while the service is not alive, which is said once, and soon again when it is", async () => {
    const { sent, clock, manager } = recorded(30_000);
    let isAlive = true;
    let said = 0;
    manager.watch(
      () => isAlive,
      () => void said++,
    );
    isAlive = false;
    await clock.advance(24_000);
    expect([sent.length, said]).toEqual([1, 1]);
    isAlive = true;
    await clock.advance(3000);
    expect([sent.length, said]).toEqual([2, 1]);
  });

  test("is left alone where it is not asked for", async () => {
    const { sent, clock, manager } = recorded(null);
    manager.watch(
      () => true,
      () => undefined,
    );
    await clock.advance(100_000);
    expect([sent, clock.timers]).toEqual([[], 0]);
  });

  test.each([
    [{ WATCHDOG_USEC: "15000000" }, 15_000],
    [{ WATCHDOG_USEC: "15000000", WATCHDOG_PID: "7" }, 15_000],
    [{ WATCHDOG_USEC: "15000000", WATCHDOG_PID: "8" }, null],
    [{ WATCHDOG_USEC: "0" }, null],
    [{ WATCHDOG_USEC: "-1" }, null],
    [{ WATCHDOG_USEC: "1e3" }, null],
    [{ WATCHDOG_USEC: "99999999999999999999" }, null],
    [{}, null],
  ])("has the period that %j asks of process 7: %p ms", (env, periodMs) => {
    expect(watchdogPeriodMs(env, 7)).toBe(periodMs);
  });
});

test.each([{}, { NOTIFY_SOCKET: "" }, { NOTIFY_SOCKET: "relative" }, { NOTIFY_SOCKET: "vsock:2:1234" }])(
  "%j names nobody",
  async (env) => {
    expect(await connectToServiceManager(env, 7, new ManualClock())).toBe(nobody);
  },
);
