import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmulatedBmc } from "../../../src/emulator/bmc/emulated-bmc.ts";
import { parseBmcFile } from "../../../src/emulator/bmc/file/bmc-file.ts";
import type { BmcDescription } from "../../../src/emulator/bmc/file/bmc-shape.ts";
import type { Clock } from "../../../src/lib/clock.ts";
import { ManualClock } from "../../support/manual-clock.ts";

/** A BMC in which everything stands still. */
export const still: BmcDescription = parseBmcFile(
  readFileSync(join(import.meta.dirname, "../../fixtures/emulated-bmc.json"), "utf8"),
  "emulated-bmc.json",
);

/** The time at which the clock of `startBmc` begins. */
export const START = Date.UTC(2026, 0, 1, 12, 0, 0);

/** An emulated BMC on a free port, on time that stands still unless another clock is given. */
export async function startBmc(
  description: BmcDescription = still,
  clock: Clock = new ManualClock(START),
  host = "127.0.0.1",
) {
  const failures: unknown[] = [];
  const log = {
    network: (error: Error) => void failures.push(error),
    failure: (_: string, error: unknown) => void failures.push(error),
  };
  const bmc = await EmulatedBmc.start({ description, host, clock, log });
  return {
    bmc,
    async [Symbol.asyncDispose]() {
      await bmc.stop();
      if (failures.length > 0) throw new AggregateError(failures, "the emulated BMC failed");
    },
  };
}

/** What a program said. */
export interface Said {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

export async function run(command: readonly string[]): Promise<Said> {
  const child = Bun.spawn([...command], {
    stdout: "pipe",
    stderr: "pipe",
    stdin: "ignore",
    env: { ...process.env, TZ: "UTC" },
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, code };
}

interface Login {
  readonly user?: string;
  readonly password?: string;
  readonly suite?: number;
}

const byDefault = { user: "admin", password: "lantern-7" };

/** ipmitool over IPMI 2.0, as a person would call it. The suite is its own choice where none is given. */
export function ipmitool(bmc: EmulatedBmc, args: readonly string[], login: Login = {}): Promise<Said> {
  const { user, password, suite } = { ...byDefault, ...login };
  const suiteArgs = suite === undefined ? [] : ["-C", String(suite)];
  const { host, port } = bmc;
  return run([
    "ipmitool",
    "-I",
    "lanplus",
    "-H",
    host,
    "-p",
    String(port),
    "-U",
    user,
    "-P",
    password,
    ...suiteArgs,
    ...args,
  ]);
}

/** A tool of FreeIPMI over IPMI 2.0, with an SDR cache of its own, which is empty. */
export async function freeIpmi(
  bmc: EmulatedBmc,
  tool: string,
  args: readonly string[],
  login: Login = {},
): Promise<Said> {
  const { user, password, suite } = { ...byDefault, ...login };
  const cache = mkdtempSync(join(tmpdir(), "opendcre-freeipmi-"));
  const hasCache = ["ipmi-sensors", "ipmi-sel", "ipmi-fru"].includes(tool);
  const cacheArgs = hasCache ? [`--sdr-cache-directory=${cache}`, "--quiet-cache"] : [];
  const suiteArgs = suite === undefined ? [] : ["-I", String(suite)];
  const login2 = ["-D", "LAN_2_0", "-h", `${bmc.host}:${bmc.port}`, "-u", user, "-p", password, "-l", "ADMIN"];
  try {
    return await run([tool, ...login2, ...suiteArgs, ...cacheArgs, ...args]);
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

/** Runs lines of Python with a pyghmi command object `c`; what they print as JSON comes back. */
export async function pyghmi(bmc: EmulatedBmc, script: string): Promise<unknown> {
  const program = `
import json
from pyghmi.ipmi import command
c = command.Command(bmc='${bmc.host}', userid='${byDefault.user}', password='${byDefault.password}', port=${bmc.port})
def show(value): print(json.dumps(value, default=str))
${script}
c.ipmi_session.logout()
`;
  const { out, err, code } = await run(["/usr/bin/python3", "-c", program]);
  if (code !== 0) throw new RangeError(`pyghmi failed: ${err}`);
  return JSON.parse(out);
}

/** The columns of a table that is drawn with `|`. */
export const columns = (text: string): string[][] =>
  text
    .split("\n")
    .filter((line) => line.includes("|"))
    .map((line) => line.split("|").map((cell) => cell.trim()));

/** Lines of `name : value`. */
export const fields = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split("\n")
      .map((line) => /^\s*([^:]+?)\s*:\s*(.*?)\s*$/.exec(line))
      .flatMap((match) => (match?.[1] === undefined ? [] : [[match[1], match[2] ?? ""] as const])),
  );
