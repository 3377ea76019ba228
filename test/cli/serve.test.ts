import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandContext } from "../../src/cli/command.ts";
import { parseArguments } from "../../src/cli/parse-arguments.ts";
import { serve, type ServeWorld } from "../../src/cli/serve.ts";
import type { Config } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/errors.ts";
import type { ServiceManager } from "../../src/systemd/service-manager.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";
import { RecordedLog, RecordedProcess } from "../support/recorded-process.ts";

/** What the promise is rejected with. */
const thrownBy = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

/** Without a file here, the configuration of the machine that runs the tests would be read. */
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "opendcre-serve-"));
  writeFileSync(join(folder, "empty.json"), "{}");
});
afterAll(() => rmSync(folder, { recursive: true }));

function start(line: string, env: CommandContext["env"] = {}) {
  const request = parseArguments(line === "" ? [] : line.split(" "));
  if (request.kind !== "command") throw new TypeError("not a command");
  const process = new RecordedProcess();
  const clock = new ManualClock();
  const log = new RecordedLog();
  const started = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const reload = { done: Promise.resolve(true) };
  const seen: { config?: Config; stops: number; reloads: number } = { stops: 0, reloads: 0 };
  const told: string[] = [];
  const note = (what: string) => () => void told.push(what);
  const manager: ServiceManager = {
    ready: note("ready"),
    reloading: note("reloading"),
    stopping: note("stopping"),
    watch: note("watched"),
  };
  const world: ServeWorld = {
    process,
    clock,
    createLog: log.create,
    connectToServiceManager: () => Promise.resolve(manager),
    async startAppliance(config) {
      seen.config = config;
      await started.promise;
      return {
        url: "http://127.0.0.1:5000/opendcre/1.2/",
        busPath: "/dev/pts/7",
        isAlive: () => true,
        reload() {
          seen.reloads++;
          return reload.done;
        },
        stop() {
          seen.stops++;
          return stopped.promise;
        },
      };
    },
  };
  const context = {
    env: { OPENDCRE_CONFIG: join(folder, "empty.json"), ...env },
    print: () => Promise.resolve(),
    complain: () => Promise.resolve(),
  };
  return { exit: serve(request.invocation, context, world), process, clock, log, started, stopped, reload, seen, told };
}

describe("serve", () => {
  test("starts the appliance with its options, over the environment", async () => {
    const { exit, process, started, stopped, seen, log } = start(
      "--emulator rack.json --port 8080 --log-level warn --baud-delay 9600",
      { OPENDCRE_SERVER_PORT: "1", OPENDCRE_LOG_ACCESS: "off" },
    );
    started.resolve();
    stopped.resolve();
    await settle();
    process.emit("SIGTERM");
    expect<number>(await exit).toBe(0);
    expect(seen.config).toMatchObject({
      server: { port: 8080 },
      emulator: { enabled: true, file: "rack.json", baudDelay: 9600 },
      log: { level: "warn", access: "off" },
    });
    expect(log.options?.level).toBe("warn");
  });

  test("starts nothing with a wrong configuration", async () => {
    const { exit, seen, log } = start("--port http");
    expect(await thrownBy(exit)).toBeInstanceOf(ConfigError);
    expect([seen.config, log.options]).toEqual([undefined, undefined]);
  });

  test.each(["SIGTERM", "SIGINT"])("says where it listens, and stops once at %s", async (signal) => {
    const { exit, process, started, stopped, seen, log } = start("--emulator");
    started.resolve();
    await settle();
    expect(log.lines).toEqual([
      expect.objectContaining({
        level: "info",
        msg: "listening on http://127.0.0.1:5000/opendcre/1.2/",
        url: "http://127.0.0.1:5000/opendcre/1.2/",
        bus: "/dev/pts/7",
      }),
    ]);
    expect(seen.stops).toBe(0);
    process.emit(signal);
    process.emit("SIGTERM");
    process.emit("SIGINT");
    await settle();
    expect(seen.stops).toBe(1);
    stopped.resolve();
    expect<number>(await exit).toBe(0);
    expect(process.exits).toEqual([]);
  });

  test("ends within 5 s although stopping hangs", async () => {
    const { process, clock, started } = start("--emulator");
    started.resolve();
    await settle();
    process.emit("SIGTERM");
    await clock.advance(4000);
    expect(process.exits).toEqual([]);
    await clock.advance(1000);
    expect(process.exits).toEqual([0]);
  });

  test("ends within 5 s although starting hangs", async () => {
    const { process, clock } = start("--emulator");
    process.emit("SIGINT");
    await clock.advance(5000);
    expect(process.exits).toEqual([0]);
  });

  test("a signal while it starts stops it when it has started", async () => {
    const { exit, process, started, stopped, seen } = start("--emulator");
    process.emit("SIGTERM");
    await settle();
    expect(seen.stops).toBe(0);
    stopped.resolve();
    started.resolve();
    expect<number>(await exit).toBe(0);
    expect(seen.stops).toBe(1);
  });

  test("ends with 0 although stopping fails, and says so", async () => {
    const { exit, process, started, stopped, log } = start("--emulator");
    started.resolve();
    await settle();
    process.emit("SIGTERM");
    stopped.reject(new RangeError("stuck"));
    expect<number>(await exit).toBe(0);
    expect(log.messages).toContain("error stopping failed");
  });

  test("a failure to start is thrown on, with its origin in the log at debug level", async () => {
    const failure = Object.assign(new Error("port 5000 is taken"), { code: "address-in-use" });
    const { exit, started, log } = start("--emulator --log-level debug");
    started.reject(failure);
    expect(await thrownBy(exit)).toBe(failure);
    expect(log.lines).toEqual([
      expect.objectContaining({
        level: "debug",
        msg: "the start failed",
        err: expect.objectContaining({ stack: expect.any(String) }),
      }),
    ]);
  });

  test("what people should know about the configuration is in the log", async () => {
    const { exit, process, started, stopped, log } = start("--emulator", { OPENDCRE_IPMI_BMC_CONFG: "/b.json" });
    started.resolve();
    stopped.resolve();
    await settle();
    process.emit("SIGTERM");
    await exit;
    expect(log.messages[0]).toBe(
      "warn environment variable OPENDCRE_IPMI_BMC_CONFG is not a setting and is ignored; did you mean OPENDCRE_IPMI_BMC_CONFIG?",
    );
  });

  test("SIGHUP reads again what may change, also one that came too early", async () => {
    const { exit, process, started, stopped, seen, log } = start("--emulator");
    await settle();
    process.emit("SIGHUP");
    expect(seen.reloads).toBe(0);
    started.resolve();
    await settle();
    expect(seen.reloads).toBe(1);
    process.emit("SIGHUP");
    await settle();
    expect(seen.reloads).toBe(2);
    expect(log.messages).toContain("info reading again what may change");
    stopped.resolve();
    process.emit("SIGTERM");
    expect(await exit).toBe(0);
  });

  test("the service manager is told of the start, of reloads until the last has ended, and of the end", async () => {
    const { exit, process, started, stopped, told } = start("--emulator");
    process.emit("SIGHUP");
    started.resolve();
    await settle();
    expect(told).toEqual(["ready", "reloading", "watched", "ready"]);
    process.emit("SIGHUP");
    process.emit("SIGHUP");
    process.emit("SIGHUP");
    await settle();
    expect(told.slice(4)).toEqual(["reloading", "reloading", "reloading", "ready"]);
    stopped.resolve();
    process.emit("SIGTERM");
    await exit;
    expect(told.slice(8)).toEqual(["stopping"]);
  });

  test("a reload under way ends before anything is stopped, and none begins any more", async () => {
    const { exit, process, started, stopped, reload, seen } = start("--emulator");
    const reading = Promise.withResolvers<boolean>();
    reload.done = reading.promise;
    started.resolve();
    await settle();
    process.emit("SIGHUP");
    process.emit("SIGTERM");
    await settle();
    process.emit("SIGHUP");
    await settle();
    expect(seen).toMatchObject({ reloads: 1, stops: 0 });
    reading.resolve(true);
    await settle();
    expect(seen).toMatchObject({ reloads: 1, stops: 1 });
    stopped.resolve();
    expect<number>(await exit).toBe(0);
  });

  test("a reload that hangs is not waited for", async () => {
    const { exit, process, clock, started, stopped, reload, seen } = start("--emulator");
    reload.done = new Promise(() => undefined);
    started.resolve();
    stopped.resolve();
    await settle();
    process.emit("SIGHUP");
    process.emit("SIGTERM");
    await clock.advance(1000);
    expect(seen.stops).toBe(1);
    expect<number>(await exit).toBe(0);
  });

  test.each([
    ["uncaughtException", new Error("x")],
    ["unhandledRejection", "x"],
  ])("%s is fatal", async (event, thrown) => {
    const { process, started, log } = start("--emulator");
    started.resolve();
    await settle();
    process.emit(event, thrown);
    expect(process.exits).toEqual([70]);
    expect(log.lines.at(-1)).toEqual(
      expect.objectContaining({
        level: "fatal",
        err: expect.objectContaining({ message: "x", stack: expect.any(String) }),
      }),
    );
  });
});
