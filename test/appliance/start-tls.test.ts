import { afterAll, describe, expect, test } from "bun:test";
import { basename, join } from "node:path";
import type { TlsOptions } from "../../src/api/bun-server.ts";
import { startTls } from "../../src/appliance/start-tls.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { hasOpenssl, Pki } from "../support/certificates.ts";
import { ManualClock } from "../support/manual-clock.ts";

const pki = new Pki();
afterAll(() => pki.remove());

const DAY_MS = 86_400_000;

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly fingerprint?: string;
  readonly days?: number;
}

/** The appliance's certificates, at a time that the test moves, and what a server is told of them. */
async function start(tls: Readonly<Record<string, unknown>>, folder: string) {
  const configOf = (section: Readonly<Record<string, unknown>>) => {
    const file = { tls: { enabled: true, ...section }, state: { directory: join(pki.folder, folder) } };
    return loadConfig({ fileName: "/etc/o.json", env: {}, readFile: () => JSON.stringify(file) });
  };
  const lines: Line[] = [];
  const output = {
    isTerminal: false,
    takeLostLines: () => 0,
    write: (line: string) => void lines.push(JSON.parse(line)),
  };
  const log = await createLog({ level: "info", format: "json", output });
  const clock = new ManualClock(Date.now());
  const started = await startTls(configOf(tls), {}, log, clock);
  const served: TlsOptions[] = [];
  // The kernel can be told which connections are new the first time, and never again.
  started.serveOn({ replaceTls: (options) => served.push(options) === 1 });
  const reload = (section: Readonly<Record<string, unknown>>) => started.reload(configOf(section).tls);
  return { started, lines, clock, served, reload };
}

describe("the appliance's certificates", () => {
  test("are made anew 30 days before their end while it runs, without anybody asking", async () => {
    const { started, lines, clock, served } = await start({}, "own");
    expect(lines).toHaveLength(1);
    await clock.advance(793 * DAY_MS);
    expect([served.length, lines.length]).toEqual([0, 1]);
    await clock.advance(2 * DAY_MS);
    // Making one takes the machine's own time.
    while (served.length === 0) await clock.advance(0);
    await clock.advance(2 * DAY_MS);
    // Asked again by the next hours, which find it made.
    expect(new Set(served.map(({ main }) => main.certificate)).size).toBe(1);
    expect(served[0]?.main.key).toBe(started.options.main.key);
    expect(served[0]?.main.certificate).toBe(started.options.main.certificate);
    const made = lines.filter(({ msg }) => msg.startsWith("made a certificate"));
    expect(made.map(({ msg }) => /\((.+?)\)/.exec(msg)?.[1])).toEqual(["there was none", "the one before expires"]);
    expect(new Set(made.map(({ fingerprint }) => fingerprint)).size).toBe(2);
    started.stop();
    expect(clock.timers).toBe(0);
  });

  test.skipIf(!hasOpenssl)("are made anew also where one of others has expired (needs openssl)", async () => {
    const other = { ...pki.make("a.example", { days: 20, names: "DNS:a.example" }), names: ["a.example"] };
    const { started, clock, served } = await start({ further: [other] }, "further");
    const before = started.options;
    await clock.advance(796 * DAY_MS);
    while (served.length === 0) await clock.advance(0);
    expect(served[0]?.main.certificate).not.toBe(before.main.certificate);
    expect(served[0]?.further).toEqual(before.further);
    started.stop();
  });

  test("that cannot be kept stay the same at a reload", async () => {
    const { started, clock, served, reload } = await start({}, basename(pki.write("no folder")));
    const before = started.options;
    await reload({});
    expect(served).toEqual([before]);
    await clock.advance(796 * DAY_MS);
    while (served.length === 1) await clock.advance(0);
    expect(served[1]?.main.key).toBe(before.main.key);
    expect(served[1]?.main.certificate).not.toBe(before.main.certificate);
    started.stop();
  });

  test.skipIf(!hasOpenssl)("of authorities for clients are warned of before their end (needs openssl)", async () => {
    const { certificate: path } = pki.make("Clients", { isAuthority: true, days: 20 });
    const { started, lines, clock, reload } = await start({ client_ca: path }, "clients");
    await clock.advance(20 * DAY_MS);
    const warnings = () => lines.filter(({ days }) => days !== undefined).map(({ level, days }) => [level, days]);
    expect(warnings().map(([, days]) => days)).toEqual([19, 14, 7, 1, 0, -1]);
    expect(lines.at(-1)?.msg).toStartWith(`${path} has expired (`);
    await reload({});
    await clock.advance(5 * DAY_MS);
    expect(warnings()).toHaveLength(6);
    started.stop();
  });

  test.skipIf(!hasOpenssl)(
    "of others are warned of before their end, and replaced at a reload (needs openssl)",
    async () => {
      const pair = pki.make("a.example", { days: 20, names: "DNS:localhost,IP:127.0.0.1" });
      const { started, lines, clock, served, reload } = await start({ ...pair }, "given");
      const warnings = () => lines.filter(({ days }) => days !== undefined).map(({ level, days }) => [level, days]);
      expect(warnings()).toEqual([["warn", 19]]);
      await clock.advance(20 * DAY_MS);
      expect(warnings()).toEqual([
        ["warn", 19],
        ["warn", 14],
        ["warn", 7],
        ["warn", 1],
        ["warn", 0],
        ["error", -1],
      ]);
      await reload({ ...pair });
      expect(lines.at(-1)?.level).toBe("error");
      expect(lines.at(-1)?.msg).toContain("those before stay in use");
      expect(served).toEqual([]);
      const next = pki.make("b.example", { days: 365, names: "DNS:localhost,IP:127.0.0.1" });
      await reload({ ...next });
      expect(served).toHaveLength(1);
      expect(started.options).toEqual(served[0]!);
      await reload({ enabled: false });
      expect(served).toHaveLength(1);
      await reload({});
      expect(served).toHaveLength(2);
      expect(lines.some(({ msg }) => msg.startsWith("made a certificate (there was none)"))).toBe(true);
      expect(lines.filter(({ msg }) => msg.startsWith("the kernel could not be told"))).toHaveLength(1);
      started.stop();
    },
  );
});
