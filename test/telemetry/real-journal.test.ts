import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { missingForJournals, runInJournal } from "../support/journald.ts";

setDefaultTimeout(60_000);

const logModule = join(import.meta.dir, "../../src/telemetry/log.ts");

/** Runs a program that has a log as `log`. */
const run = (body: string, format = "auto") =>
  runInJournal([
    process.execPath,
    "-e",
    `const { createLog } = await import(${JSON.stringify(logModule)});
    const log = await createLog({ level: "info", format: ${JSON.stringify(format)} });
    ${body}`,
  ]);

const title = missingForJournals.length === 0 ? "" : ` (not here: ${missingForJournals.join(", ")})`;
describe.skipIf(missingForJournals.length > 0)(`systemd's journal${title}`, () => {
  test("has text for people, levels, and fields to look for", async () => {
    const { lines, exitCode, stderr } = await run(`
      log.info({ url: "http://x/", bus: null }, "listening");
      log.warn({ event: "reload", settings: ["a.b", "c"] }, "two\\nlines");
      log.error({ event: "failure", err: Object.assign(new RangeError("far"), { code: "too-far" }) }, "failed");
      log.event("access", { method: "GET", status: 200, request_id: "r-1" }, "GET / 200");
      log.info({ detail: "z".repeat(102400) }, "long");`);
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(lines.map((line) => [line["PRIORITY"], line["MESSAGE"]])).toEqual([
      ["6", "listening"],
      ["4", "two\nlines"],
      ["3", "failed"],
      ["6", "GET / 200"],
      ["6", "long"],
    ]);
    for (const line of lines) expect(line).toMatchObject({ SYSLOG_IDENTIFIER: "opendcre", _TRANSPORT: "journal" });
    expect(lines[0]).toMatchObject({ OPENDCRE_URL: "http://x/" });
    expect(lines[0]).not.toHaveProperty("OPENDCRE_BUS");
    expect(lines[1]).toMatchObject({ OPENDCRE_EVENT: "reload", OPENDCRE_SETTINGS: ["a.b", "c"] });
    expect(lines[2]).toMatchObject({
      OPENDCRE_CODE: "too-far",
      OPENDCRE_ERR_TYPE: "RangeError",
      OPENDCRE_ERR_STACK: expect.stringContaining("RangeError: far\n"),
    });
    expect(lines[3]).toMatchObject({
      OPENDCRE_EVENT: "access",
      OPENDCRE_METHOD: "GET",
      OPENDCRE_STATUS: "200",
      OPENDCRE_REQUEST_ID: "r-1",
    });
    expect(lines[4]?.["OPENDCRE_DETAIL"]).toBe("z".repeat(102_400));
  });

  test("has every line in its order when the program ends at once, however many there were", async () => {
    const { lines, exitCode } = await run(
      `for (let n = 0; n < 5000; n++) log.event("access", { n }, "line"); process.exit(3);`,
    );
    expect(exitCode).toBe(3);
    expect(lines.map((line) => line["OPENDCRE_N"])).toEqual(Array.from({ length: 5000 }, (_, n) => `${n}`));
  });

  test("gets what is too large for a datagram from standard output", async () => {
    const { lines } = await run(`log.warn({ n: 1 }, "x".repeat(400000)); log.info({}, "next");`);
    const text = lines.filter((line) => line["_TRANSPORT"] === "stdout").map((line) => line["MESSAGE"]);
    expect(JSON.parse(text.join(""))).toMatchObject({ level: "warn", n: 1, msg: "x".repeat(400_000) });
    expect(lines.map((line) => line["MESSAGE"])).toContain("next");
  });

  test("gets what is asked for as JSON as that, with levels", async () => {
    const { lines } = await run(`log.warn({ n: 1 }, "careful");`, "json");
    expect(lines).toEqual([
      expect.objectContaining({
        _TRANSPORT: "stdout",
        PRIORITY: "4",
        MESSAGE: expect.stringMatching(/^\{"level":"warn".*\}$/),
      }),
    ]);
  });
});
