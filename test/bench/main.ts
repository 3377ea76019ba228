/**
 * `npm run bench`: the product beside a floor measured in the same run, as ratios. Takes about three minutes on two cores. Exits with 1
 * where a target is missed, unless `--no-verdict` is given. With `--only NAME` runs one measurement.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { HttpConnection } from "./http-client.ts";
import { ipmiMeasurements } from "./ipmi.ts";
import { load } from "./load.ts";
import { ms, ratio, type Row } from "./row.ts";
import { binary, startBareElysia, startProduct, type Server } from "./servers.ts";
import { median, quantile } from "./statistics.ts";

const root = join(import.meta.dirname, "..", "..");
const API = "/opendcre/1.2";
/** A sensor of the built-in rack: one exchange. */
const READ = `${API}/read/temperature/1/5801`;

const { values: options } = parseArgs({
  options: { only: { type: "string" }, "no-verdict": { type: "boolean", default: false } },
});

async function withServers<T>(
  starts: (() => Promise<Server>)[],
  use: (...servers: Server[]) => Promise<T>,
): Promise<T> {
  const servers = await Promise.all(starts.map((start) => start()));
  try {
    return await use(...servers);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** Median round trip of the driver alone over a PTY, in a process of its own. */
async function bareEchoMs(): Promise<number> {
  const child = Bun.spawn([process.execPath, join(import.meta.dirname, "bare-echo.ts")], { cwd: root, stdout: "pipe" });
  return Number(await new Response(child.stdout).text());
}

async function readLatency(): Promise<Row[]> {
  return withServers([startProduct, startBareElysia], async (product, bare) => {
    await load(product.port, READ, 1, 2000);
    await load(bare.port, "/test", 1, 2000);
    const echoMs = await bareEchoMs();
    const elysiaMs = median((await load(bare.port, "/test", 1, 10_000)).latenciesMs);
    const productMs = median((await load(product.port, READ, 1, 10_000)).latenciesMs);
    const floorMs = echoMs + elysiaMs;
    const figure = `p50 ${ms(productMs)} = ${ratio(productMs / floorMs)} floor (Elysia ${ms(elysiaMs)} + PTY echo ${ms(echoMs)})`;
    return [{ what: "read, 1 client", figure, target: "at most 1.5 × floor", isMet: productMs <= 1.5 * floorMs }];
  });
}

async function readThroughput(): Promise<Row[]> {
  return withServers([startProduct], async (product) => {
    await load(product.port, READ, 8, 5000);
    const echoMs = await bareEchoMs();
    const { requestsPerS, latenciesMs } = await load(product.port, READ, 8, 60_000);
    // The bus carries one exchange at a time: without HTTP, and without a protocol, this is what there could be.
    const floorPerS = 1000 / echoMs;
    const figure = `${Math.round(requestsPerS)} requests/s, p99 ${ms(quantile(latenciesMs, 0.99))} = ${ratio(requestsPerS / floorPerS)} the ${Math.round(floorPerS)}/s of a bare PTY echo`;
    return [{ what: "read, 8 clients", figure, target: "at least 7,500 requests/s", isMet: requestsPerS >= 7500 }];
  });
}

async function testRoute(): Promise<Row[]> {
  return withServers([startProduct, startBareElysia], async (product, bare) => {
    const path = `${API}/test`;
    await load(product.port, path, 8, 10_000);
    await load(bare.port, "/test", 8, 10_000);
    const pairs: number[] = [];
    for (let round = 0; round < 5; round++) {
      const floor = await load(bare.port, "/test", 8, 20_000);
      const ours = await load(product.port, path, 8, 20_000);
      pairs.push(ours.requestsPerS / floor.requestsPerS);
    }
    const isScanning = { on: true };
    const scans = scanWithoutPause(product.port, isScanning);
    const { latenciesMs } = await load(product.port, path, 1, 10_000);
    isScanning.on = false;
    await scans;
    const p99 = quantile(latenciesMs, 0.99);
    return [
      {
        what: "test, 8 clients",
        figure: `${ratio(median(pairs))} a bare Elysia route (5 pairs: ${pairs.map((pair) => pair.toFixed(2)).join(", ")})`,
        target: "at least 0.85 ×",
        isMet: median(pairs) >= 0.85,
      },
      { what: "test while another client scans", figure: `p99 ${ms(p99)}`, target: "below 5 ms", isMet: p99 < 5 },
    ];
  });
}

async function scanWithoutPause(port: number, isScanning: { on: boolean }): Promise<void> {
  const connection = await HttpConnection.open(port);
  while (isScanning.on) await connection.get(`${API}/scan`);
  connection.close();
}

async function scanOfOneBoard(): Promise<Row[]> {
  const TIMEOUT_MS = 250;
  return withServers([startProduct], async (product) => {
    const { latenciesMs } = await load(product.port, `${API}/scan/1`, 1, 20);
    const overMs = median(latenciesMs) - TIMEOUT_MS;
    const figure = `p50 the silence timeout + ${ms(overMs)}`;
    return [{ what: "scan of one board", figure, target: "timeout + at most 10 ms", isMet: overMs <= 10 }];
  });
}

/** Starts the binary and asks until it answers. */
async function startMs(port: number): Promise<number> {
  const beganMs = performance.now();
  const child = Bun.spawn([binary, "serve", "--emulator", "--port", String(port)], {
    stdout: "ignore",
    stderr: "ignore",
  });
  for (;;) {
    try {
      const connection = await HttpConnection.open(port);
      await connection.get(`${API}/test`);
      const tookMs = performance.now() - beganMs;
      connection.close();
      child.kill();
      await child.exited;
      return tookMs;
    } catch {
      if (performance.now() - beganMs > 5000) throw new RangeError(`${binary} did not answer within 5 s`);
      await new Promise(setImmediate);
    }
  }
}

async function startUp(): Promise<Row[]> {
  const target = "at most 60 ms";
  if (!existsSync(binary)) {
    return [{ what: "start to first answer", figure: "not measured: run npm run build first", target, isMet: false }];
  }
  const tookMs: number[] = [];
  for (let round = 0; round <= 20; round++) tookMs.push(await startMs(15_000 + round));
  const p50 = median(tookMs.slice(1));
  return [{ what: "binary, start to first answer", figure: `median of 20: ${ms(p50)}`, target, isMet: p50 <= 60 }];
}

/** So much resident memory rises and falls from one collection to the next, in MiB. */
const COLLECTOR_SWING_MIB = 10;

async function memory(): Promise<Row[]> {
  return withServers([() => startProduct(existsSync(binary) ? binary : undefined)], async (product) => {
    const atStart = await product.residentMiB();
    const samples: number[] = [];
    for (let round = 0; round < 4; round++) {
      await load(product.port, READ, 8, 50_000);
      samples.push(await product.residentMiB());
    }
    const [after50k = 0, after100k = 0, after150k = 0, after200k = 0] = samples;
    // The collector lets memory rise and fall: what counts is whether the later half stays where the earlier was.
    const isGrowing = Math.max(after150k, after200k) > Math.max(after50k, after100k) + COLLECTOR_SWING_MIB;
    const isMet = after100k <= 90 && !isGrowing;
    const figure = `${atStart.toFixed(0)} MiB at start, after 50k/100k/150k/200k reads ${samples.map((sample) => sample.toFixed(0)).join("/")} MiB`;
    return [{ what: "resident memory", figure, target: "at most 90 MiB after 100k, not growing", isMet }];
  });
}

const measurements = { readLatency, readThroughput, testRoute, scanOfOneBoard, startUp, memory, ...ipmiMeasurements };

const rows: Row[] = [];
for (const [name, measure] of Object.entries(measurements)) {
  if (options.only !== undefined && options.only !== name) continue;
  for (const row of await measure()) {
    rows.push(row);
    console.log(`${row.isMet ? "met   " : "MISSED"}  ${row.what}: ${row.figure} — target ${row.target}`);
  }
}
if (rows.some((row) => !row.isMet) && !options["no-verdict"]) process.exitCode = 1;
