import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { emulate } from "../../src/cli/emulate.ts";
import type { EmulateWorld } from "../../src/cli/emulate-world.ts";
import { parseArguments } from "../../src/cli/parse-arguments.ts";
import { UsageError } from "../../src/cli/usage-error.ts";
import { ConfigError } from "../../src/config/errors.ts";
import { fromHex } from "../../src/lib/hex.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";
import { MemoryLine } from "../support/memory-line.ts";
import { RecordedLog, RecordedProcess } from "../support/recorded-process.ts";

/** A scan of board 1: the worked example of the device bus's specification. */
const scan = fromHex("01 0A 01 FF 00 00 00 01 FF FF 44 BD 04");
/** What a board 1 with a thermistor 2 answers: 0x01 + 0x9C + 0x01 + 0x02 + 0x9C is 0x13C, the two's complement of 0x3C is 0xC4. */
const reply = "01 0a 01 9c 00 00 00 01 00 02 9c c4 04";

const rack = `{"boards": [{"board_id": "00000001", "devices": [
  {"device_id": "0002", "device_type": "thermistor", "read": {"repeatable": true, "responses": [656]}}]}]}`;

let rackFile = "";
beforeAll(() => {
  rackFile = join(mkdtempSync(join(tmpdir(), "opendcre-emulate-")), "rack.json");
  writeFileSync(rackFile, rack);
});
afterAll(() => rmSync(dirname(rackFile), { recursive: true }));

function start(line: string, failures: Error[] = []) {
  const request = parseArguments(["emulate", ...line.split(" ")]);
  if (request.kind !== "command") throw new TypeError("not a command");
  const process = new RecordedProcess();
  const clock = new ManualClock();
  const log = new RecordedLog();
  const opened: { path: string; baudRate: number; port: MemoryLine }[] = [];
  const world: EmulateWorld = {
    process,
    clock,
    createLog: log.create,
    openPort(path, { baudRate }) {
      const failure = failures.shift();
      if (failure) return Promise.reject(failure);
      const port = new MemoryLine(path);
      opened.push({ path, baudRate, port });
      return Promise.resolve(port);
    },
  };
  const context = { env: {}, print: () => Promise.resolve(), complain: () => Promise.resolve() };
  return { exit: emulate(request.invocation, context, world), process, clock, log, opened, failures };
}

/** What the promise is rejected with. */
const thrownBy = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("emulate", () => {
  test("answers on the port as the rack of a file until it is told to stop", async () => {
    const { exit, process, opened, log } = start(`--device /dev/ttyUSB1 --baud-rate 57600 ${rackFile}`);
    await settle();
    expect(opened).toEqual([{ path: "/dev/ttyUSB1", baudRate: 57_600, port: expect.any(MemoryLine) }]);
    expect(log.messages).toEqual(["info emulating a rack on /dev/ttyUSB1"]);
    const port = opened[0]?.port;
    port?.push(scan);
    expect(port?.writtenHex).toEqual([reply]);
    process.emit("SIGTERM");
    expect<number>(await exit).toBe(0);
    expect(port?.isClosed).toBe(true);
    expect(process.exits).toEqual([]);
  });

  test("is the modem of a HAT as well where that is asked for", async () => {
    const { exit, process, opened } = start(`--device /dev/ttyUSB1 --hat ${rackFile}`);
    await settle();
    opened[0]?.port.push(fromHex("05 69 0d"));
    opened[0]?.port.push(scan);
    expect(opened[0]?.port.writtenHex).toEqual(["69", reply]);
    process.emit("SIGTERM");
    expect<number>(await exit).toBe(0);
  });

  test("says that the port has vanished, waits for it with growing pauses, and goes on", async () => {
    const { exit, process, clock, opened, failures, log } = start(
      `--device /dev/ttyUSB1 --log-level debug ${rackFile}`,
    );
    await settle();
    failures.push(new RangeError("not there"), new RangeError("still not there"));
    opened[0]?.port.lose(new RangeError("unplugged"));
    await clock.advance(60_000);
    expect(log.messages.slice(1)).toEqual([
      "warn /dev/ttyUSB1 is not there (unplugged): waiting for it",
      "debug /dev/ttyUSB1 is still not there",
      "debug /dev/ttyUSB1 is still not there",
      "info /dev/ttyUSB1 is back",
    ]);
    const pauses = log.lines.map(({ next_ms: pause }) => pause).filter((pause) => pause !== undefined);
    expect(Number(pauses[1])).toBeGreaterThan(Number(pauses[0]));
    opened[1]?.port.push(scan);
    expect(opened[1]?.port.writtenHex).toEqual([reply]);
    process.emit("SIGINT");
    expect<number>(await exit).toBe(0);
  });

  test("takes the rack that is built in where no file is named", async () => {
    const { exit, process, opened } = start("--device /dev/ttyUSB1");
    await settle();
    // Any rack answers a scan of all boards: 0x01 + 0xFF + 0x80 + 0xFF + 0xFF + 0x44 is 0x3C2.
    opened[0]?.port.push(fromHex("01 0A 01 FF 80 00 00 00 FF FF 44 3E 04"));
    expect(opened[0]?.port.written.length).toBeGreaterThan(0);
    process.emit("SIGTERM");
    expect<number>(await exit).toBe(0);
  });

  test("takes as long as a line with --baud-delay", async () => {
    const { exit, process, clock, opened } = start(`--device /dev/ttyUSB1 --baud-delay ${rackFile}`);
    await settle();
    opened[0]?.port.push(scan);
    await settle();
    expect(opened[0]?.port.writtenHex).toEqual([]);
    await clock.advance(100);
    expect(opened[0]?.port.writtenHex.join(" ")).toBe(reply);
    process.emit("SIGTERM");
    expect<number>(await exit).toBe(0);
  });

  test("ends while the port is away", async () => {
    const { exit, process, opened } = start(`--device /dev/ttyUSB1 ${rackFile}`);
    await settle();
    opened[0]?.port.lose(new RangeError("unplugged"));
    process.emit("SIGTERM");
    expect<number>(await exit).toBe(0);
  });

  test("a port that is missing at the start is a failure", async () => {
    const failure = new RangeError("not there");
    const { exit, log } = start(`--device /dev/ttyUSB1 ${rackFile}`, [failure]);
    expect(await thrownBy(exit)).toBe(failure);
    expect(log.messages).toEqual([]);
  });

  test.each([
    ["rack.json", UsageError],
    ["--device x /nowhere/rack.json", Error],
    ["--device x --baud-rate fast", ConfigError],
    ["--device x --baud-delay 1", ConfigError],
  ])("%s is refused", async (line, kind) => {
    const { exit, opened } = start(line);
    expect(await thrownBy(exit)).toBeInstanceOf(kind);
    expect(opened).toEqual([]);
  });
});
