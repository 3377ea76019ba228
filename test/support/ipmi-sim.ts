/**
 * OpenIPMI's simulator as a peer for tests: one BMC or a fleet, made by test/support/ipmi-sim (see its README for what the simulator does
 * not do). Everything is on loopback, in a run directory of its own, and is gone when the test is over.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseExpected, type ExpectedBmc } from "./ipmi-sim-expected.ts";

const scripts = join(import.meta.dirname, "ipmi-sim");

/** What a test's name says that needs the simulator. */
export const IPMI_SIM = "ipmi_sim and python3";

const isThere = (program: string) => Bun.which(program) !== null;

/** False where a program is missing that the simulator needs. */
export const hasIpmiSim = isThere("ipmi_sim") && isThere("bash") && existsSync("/usr/bin/python3");

/** False where the foreign clients are missing that tests compare with. */
export const hasIpmitool = isThere("ipmitool");
export const hasFreeIpmi = ["ipmi-sensors", "ipmipower", "ipmi-fru", "ipmi-sel", "bmc-info", "ipmi-chassis"].every(
  isThere,
);
export const hasPyghmi = existsSync("/usr/lib/python3/dist-packages/pyghmi/__init__.py");

/**
 * `clean`: no SDR without a sensor behind it (pyghmi gives up on one). `device`: device SDRs, no repository. `dynamic`, with `device`: the
 * device SDRs can be reserved.
 */
export type IpmiSimOption = "clean" | "device" | "dynamic" | "scriptless";

export interface IpmiSimSettings {
  readonly options?: readonly IpmiSimOption[];
  /** An address of this machine: 127.0.0.1, or ::1. */
  readonly address?: string;
  /** The UDP port; a free one by default. */
  readonly port?: number;
}

/** A simulated BMC that runs. Its console has the TCP port of the same number. */
export interface IpmiSim extends AsyncDisposable {
  readonly name: string;
  readonly host: string;
  /** Its UDP port. */
  readonly port: number;
  /** Its files: power, boot, identify, log (see the README of test/support/ipmi-sim). */
  readonly dir: string;
  readonly expected: ExpectedBmc;
  /** The process. Another one after `restart`. */
  readonly pid: number;
  /** The password of one of its users. */
  passwordOf(user: string): string;
  /**
   * Runs commands of the simulator's console (man ipmi_sim_cmd), which have taken effect when this is settled, and hands back what it says.
   * @example await sim.control("sensor_set_value 0x20 0 0x01 0x60 1")
   */
  control(...commands: readonly string[]): Promise<string>;
  /** Every chassis request so far that changes something, in order, as "power 0" or "identify 15". */
  chassisLog(): readonly string[];
  /** What is in one of its files: "power" (0 or 1), "boot", "identify". Empty where nothing was written. */
  state(name: "power" | "boot" | "identify"): string;
  /** Switches it on or off behind the BMC's back. */
  setPower(isOn: boolean): void;
  /** Stops the process in its tracks: it answers nothing, and forgets nothing. */
  pause(): void;
  /** Lets a paused one go on, with all that has arrived meanwhile. */
  resume(): void;
  /** Ends the process and leaves its files. */
  stop(): Promise<void>;
  /** Starts it again with the state it had; its sessions are lost. */
  restart(): Promise<void>;
  /** Ends it and removes its files. */
  close(): Promise<void>;
}

/** Ports for simulators, below those that the kernel hands to clients. */
const FIRST_PORT = 10_000;
const PORTS = 20_000;
const START_ATTEMPTS = 20;
const EXIT_POLL_MS = 2;

const running = new Set<number>();
const runDirectories = new Set<string>();

// A test that is cut short leaves nothing behind.
process.on("exit", () => {
  for (const pid of running) signal(pid, "SIGKILL");
  for (const path of runDirectories) removeRunDirectory(path);
});

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

/** False also for one that has ended and that nobody has asked about since. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function end(pid: number, name: NodeJS.Signals): Promise<void> {
  signal(pid, name);
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, EXIT_POLL_MS));
  running.delete(pid);
}

async function run(command: readonly string[], env: Record<string, string>): Promise<string> {
  const child = Bun.spawn([...command], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")}: ${err}${out}`);
  return out;
}

function newRunDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "opendcre-ipmi-sim-"));
  runDirectories.add(path);
  return path;
}

function removeRunDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true });
  runDirectories.delete(path);
}

function randomPort(count = 1): number {
  return FIRST_PORT + Math.floor(Math.random() * (PORTS - count));
}

/** Starts with a free port: another if the one that was tried is taken. */
async function withPort<T>(fixed: number | undefined, count: number, start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(fixed ?? randomPort(count));
    } catch (cause) {
      const isTaken = cause instanceof Error && cause.message.includes("Address already in use");
      if (fixed !== undefined || !isTaken || attempt === START_ATTEMPTS) throw cause;
    }
  }
}

/** One line that start.sh and fleet.sh print of each BMC: NAME ADDR PORT PID DIR. */
class Simulator implements IpmiSim {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly dir: string;
  readonly expected: ExpectedBmc;
  readonly #runDirectory: string;
  readonly #ownsRunDirectory: boolean;
  #pid: number;

  constructor(line: string, runDirectory: string, ownsRunDirectory: boolean) {
    const [name = "", host = "", port = "", pid = "", dir = ""] = line.trim().split(" ");
    this.name = name;
    this.host = host;
    this.port = Number(port);
    this.#pid = Number(pid);
    this.dir = dir;
    this.#runDirectory = runDirectory;
    this.#ownsRunDirectory = ownsRunDirectory;
    running.add(this.#pid);
    this.expected = parseExpected(readFileSync(join(dir, "expected.json"), "utf8"));
  }

  get pid(): number {
    return this.#pid;
  }

  passwordOf(user: string): string {
    const found = this.expected.users.find(({ name }) => name === user);
    if (!found) throw new RangeError(`${this.name} has no user ${user}`);
    return found.password;
  }

  control(...commands: readonly string[]): Promise<string> {
    return run([join(scripts, "ctl.sh"), this.host, String(this.port), ...commands], {});
  }

  chassisLog(): readonly string[] {
    const path = join(this.dir, "log");
    return existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
  }

  state(name: "power" | "boot" | "identify"): string {
    const path = join(this.dir, name);
    return existsSync(path) ? readFileSync(path, "utf8").trim() : "";
  }

  setPower(isOn: boolean): void {
    writeFileSync(join(this.dir, "power"), isOn ? "1\n" : "0\n");
  }

  pause(): void {
    signal(this.#pid, "SIGSTOP");
  }

  resume(): void {
    signal(this.#pid, "SIGCONT");
  }

  async stop(): Promise<void> {
    // One that is paused would not see that it is to end.
    this.resume();
    await end(this.#pid, "SIGTERM");
  }

  async restart(): Promise<void> {
    await this.stop();
    const line = await run([join(scripts, "start.sh"), String(this.port), this.name], {
      SIM_RUN: this.#runDirectory,
      SIM_ADDR: this.host,
      SIM_KEEP: "1",
    });
    this.#pid = Number(line.trim().split(" ")[3]);
    running.add(this.#pid);
  }

  async close(): Promise<void> {
    await end(this.#pid, "SIGKILL");
    if (this.#ownsRunDirectory) removeRunDirectory(this.#runDirectory);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Starts one simulated BMC; it answers when this is settled. */
export async function startIpmiSim(settings: IpmiSimSettings = {}): Promise<IpmiSim> {
  const runDirectory = newRunDirectory();
  const line = await withPort(settings.port, 1, (port) =>
    run([join(scripts, "start.sh"), String(port), `bmc${port}`], {
      SIM_RUN: runDirectory,
      SIM_ADDR: settings.address ?? "127.0.0.1",
      SIM_OPTIONS: (settings.options ?? []).join(" "),
    }),
  );
  return new Simulator(line, runDirectory, true);
}

/** Many simulated BMCs that differ in serial numbers and GUIDs. */
export interface IpmiSimFleet extends AsyncDisposable {
  readonly bmcs: readonly IpmiSim[];
  close(): Promise<void>;
}

export interface IpmiSimFleetSettings {
  readonly options?: readonly IpmiSimOption[];
  /**
   * The first three numbers of a network of 127/8: each BMC gets an address of its own and port 623, for clients that know no other (needs the
   * right to bind it). By default they share 127.0.0.1 and have consecutive ports.
   */
  readonly network?: string;
}

/** Starts `count` simulated BMCs; all of them answer when this is settled. Takes about 15 ms a BMC. */
export async function startIpmiSimFleet(count: number, settings: IpmiSimFleetSettings = {}): Promise<IpmiSimFleet> {
  const runDirectory = newRunDirectory();
  const { network } = settings;
  const start = (port: number) =>
    run([join(scripts, "fleet.sh"), String(count)], {
      SIM_RUN: runDirectory,
      SIM_OPTIONS: (settings.options ?? []).join(" "),
      ...(network === undefined ? { SIM_PORTS: String(port) } : { SIM_NET: network }),
    });
  const lines = await withPort(network === undefined ? undefined : 623, count, start);
  const bmcs = lines
    .trim()
    .split("\n")
    .map((line) => new Simulator(line, runDirectory, false));
  const close = async () => {
    await Promise.all(bmcs.map((bmc) => bmc.close()));
    removeRunDirectory(runDirectory);
  };
  return { bmcs, close, [Symbol.asyncDispose]: close };
}
