import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { logAccess, logControl } from "../../src/telemetry/access-log.ts";
import type { LogLevel } from "../../src/telemetry/log-level.ts";
import { createLog, type LogOptions } from "../../src/telemetry/log.ts";

const logModule = join(import.meta.dir, "../../src/telemetry/log.ts");

/** A log and the lines that it writes. */
async function recorded(options: Partial<LogOptions> = {}, isTerminal = false) {
  const lines: string[] = [];
  let lost = 0;
  const output = {
    isTerminal,
    write: (line: string) => void lines.push(line),
    takeLostLines: () => {
      const now = lost;
      lost = 0;
      return now;
    },
  };
  const log = await createLog({ level: "info", format: "json", output, ...options });
  return {
    log,
    lines,
    objects: () => lines.map((line): unknown => JSON.parse(line)),
    lose: (count: number) => (lost = count),
  };
}

describe("JSON", () => {
  test("is one object a line: level as a word, time, message, fields", async () => {
    const { log, lines } = await recorded();
    log.info({ answer: 42, text: "two\nlines" }, "hello");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[^\n]*\n$/);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      level: "info",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      answer: 42,
      text: "two\nlines",
      msg: "hello",
    });
  });

  test("an error shows its kind, message, code and stack", async () => {
    const { log, objects } = await recorded();
    log.error({ err: Object.assign(new RangeError("too far"), { code: "far" }) }, "failed");
    expect(objects()).toEqual([
      expect.objectContaining({
        err: expect.objectContaining({
          type: "RangeError",
          message: "too far",
          code: "far",
          stack: expect.any(String),
        }),
      }),
    ]);
  });

  test("an event has its fields in one object, and is as any other line else", async () => {
    const { log, objects } = await recorded();
    log.event("reading", { text: 'a "b"\n', n: 1, absent: undefined }, 'it\'s "read"\n');
    expect(objects()).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        reading: { text: 'a "b"\n', n: 1 },
        msg: 'it\'s "read"\n',
      },
    ]);
  });

  test("lines that were lost are mentioned once", async () => {
    const { log, objects, lose } = await recorded();
    lose(7);
    log.info({}, "next");
    log.info({}, "last");
    expect(objects()).toEqual([
      expect.objectContaining({ level: "warn", lost_lines: 7 }),
      expect.objectContaining({ msg: "next" }),
      expect.objectContaining({ msg: "last" }),
    ]);
  });
});

describe("levels", () => {
  const levels: LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal"];

  test.each(levels.map((level, index) => ({ level, index })))(
    "$level hides what is less severe",
    async ({ level, index }) => {
      const { log, objects } = await recorded({ level });
      for (const each of levels) log[each]({}, each);
      expect(objects()).toEqual(levels.slice(index).map((each) => expect.objectContaining({ level: each, msg: each })));
      expect(levels.filter((each) => log.isLevelEnabled(each))).toEqual(levels.slice(index));
    },
  );
});

describe("pretty", () => {
  test.each([
    ["auto", true],
    ["pretty", false],
  ] as const)("%s with a terminal %p is for people", async (format, isTerminal) => {
    const { log, lines } = await recorded({ format }, isTerminal);
    log.warn({ port: 5000 }, "listening");
    expect(lines).toHaveLength(1);
    expect(() => JSON.parse(lines[0] ?? "")).toThrow(SyntaxError);
    for (const part of ["WARN", "listening", "5000"]) expect(lines[0]).toContain(part);
  });

  test.each([
    ["auto", false],
    ["json", true],
  ] as const)("%s with a terminal %p is JSON", async (format, isTerminal) => {
    const { log, objects } = await recorded({ format }, isTerminal);
    log.info({}, "x");
    expect(objects()).toEqual([expect.objectContaining({ msg: "x" })]);
  });
});

describe("the access log", () => {
  test("has a line for a request", async () => {
    const { log, objects } = await recorded();
    logAccess(log, {
      method: "GET",
      path: "/opendcre/1.2/test",
      status: 200,
      durationMs: 1.234_567,
      requestId: "r-1",
      remote: "192.0.2.7",
      bytes: 15,
    });
    expect(objects()).toEqual([
      {
        level: "info",
        time: expect.any(String),
        access: {
          method: "GET",
          path: "/opendcre/1.2/test",
          status: 200,
          duration_ms: 1.235,
          bytes: 15,
          request_id: "r-1",
          remote: "192.0.2.7",
        },
        msg: "GET /opendcre/1.2/test 200",
      },
    ]);
  });

  test("has a line for a command that changes something", async () => {
    const { log, objects } = await recorded();
    const entry = {
      requestId: "r-2",
      command: "power",
      board: "00000001",
      device: "000d",
      value: "cycle",
      outcome: "ok",
    };
    logControl(log, entry);
    logControl(log, { requestId: "r-3", command: "scan", board: "00000001", outcome: "busy" });
    expect(objects()).toEqual([
      {
        level: "info",
        time: expect.any(String),
        event: "control",
        command: "power",
        board: "00000001",
        device: "000d",
        value: "cycle",
        outcome: "ok",
        request_id: "r-2",
        msg: "power cycle on 00000001/000d: ok",
      },
      expect.objectContaining({ msg: "scan on 00000001: busy", outcome: "busy" }),
    ]);
  });
});

/** Runs a program that has a log as `log`, in a shell that gives it its standard output. */
async function run(body: string, shell = '"$0" -e "$1"') {
  const program = `
    const { createLog } = await import(${JSON.stringify(logModule)});
    const log = await createLog({ level: "info", format: "auto" });
    ${body}`;
  const child = Bun.spawn(["bash", "-o", "pipefail", "-c", shell, process.execPath, program], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { stdout, stderr, exitCode, lines: stdout.split("\n").slice(0, -1) };
}

describe("standard output", () => {
  const many = `for (let n = 0; n < 5000; n++) log.info({ n }, "line");`;

  test.each([
    ["the end of the program", many, 0],
    ["process.exit", `${many} process.exit(3);`, 3],
    ["an error that nobody catches", `${many} throw new Error("crash");`, 1],
    [
      "a rejection that nobody handles",
      `${many} setTimeout(() => Promise.reject(new Error("crash")), 1); setInterval(() => {}, 1000);`,
      1,
    ],
    [
      "a signal with a handler",
      `process.on("SIGTERM", () => process.exit(4)); ${many} process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000);`,
      4,
    ],
  ])("nothing is lost at %s", async (_, body, code) => {
    const { lines, exitCode } = await run(body);
    expect(exitCode).toBe(code);
    expect(lines.map((line): unknown => JSON.parse(line).n)).toEqual(Array.from({ length: 5000 }, (__, n) => n));
  });

  test("a reader that goes away does not end the program", async () => {
    const body = `${many}
      let round = 0;
      const timer = setInterval(() => {
        log.info({ round }, "more");
        if (++round === 10) { clearInterval(timer); console.error("alive"); process.exit(5); }
      }, 60);`;
    const { stdout, stderr, exitCode } = await run(body, '"$0" -e "$1" | head -n 1');
    expect(JSON.parse(stdout)).toEqual(expect.objectContaining({ n: 0 }));
    expect([stderr.trim(), exitCode]).toEqual(["alive", 5]);
  });

  test("a reader that does not read does not stop the program", async () => {
    const body = `for (let n = 0; n < 50000; n++) log.info({ n, filler: "x".repeat(100) }, "line");
      setTimeout(() => { console.error("alive"); process.exit(6); }, 60);`;
    // A pipe that is open at its other end, where nobody reads.
    const shell = 'pipe=$(mktemp -u) && mkfifo "$pipe" && exec 3<>"$pipe" && rm "$pipe" && "$0" -e "$1" >&3';
    const { stderr, exitCode } = await run(body, shell);
    expect([stderr.trim(), exitCode]).toEqual(["alive", 6]);
  });
});
