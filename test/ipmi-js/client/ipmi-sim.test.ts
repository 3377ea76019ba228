import { describe, expect, test } from "bun:test";
import { IpmiClient } from "../../../src/ipmi-js/client/ipmi-client.ts";
import type { IpmiClientOptions } from "../../../src/ipmi-js/client/options.ts";
import { chassisControl, chassisIdentify, getChassisStatus } from "../../../src/ipmi-js/commands/chassis.ts";
import { getDeviceId } from "../../../src/ipmi-js/commands/device.ts";
import { getSensorReading } from "../../../src/ipmi-js/commands/sensor.ts";
import { getSessionInfo } from "../../../src/ipmi-js/commands/session.ts";
import { IpmiError } from "../../../src/ipmi-js/errors.ts";
import { hasIpmiSim, IPMI_SIM, startIpmiSim, type IpmiSim } from "../../support/ipmi-sim.ts";
import type { UdpFaults } from "../../support/udp-faults.ts";
import { startUdpProxy } from "../../support/udp-proxy.ts";
import { failureOf } from "./fake-client.ts";

/** As patient as a test can be. */
const timing = {
  firstRetransmitMs: 60,
  growth: 1.5,
  attempts: 5,
  attemptsWhenSuspect: 3,
  closeMs: 300,
  deadlineMs: 20_000,
};

const clientOf = (sim: IpmiSim, options: Partial<IpmiClientOptions> = {}): IpmiClient => {
  const username = options.username ?? "admin";
  const access = { host: sim.host, port: sim.port, username, password: sim.passwordOf(username) };
  return new IpmiClient({ ...access, timing, ...options });
};

/** Sessions that the BMC has, this one included. */
const sessionsOf = async (client: IpmiClient) =>
  (await client.execute(getSessionInfo, { index: 0, key: new Uint8Array() })).active;

describe.skipIf(!hasIpmiSim)(`a client of a simulated BMC (needs ${IPMI_SIM})`, () => {
  test("speaks all cipher suites that it has, and IPMI 1.5", async () => {
    await using sim = await startIpmiSim();
    const variants: readonly Partial<IpmiClientOptions>[] = [
      ...[0, 1, 2, 3, 6, "auto" as const].map((cipherSuite) => ({ cipherSuite })),
      { ipmiVersion: "1.5", authType: "md5" },
      { ipmiVersion: "1.5", authType: "password" },
      { ipmiVersion: "auto" },
      { username: "oper", privilege: "operator" },
      { username: "viewer", privilege: "user" },
      { username: "long20" },
      { username: "abcdefghijklmnop" },
      { nameOnlyLookup: false },
    ];
    for (const variant of variants) {
      await using client = clientOf(sim, variant);
      expect(await client.execute(getDeviceId, {})).toMatchObject({ manufacturerId: 32_473 });
    }
    await using last = clientOf(sim);
    expect(await sessionsOf(last)).toBe(1);
  });

  test("answers on IPv6, and to a ping", async () => {
    await using sim = await startIpmiSim({ address: "::1" });
    await using client = clientOf(sim);
    expect(await client.execute(getDeviceId, {})).toMatchObject({ manufacturerId: 32_473 });
    expect(await client.ping()).toMatchObject({ supportsIpmi: true });
  });

  test("is told which step failed, and why", async () => {
    await using sim = await startIpmiSim();
    const failures: Partial<IpmiClientOptions>[] = [{ password: "wrong" }, { username: "ghost" }, { cipherSuite: 17 }];
    const told: string[] = [];
    for (const options of failures) {
      await using client = clientOf(sim, { cipherSuite: 3, ...options });
      const { code, detail, message } = await failureOf(client.connect());
      told.push(`${code} ${detail.step}`);
      expect(message).not.toContain(sim.passwordOf("admin"));
    }
    expect(told).toEqual(["authentication rakp-1-2", "authentication rakp-1-2", "unsupported open-session"]);
  });

  test("may not do more than its privilege allows", async () => {
    await using sim = await startIpmiSim();
    await using client = clientOf(sim, { username: "viewer", privilege: "user" });
    const failure = await failureOf(client.execute(chassisControl, { control: "off" }));
    expect(failure).toMatchObject({ code: "completion-code", detail: { completionCode: 0xd4 } });
    expect(failure.message).toContain("insufficient privilege");
    expect(sim.chassisLog()).toEqual([]);
  });

  test("goes on in a new session when the BMC was restarted, and in the old one when it was stopped for a while", async () => {
    await using sim = await startIpmiSim();
    await using client = clientOf(sim);
    await client.connect();
    await sim.restart();
    expect(await client.execute(getChassisStatus, {})).toMatchObject({ isOn: true });
    expect(client.counters).toMatchObject({ sessionsOpened: 2, sessionsLost: 1 });
    sim.pause();
    const waiting = client.execute(getChassisStatus, {});
    const impatient = failureOf(client.execute(getChassisStatus, {}, { deadlineMs: 50 }));
    expect(await impatient).toMatchObject({ code: "timeout" });
    sim.resume();
    expect(await waiting).toMatchObject({ isOn: true });
  });

  test("sends a power command once to a BMC that is stopped, whatever comes of it", async () => {
    await using sim = await startIpmiSim();
    await using client = clientOf(sim);
    await client.connect();
    sim.pause();
    const failure = await failureOf(client.execute(chassisControl, { control: "off" }));
    expect(failure).toMatchObject({ code: "session-lost", detail: { attempts: 1, mayHaveBeenCarriedOut: true } });
    sim.resume();
    // It was received, and is carried out late. Everything before it has been, when this is answered.
    expect(await client.execute(getChassisStatus, {})).toMatchObject({ isOn: false });
    expect(sim.chassisLog()).toEqual(["power 0"]);
  });

  test("waits for room where the session table is full", async () => {
    await using sim = await startIpmiSim();
    const crowd = Array.from({ length: 62 }, () => clientOf(sim, { username: "crowd", cipherSuite: 3 }));
    await Promise.all(crowd.map((client) => client.connect()));
    await using late = clientOf(sim, { cipherSuite: 3, timing: { ...timing, noResourcesPauseMs: 50 } });
    const connecting = late.connect();
    await crowd.pop()?.close();
    await connecting;
    expect(late.state).toBe("open");
    await Promise.all(crowd.map((client) => client.close()));
    expect(await sessionsOf(late)).toBe(1);
  });

  test("leaves no session behind when it is closed in the middle of a set-up", async () => {
    await using sim = await startIpmiSim();
    for (let sent = 1; sent < 6; sent++) {
      const abort = Promise.withResolvers<void>();
      let count = 0;
      const trace = {
        event: ({ direction }: { readonly direction: string }) => {
          if (direction === "sent" && ++count === sent) abort.resolve();
        },
      };
      const client = clientOf(sim, { cipherSuite: 3, trace });
      const call = client.execute(getDeviceId, {}).catch((error: unknown) => error);
      await abort.promise;
      await client.close();
      const outcome = await call;
      if (sent < 5) expect(outcome).toMatchObject({ code: "closed" });
    }
    await using last = clientOf(sim);
    expect(await sessionsOf(last)).toBe(1);
  });

  test("takes nothing from strangers, and survives random datagrams from the BMC's own address", async () => {
    await using sim = await startIpmiSim();
    await using proxy = await startUdpProxy({
      host: sim.host,
      port: sim.port,
      toClient: { garbage: 0.5, truncation: 0.5, corruption: 0.5, wrongSource: 0.1 },
    });
    await using client = clientOf(sim, { host: proxy.host, port: proxy.port, cipherSuite: 3 });
    for (let call = 0; call < 40; call++)
      expect(await client.execute(getDeviceId, {})).toMatchObject({ manufacturerId: 32_473, productId: 2055 });
    const { dropped } = client.counters;
    expect(dropped.malformed).toBeGreaterThan(0);
    expect(dropped["bad-authentication"]).toBeGreaterThan(0);
  });
});

/** What a BMC answers for a sensor: its bytes' meaning, or the completion code. */
async function raw(client: IpmiClient, sensor: number): Promise<string> {
  try {
    return JSON.stringify(await client.execute(getSensorReading, { sensor }));
  } catch (error) {
    if (error instanceof IpmiError && error.code === "completion-code") return `refused ${error.detail.completionCode}`;
    throw error;
  }
}

const badNetwork: UdpFaults = { loss: 0.2, reordering: 0.1, delay: 0.2, delayMs: [1, 40] };

describe.skipIf(!hasIpmiSim)(`over a network that loses a fifth of everything (needs ${IPMI_SIM})`, () => {
  test("no value is wrong, and every call ends", async () => {
    await using sim = await startIpmiSim();
    const right = new Map<number, string>();
    {
      await using client = clientOf(sim);
      for (const { number } of sim.expected.sensors) right.set(number, await raw(client, number));
    }
    expect(new Set(right.values()).size).toBeGreaterThan(20);
    await using proxy = await startUdpProxy({
      host: sim.host,
      port: sim.port,
      seed: 20,
      toBmc: { ...badNetwork, duplication: 0.1 },
      toClient: { ...badNetwork, duplication: 0.2, truncation: 0.1 },
    });
    await using client = clientOf(sim, { host: proxy.host, port: proxy.port, cipherSuite: 3, window: 4 });
    const read = async (sensor: number, value: string) =>
      expect(`${sensor}: ${await raw(client, sensor)}`).toBe(`${sensor}: ${value}`);
    const calls = [...right, ...right, ...right].map(([sensor, value]) => read(sensor, value));
    const outcomes = await Promise.allSettled(calls);
    const failed = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
    for (const reason of failed) expect(reason).toMatchObject({ code: "timeout" });
    expect(failed.length).toBeLessThan(outcomes.length / 10);
  });

  test("no control command is carried out twice, and each outcome is honest", async () => {
    await using sim = await startIpmiSim();
    await using proxy = await startUdpProxy({
      host: sim.host,
      port: sim.port,
      seed: 3,
      toBmc: badNetwork,
      toClient: { ...badNetwork, duplication: 0.2 },
    });
    const impatient = { ...timing, attempts: 3 };
    await using client = clientOf(sim, { host: proxy.host, port: proxy.port, cipherSuite: 3, timing: impatient });
    const outcomes = new Map<number, "done" | "perhaps" | "not">();
    for (let intervalSeconds = 1; intervalSeconds <= 20; intervalSeconds++) {
      try {
        await client.execute(chassisIdentify, { intervalSeconds, isForced: undefined });
        outcomes.set(intervalSeconds, "done");
      } catch (error) {
        if (!(error instanceof IpmiError)) throw error;
        outcomes.set(intervalSeconds, error.detail.mayHaveBeenCarriedOut ? "perhaps" : "not");
      }
    }
    const log = sim.chassisLog();
    for (const [intervalSeconds, outcome] of outcomes) {
      const times = log.filter((line) => line.startsWith(`identify ${intervalSeconds} `)).length;
      const right = { done: [1], perhaps: [0, 1], not: [0] }[outcome];
      expect(right).toContain(times);
    }
    expect([...outcomes.values()]).toContain("done");
    expect([...outcomes.values()]).toContain("perhaps");
  }, 60_000);
});
