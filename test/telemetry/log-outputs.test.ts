import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leadsToJournal } from "../../src/telemetry/journal.ts";
import type { LogOutput } from "../../src/telemetry/log-output.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { startProduct } from "../support/product.ts";

let folder = "";
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "opendcre-logs-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function recorded(isJournal: boolean) {
  const lines: string[] = [];
  const output: LogOutput = {
    isTerminal: false,
    isJournal,
    write: (line) => void lines.push(line),
    takeLostLines: () => 0,
  };
  return { lines, output };
}

describe("the journal, where it gets lines of text", () => {
  test("gets each with its priority in front", async () => {
    const { lines, output } = recorded(true);
    const log = await createLog({ level: "trace", format: "json", output });
    for (const level of ["trace", "debug", "info", "warn", "error", "fatal"] as const) log[level]({}, level);
    log.event("access", {}, "GET / 200");
    expect(lines.map((line) => [line.slice(0, 3), JSON.parse(line.slice(3)).msg])).toEqual([
      ["<7>", "trace"],
      ["<7>", "debug"],
      ["<6>", "info"],
      ["<4>", "warn"],
      ["<3>", "error"],
      ["<2>", "fatal"],
      ["<6>", "GET / 200"],
    ]);
  });

  test("is told from everything else by device and inode", () => {
    const fd = openSync(join(folder, "stream"), "w");
    const { dev, ino } = fstatSync(fd);
    expect(leadsToJournal(fd, `${dev}:${ino}`)).toBe(true);
    for (const other of [undefined, "", `${dev}:${ino + 1}`, `${dev}`, "journal"])
      expect(leadsToJournal(fd, other)).toBe(false);
    closeSync(fd);
    expect(leadsToJournal(fd, `${dev}:${ino}`)).toBe(false);
  });
});

describe("log files", () => {
  test("have requests, errors and the rest; after a move and SIGHUP new ones", async () => {
    const directory = join(folder, "files");
    const config = join(folder, "config.json");
    writeFileSync(config, JSON.stringify({ log: { directory: "files" } }));
    const product = await startProduct(["--emulator", "--config", config]);
    const read = (name: string) =>
      existsSync(join(directory, name)) ? readFileSync(join(directory, name), "utf8") : "";
    await product.get("scan/1?secret=in-the-query", { headers: { "user-agent": 'curl/8 "x"', referer: "http://r/" } });
    // The file is written before the answer to SIGHUP.
    product.process.kill("SIGHUP");
    await product.until(({ msg }) => msg === "reading again what may change");
    const access = String.raw`"GET /opendcre/1.2/scan/1 HTTP/1.1" 200 \d+ "http://r/" "curl/8 \\x22x\\x22"`;
    expect(read("access.log")).toMatch(new RegExp(String.raw`^127\.0\.0\.1 - - \[[^\]]+\] ${access}\n$`));
    renameSync(join(directory, "access.log"), join(directory, "access.log.moved"));
    writeFileSync(config, "{");
    product.process.kill("SIGHUP");
    await product.until(({ level }) => level === "error");
    await product.get("scan/00000001");
    expect(await product.stop()).toBe(0);
    expect(read("access.log").trim().split("\n").length).toBe(1);
    expect(
      read("error.log")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).event),
    ).toEqual(["reload"]);
    const daemon = read("daemon.log")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(daemon.map(({ msg }) => msg)).toContain("stopped");
    expect(daemon.filter(({ access: entry }) => entry)).toEqual([]);
    expect(read("access.log") + read("access.log.moved") + read("daemon.log")).not.toContain("in-the-query");
  });

  test("that cannot be written cost a line in the log, and no answer", async () => {
    writeFileSync(join(folder, "taken"), "");
    const config = join(folder, "taken.json");
    writeFileSync(config, JSON.stringify({ log: { directory: "taken" } }));
    const product = await startProduct(["--emulator", "--config", config]);
    const { status } = await product.get("scan/00000001");
    expect(status).toBe(200);
    await product.until(({ msg }) =>
      String(msg).startsWith(`${join(folder, "taken", "daemon.log")} cannot be written: `),
    );
    expect(await product.stop()).toBe(0);
  });
});
