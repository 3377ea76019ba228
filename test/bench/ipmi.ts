/**
 * IPMI beside the programs that people use for it, on simulated BMCs in the same run: what we take is a ratio of what they take. Rows say
 * so where a program is missing.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startIpmiSimFleet, type IpmiSim, type IpmiSimOption } from "../support/ipmi-sim.ts";
import { startUdpProxy } from "../support/udp-proxy.ts";
import { BenchError, HttpConnection } from "./http-client.ts";
import { OurBmc, openAll, READINGS } from "./ipmi-client.ts";
import { FreeIpmi, missingPeers, pyghmiReadingsMs, SENSORS, USER } from "./ipmi-peers.ts";
import { load } from "./load.ts";
import { ms, ratio, type Row } from "./row.ts";
import { binary, startProduct, type Server } from "./servers.ts";
import { median, quantile } from "./statistics.ts";

const FLEET = 100;
const ROUNDS = 5;
/** pyghmi cannot read sensors of a BMC that has an SDR without a sensor. */
const OPTIONS = ["clean"] as const;

interface Target {
  readonly what: string;
  readonly target: string;
}

/** One row for each target, measured on simulated BMCs where the peers are there. */
async function onFleet(
  targets: readonly Target[],
  count: number,
  measure: (bmcs: readonly IpmiSim[]) => Promise<readonly Omit<Row, keyof Target>[]>,
  options: readonly IpmiSimOption[] = OPTIONS,
): Promise<Row[]> {
  const missing = missingPeers();
  if (missing !== undefined) return targets.map((target) => ({ ...target, figure: missing, isMet: false }));
  await using fleet = await startIpmiSimFleet(count, { options });
  const results = await measure(fleet.bmcs);
  return targets.map((target, index) => ({ figure: "not measured", isMet: false, ...target, ...results[index] }));
}

const msNow = () => performance.now();

async function timeMs(action: () => Promise<unknown>): Promise<number> {
  const beganMs = msNow();
  await action();
  return msNow() - beganMs;
}

/** Ours and theirs in turn, so that both see the same machine; the median of the rounds' ratios, and what it was made of. */
async function inTurn(ours: () => Promise<number>, theirs: () => Promise<number>, rounds = ROUNDS) {
  const pairs: { readonly oursMs: number; readonly theirsMs: number }[] = [];
  for (let round = 0; round < rounds; round++) pairs.push({ theirsMs: await theirs(), oursMs: await ours() });
  return {
    share: median(pairs.map(({ oursMs, theirsMs }) => oursMs / theirsMs)),
    oursMs: median(pairs.map(({ oursMs }) => oursMs)),
    theirsMs: median(pairs.map(({ theirsMs }) => theirsMs)),
  };
}

type Comparison = Awaited<ReturnType<typeof inTurn>>;

function compared({ share, oursMs, theirsMs }: Comparison, peer: string, most: number, detail = "") {
  const figure = `median ${ms(oursMs)} = ${ratio(share)} ${peer}'s ${ms(theirsMs)}${detail}`;
  return { figure, isMet: share <= most };
}

function ipmiOneBmc(): Promise<Row[]> {
  const targets = [
    { what: `one BMC, ${SENSORS} sensors, round trips`, target: "at most 1.15 a reading" },
    { what: `one BMC, ${SENSORS} sensors, session open`, target: "at most 0.6 × pyghmi" },
  ];
  return onFleet(targets, 1, async ([bmc]) => {
    if (!bmc) return [];
    await using proxy = await startUdpProxy(bmc);
    const counted = await OurBmc.open(bmc, proxy);
    const before = proxy.counters.toBmc.received;
    const readings = await counted.readAll();
    const roundTrips = proxy.counters.toBmc.received - before;
    await counted.close();
    const each = roundTrips / readings;

    const ours = await OurBmc.open(bmc);
    for (let round = 0; round < 50; round++) await ours.readAll();
    const p50s: number[] = [];
    const oursMs = async () => {
      const took: number[] = [];
      for (let round = 0; round < 20; round++) took.push(await timeMs(() => ours.readAll()));
      p50s.push(median(took));
      return median(took);
    };
    const comparison = await inTurn(oursMs, async () => median(await pyghmiReadingsMs(bmc, 20)), 3);
    await ours.close();
    return [
      { figure: `${each.toFixed(2)} (${roundTrips} for ${readings} readings)`, isMet: each <= 1.15 },
      compared(comparison, "pyghmi", 0.6, `, ${((comparison.oursMs * 1000) / readings).toFixed(0)} µs a reading`),
    ];
  });
}

/**
 * What nobody can save: the simulator runs a shell script whenever it is asked for the power. Milliseconds that these scripts take for the
 * fleet, as many at a time as there are cores.
 */
function chassisScriptsMs(bmcs: readonly IpmiSim[]): Promise<number> {
  const script = join(import.meta.dirname, "..", "support", "ipmi-sim", "chassis.sh");
  const command = [
    "xargs",
    "-P",
    String(navigator.hardwareConcurrency),
    "-I",
    "{}",
    "sh",
    "-c",
    `${script} {} get power`,
  ];
  return timeMs(async () => {
    const stdin = new Blob(bmcs.map(({ dir }) => `${dir}\n`));
    await Bun.spawn(command, { stdio: [stdin, "ignore", "inherit"] }).exited;
  });
}

function ipmiSweep(): Promise<Row[]> {
  const targets = [
    { what: `${FLEET} BMCs × ${SENSORS} sensors, kept sessions`, target: "at most 0.5 × ipmi-sensors, cached, -F 64" },
  ];
  return onFleet(targets, FLEET, async (bmcs) => {
    const free = new FreeIpmi(bmcs);
    await free.sensorsMs();
    const ours = await openAll(bmcs);
    const sweep = () => timeMs(() => Promise.all(ours.map((bmc) => bmc.readAll())));
    await sweep();
    const swept = await inTurn(sweep, () => free.sensorsMs());
    await Promise.all(ours.map((bmc) => bmc.close()));
    free.close();
    const each = ((swept.oursMs * 1000) / (FLEET * READINGS)).toFixed(0);
    return [compared(swept, "ipmi-sensors", 0.5, `, ${each} µs a reading`)];
  });
}

/** Power status of a fleet, ours and ipmipower's in turn. */
async function powerStatus(bmcs: readonly IpmiSim[], isOn: boolean): Promise<Comparison> {
  const free = new FreeIpmi(bmcs);
  const ours = await openAll(bmcs);
  const power = () => timeMs(() => Promise.all(ours.map((bmc) => bmc.askPower(isOn))));
  await power();
  const comparison = await inTurn(power, () => free.powerMs());
  await Promise.all(ours.map((bmc) => bmc.close()));
  free.close();
  return comparison;
}

/**
 * The simulator runs a shell script whenever it is asked for the power, and two cores take longer for a hundred of those than we may take
 * altogether: what clients take of their own shows where it runs none. How it is with the scripts stands beside it.
 */
async function ipmiPower(): Promise<Row[]> {
  const [scripted] = await onFleet([{ what: "with scripts", target: "" }], FLEET, async (bmcs) => {
    const { share } = await powerStatus(bmcs, true);
    const scripts: number[] = [];
    for (let round = 0; round < ROUNDS; round++) scripts.push(await chassisScriptsMs(bmcs));
    const figure = `with the simulator's shell script ${ratio(share)}, of which the scripts alone take ${ms(median(scripts))}`;
    return [{ figure, isMet: true }];
  });
  const target = { what: `${FLEET} BMCs, power status, kept sessions`, target: "at most 0.3 × ipmipower --stat" };
  const measure = async (bmcs: readonly IpmiSim[]) => [
    compared(await powerStatus(bmcs, false), "ipmipower", 0.3, `; ${scripted?.figure ?? ""}`),
  ];
  return onFleet([target], FLEET, measure, [...OPTIONS, "scriptless"]);
}

const COLD_TARGET = "at most 0.7 × ipmi-sensors without cache";

function ipmiColdStart(): Promise<Row[]> {
  const targets = [{ what: `${FLEET} BMCs, sessions, SDRs and all sensors`, target: COLD_TARGET }];
  return onFleet(targets, FLEET, async (bmcs) => {
    const free = new FreeIpmi(bmcs);
    const ours = async () => {
      let opened: readonly OurBmc[] = [];
      const tookMs = await timeMs(async () => {
        opened = await openAll(bmcs);
        await Promise.all(opened.map((bmc) => bmc.readAll()));
      });
      await Promise.all(opened.map((bmc) => bmc.close()));
      return tookMs;
    };
    const comparison = await inTurn(ours, () => free.coldSensorsMs(), 3);
    free.close();
    return [compared(comparison, "ipmi-sensors", 0.7)];
  });
}

interface StartedProduct extends Server {
  /** Waits until all sensors that have values are listed. */
  untilKnown(): Promise<void>;
}

const KNOWN_WITHIN_MS = 60_000;
const SCAN = "/opendcre/1.2/scan";
/** The first BMC's board. */
const FIRST_BOARD = 0x40000001;
/** Power, system and LED: a BMC's board has them before anything is known of it. */
const BUILT_IN = 3;

async function startToKnownMs(bmcs: readonly IpmiSim[]): Promise<number> {
  const beganMs = msNow();
  const started = await startWithBmcs(bmcs);
  await started.untilKnown();
  const tookMs = msNow() - beganMs;
  await started.stop();
  return tookMs;
}

/** The product with these BMCs, or none, no bus, and an empty cache. */
async function startWithBmcs(bmcs: readonly IpmiSim[]): Promise<StartedProduct> {
  const folder = mkdtempSync(join(tmpdir(), "opendcre-bench-"));
  const suite = { auth_type: "RAKP_HMAC_SHA1", integrity_type: "HMAC_SHA1_96", encryption_type: "AES_CBC_128" };
  const entries = bmcs.map((bmc) => ({
    bmc_ip: bmc.host,
    port: bmc.port,
    username: USER,
    password: bmc.passwordOf(USER),
    ...suite,
  }));
  writeFileSync(join(folder, "bmcs.json"), JSON.stringify({ bmcs: entries }), { mode: 0o600 });
  const settings = {
    bus: { device: null },
    state: { directory: join(folder, "state") },
    ...(bmcs.length > 0 && { ipmi: { bmc_config: "bmcs.json" } }),
  };
  writeFileSync(join(folder, "opendcre.json"), JSON.stringify(settings));
  const server = await startProduct(existsSync(binary) ? binary : undefined, [
    "--config",
    join(folder, "opendcre.json"),
  ]);
  return {
    ...server,
    async untilKnown() {
      const connection = await HttpConnection.open(server.port);
      const giveUpMs = msNow() + KNOWN_WITHIN_MS;
      for (const [index, { expected }] of bmcs.entries()) {
        const values = expected.sensors.filter(({ record }) => record === "full").length;
        while (
          devicesIn((await connection.get(`${SCAN}/${(FIRST_BOARD + index).toString(16)}`)).body) <
          values + BUILT_IN
        ) {
          if (msNow() > giveUpMs) throw new BenchError(`the product does not list all sensors of ${expected.name}`);
          await Bun.sleep(5);
        }
      }
      connection.close();
    },
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** How many devices the answer to a scan lists. */
const devicesIn = (body: string): number => body.match(/"device_id"/g)?.length ?? 0;

/** Bytes that wait in the sockets of BMCs, which are paused, and take none out. */
function waitingBytes(bmcs: readonly IpmiSim[]): number {
  const ports = new Set(bmcs.map(({ port }) => port));
  let bytes = 0;
  for (const line of readFileSync("/proc/net/udp", "utf8").split("\n").slice(1)) {
    const [, local = "", , , queues = ""] = line.trim().split(/\s+/);
    if (ports.has(Number.parseInt(local.split(":")[1] ?? "", 16)))
      bytes += Number.parseInt(queues.split(":")[1] ?? "0", 16);
  }
  return bytes;
}

const SCANS = 500;
const MIB_FOR_BMCS = 60;

/** Resident memory once the collector has had time for what the start left behind: the least of two seconds. */
async function settledMiB(server: Server): Promise<number> {
  let leastMiB = Number.POSITIVE_INFINITY;
  for (let sample = 0; sample < 20; sample++) {
    leastMiB = Math.min(leastMiB, await server.residentMiB());
    await Bun.sleep(100);
  }
  return leastMiB;
}

function ipmiProduct(): Promise<Row[]> {
  const targets = [
    { what: `${FLEET} BMCs, start of the product to all sensors listed`, target: COLD_TARGET },
    { what: `scan with ${FLEET} BMCs`, target: "p50 below 5 ms, without asking them" },
    { what: `resident memory for ${FLEET} BMCs × ${SENSORS} sensors`, target: `at most ${MIB_FOR_BMCS} MiB` },
  ];
  return onFleet(targets, FLEET, async (bmcs) => {
    const free = new FreeIpmi(bmcs);
    const comparison = await inTurn(
      () => startToKnownMs(bmcs),
      () => free.coldSensorsMs(),
      3,
    );
    free.close();
    const [none, started] = [await startWithBmcs([]), await startWithBmcs(bmcs)];
    await started.untilKnown();
    const [withNoneMiB, withBmcsMiB] = [await settledMiB(none), await settledMiB(started)];
    await load(started.port, SCAN, 1, SCANS);
    for (const bmc of bmcs) bmc.pause();
    const beforeBytes = waitingBytes(bmcs);
    const { latenciesMs } = await load(started.port, SCAN, 1, SCANS);
    const askedBytes = waitingBytes(bmcs) - beforeBytes;
    for (const bmc of bmcs) bmc.resume();
    await Promise.all([none.stop(), started.stop()]);
    const p50 = median(latenciesMs);
    const asked = `${askedBytes} bytes to BMCs, which were paused`;
    const moreMiB = withBmcsMiB - withNoneMiB;
    return [
      compared(comparison, "ipmi-sensors", 0.7),
      {
        figure: `p50 ${ms(p50)}, p99 ${ms(quantile(latenciesMs, 0.99))}, ${asked}`,
        isMet: p50 < 5 && askedBytes === 0,
      },
      {
        figure: `${moreMiB.toFixed(0)} MiB more than the ${withNoneMiB.toFixed(0)} MiB with none`,
        isMet: moreMiB <= MIB_FOR_BMCS,
      },
    ];
  });
}

/** The rows of IPMI, for main.ts. */
export const ipmiMeasurements = { ipmiOneBmc, ipmiSweep, ipmiPower, ipmiColdStart, ipmiProduct };
