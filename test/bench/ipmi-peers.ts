/** Foreign IPMI clients, and how long they take for what the product does too. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasFreeIpmi, hasIpmiSim, hasPyghmi, type IpmiSim } from "../support/ipmi-sim.ts";
import { BenchError } from "./http-client.ts";

/** Sensors of each simulated BMC, one for each record, as ipmi-sensors and pyghmi count them. */
export const SENSORS = 47;
export const USER = "admin";

/** What is missing of what the comparison needs, in words; undefined where all is there. */
export function missingPeers(): string | undefined {
  const missing = [
    ...(hasIpmiSim ? [] : ["openipmi"]),
    ...(hasFreeIpmi ? [] : ["freeipmi-tools"]),
    ...(hasPyghmi ? [] : ["python3-pyghmi"]),
  ];
  return missing.length === 0 ? undefined : `not measured: install ${missing.join(", ")} first`;
}

async function linesOf(command: readonly string[]): Promise<readonly string[]> {
  const child = Bun.spawn([...command], { stdio: ["ignore", "pipe", "pipe"] });
  const [out, error] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new BenchError(`${command[0]} failed: ${error}`);
  return out.trim().split("\n");
}

/** Runs a command that has to print so many lines, and hands back the milliseconds from its start to its end. */
async function tookMs(command: readonly string[], lines: number): Promise<number> {
  const beganMs = performance.now();
  const printed = await linesOf(command);
  const ended = performance.now();
  if (printed.length !== lines)
    throw new BenchError(`${command[0]} printed ${printed.length} lines instead of ${lines}`);
  return ended - beganMs;
}

/** FreeIPMI's programs on a fleet, whole processes, as its users run them. */
export class FreeIpmi {
  readonly #fleet: readonly IpmiSim[];
  readonly #who: readonly string[];
  #cache = newCache();

  constructor(fleet: readonly IpmiSim[]) {
    this.#fleet = fleet;
    const hosts = fleet.map(({ host, port }) => `${host}:${port}`).join(",");
    const password = fleet[0]?.passwordOf(USER) ?? "";
    // The flag: the simulator repeats the privilege that was asked for in its Open Session response.
    this.#who = ["-D", "LAN_2_0", "-I", "3", "-h", hosts, "-u", USER, "-p", password, "-W", "opensesspriv"];
  }

  /** All sensors of all BMCs, 64 at a time, with the SDRs cached the second time. */
  sensorsMs(): Promise<number> {
    const cache = ["--quiet-cache", `--sdr-cache-directory=${this.#cache}`];
    // A heading for each BMC.
    const lines = this.#fleet.length * (SENSORS + 1);
    return tookMs(["ipmi-sensors", ...this.#who, ...cache, "-F", "64"], lines);
  }

  /** The power status of all BMCs. */
  powerMs(): Promise<number> {
    return tookMs(["ipmipower", ...this.#who, "--stat"], this.#fleet.length);
  }

  /** The same with an empty cache. */
  coldSensorsMs(): Promise<number> {
    this.close();
    this.#cache = newCache();
    return this.sensorsMs();
  }

  close(): void {
    rmSync(this.#cache, { recursive: true, force: true });
  }
}

const newCache = () => mkdtempSync(join(tmpdir(), "opendcre-bench-sdr-"));

/** Milliseconds that pyghmi takes for all sensors of one BMC whose SDRs it has, so many times. */
export async function pyghmiReadingsMs(bmc: IpmiSim, times: number): Promise<readonly number[]> {
  const script = join(import.meta.dirname, "pyghmi-readings.py");
  const where = [bmc.host, String(bmc.port), USER, bmc.passwordOf(USER)];
  const lines = await linesOf(["/usr/bin/python3", script, ...where, String(SENSORS), String(times + 1)]);
  return lines.slice(1).map(Number);
}
