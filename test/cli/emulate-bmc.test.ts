import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emulate } from "../../src/cli/emulate.ts";
import { parseArguments } from "../../src/cli/parse-arguments.ts";
import { UsageError } from "../../src/cli/usage-error.ts";
import { BmcFileError } from "../../src/emulator/bmc/file/bmc-file-error.ts";
import { ListenError } from "../../src/lib/listen-error.ts";
import { hasIpmitool } from "../support/ipmi-sim.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";
import { RecordedLog, RecordedProcess } from "../support/recorded-process.ts";

let directory = "";
let file = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "opendcre-emulate-bmc-"));
  file = join(directory, "bmc.json");
  const users = [{ id: 2, name: "root", password: "calvin-and-hobbes", privilege: "administrator" }];
  writeFileSync(file, JSON.stringify({ name: "lone-bmc", users, chassis: { power: "off" } }));
});
afterAll(() => rmSync(directory, { recursive: true }));

const openPort = () => Promise.reject(new RangeError("no BMC has a serial port"));

function start(...args: string[]) {
  const request = parseArguments(["emulate", ...args]);
  if (request.kind !== "command") throw new TypeError("not a command");
  const [process, log] = [new RecordedProcess(), new RecordedLog()];
  const world = { process, clock: new ManualClock(), createLog: log.create, openPort };
  const context = { env: {}, print: () => Promise.resolve(), complain: () => Promise.resolve() };
  return { exit: emulate(request.invocation, context, world), process, log };
}

/** The port that it says it listens on, once it does. */
async function portIn(log: RecordedLog): Promise<string> {
  while (log.lines.length === 0) await settle();
  return String(log.lines[0]?.["port"]);
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(String, (error: unknown) => error);

async function powerStatus(port: string, user: string, password: string): Promise<string> {
  const login = ["-H", "127.0.0.1", "-p", port, "-U", user, "-P", password, "-C", "17", "-R", "1"];
  const child = Bun.spawn(["ipmitool", "-I", "lanplus", ...login, "power", "status"], {
    stdout: "pipe",
    stderr: "pipe",
  });
  return (await child.stdout.text()) + (await child.stderr.text());
}

describe.skipIf(!hasIpmitool)("emulate --bmc (needs ipmitool)", () => {
  test("answers as the BMC of a file until it is told to stop, and then no more", async () => {
    const { exit, process, log } = start(`--bmc=${file}`, "--port", "0");
    const port = await portIn(log);
    expect(await powerStatus(port, "root", "calvin-and-hobbes")).toBe("Chassis Power is off\n");
    process.emit("SIGTERM");
    expect<number>(await exit).toBe(0);
    expect(await powerStatus(port, "root", "calvin-and-hobbes")).toContain("Unable to establish");
    expect(log.messages).toEqual([
      `info emulating the BMC of lone-bmc on 127.0.0.1, UDP port ${port}`,
      "info stopping",
    ]);
    expect(JSON.stringify(log.lines)).not.toContain("calvin");
  });

  test("takes the rack server that is built in where no file is named", async () => {
    const { exit, process, log } = start("--bmc", "--port", "0", "--host", "localhost");
    expect(await powerStatus(await portIn(log), "admin", "emulated")).toBe("Chassis Power is on\n");
    process.emit("SIGINT");
    expect<number>(await exit).toBe(0);
  });
});

describe("emulate --bmc refuses", () => {
  test.each([
    [["--bmc", "--port", "65536"]],
    [["--bmc", "--port", "six"]],
    [["--bmc", "--device", "/dev/ttyS0"]],
    [["--bmc", "--hat"]],
    [["--port", "6230", "--device", "/dev/ttyS0"]],
  ])("%p", async (args) => {
    expect(await failureOf(start(...args).exit)).toBeInstanceOf(UsageError);
  });

  test("a file that is none", async () => {
    const bad = join(directory, "bad.json");
    writeFileSync(bad, "{}");
    expect(await failureOf(start(`--bmc=${bad}`).exit)).toBeInstanceOf(BmcFileError);
  });

  test("a port that is taken, and a name that is no address", async () => {
    const socket = createSocket("udp4").bind({ address: "127.0.0.1", port: 0 });
    await once(socket, "listening");
    const taken = await failureOf(start("--bmc", "--port", String(socket.address().port)).exit);
    socket.close();
    expect(taken).toBeInstanceOf(ListenError);
    expect(taken).toMatchObject({ code: "address-in-use" });
    const nowhere = await failureOf(start("--bmc", "--port", "0", "--host", "bmc.invalid").exit);
    expect(nowhere).toMatchObject({ code: "address-not-available", host: "bmc.invalid" });
  });
});
