import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RotatingFile, type RotationPolicy } from "../../../src/telemetry/log-files/rotating-file.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { canMount, mountTmpfs } from "../../support/tmpfs.ts";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "opendcre-log-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const HOUR_MS = 3_600_000;

function open(policy: Partial<RotationPolicy> = {}, name = "log/daemon.log") {
  const path = join(folder, name);
  // The file system knows when a file was born, and no test moves its clock.
  const clock = new ManualClock(Date.now());
  const failures: string[] = [];
  const failed = (error: Error) => void failures.push(error.message);
  const file = new RotatingFile({ maxBytes: 100, maxAgeMs: HOUR_MS, keep: 2, ...policy, path, clock, failed });
  const read = (age = 0) => readFileSync(age === 0 ? path : `${path}.${age}`, "utf8");
  return { file, path, clock, failures, read };
}

const lineOf = (sign: string, bytes = 60) => `${sign.repeat(bytes - 1)}\n`;

describe("a log file", () => {
  test("is made with its folder, for its owner alone, whatever the umask", () => {
    const umask = process.umask(0);
    const { file, path, read } = open();
    expect(file.write("ä\n")).toBe(3);
    process.umask(umask);
    expect(read()).toBe("ä\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "log")).mode & 0o777).toBe(0o700);
  });

  test("goes on where it was, and becomes its owner's alone", () => {
    writeFileSync(join(folder, "old.log"), "before\n", { mode: 0o644 });
    const { file, path, read } = open({}, "old.log");
    file.write("after\n");
    expect(read()).toBe("before\nafter\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("that would become too large is replaced; so many stay as are to be kept", () => {
    const { file, path, read } = open();
    for (const sign of ["a", "b", "c", "d"]) file.write(lineOf(sign));
    expect([read(), read(1), read(2)]).toEqual([lineOf("d"), lineOf("c"), lineOf("b")]);
    expect(existsSync(`${path}.3`)).toBe(false);
  });

  test("takes a portion that is larger than it may be as a whole", () => {
    const { file, read } = open();
    file.write("a\n");
    file.write(lineOf("b", 500));
    file.write("c\n");
    expect([read(), read(1), read(2)]).toEqual(["c\n", lineOf("b", 500), "a\n"]);
  });

  test("counts what was there when it was opened", () => {
    writeFileSync(join(folder, "old.log"), lineOf("a"));
    const { file, read } = open({}, "old.log");
    file.write(lineOf("b"));
    expect([read(), read(1)]).toEqual([lineOf("b"), lineOf("a")]);
  });

  test("that is too old is replaced, an empty one is not", async () => {
    const { file, path, clock, read } = open();
    file.write("a\n");
    await clock.advance(HOUR_MS - 1000);
    file.write("b\n");
    expect(existsSync(`${path}.1`)).toBe(false);
    await clock.advance(1000);
    file.write("c\n");
    expect([read(), read(1)]).toEqual(["c\n", "a\nb\n"]);
  });

  test("is not replaced because the clock has jumped: a Pi learns the time when it has run for a while", async () => {
    const { file, path, clock, read } = open();
    file.write("a\n");
    const startMs = clock.wallMs();
    for (const jumpMs of [400 * 24 * HOUR_MS, -400 * 24 * HOUR_MS]) {
      clock.wallMs = () => startMs + jumpMs;
      file.write("b\n");
    }
    expect([read(), existsSync(`${path}.1`)]).toEqual(["a\nb\nb\n", false]);
    await clock.advance(HOUR_MS);
    file.write("c\n");
    expect([read(), read(1)]).toEqual(["c\n", "a\nb\nb\n"]);
  });

  test("without predecessors begins anew", () => {
    const { file, path, read } = open({ keep: 0 });
    file.write(lineOf("a"));
    file.write(lineOf("b"));
    expect(read()).toBe(lineOf("b"));
    expect(existsSync(`${path}.1`)).toBe(false);
  });

  test("that was moved away is followed until it is opened anew", () => {
    const { file, path, read } = open();
    file.write("a\n");
    renameSync(path, `${path}.moved`);
    file.write("b\n");
    file.reopen();
    file.write("c\n");
    expect(readFileSync(`${path}.moved`, "utf8")).toBe("a\nb\n");
    expect(read()).toBe("c\n");
  });

  test("is not written through a link", () => {
    writeFileSync(join(folder, "victim"), "");
    symlinkSync(join(folder, "victim"), join(folder, "link.log"));
    const { file, failures } = open({}, "link.log");
    file.write("a\n");
    expect(readFileSync(join(folder, "victim"), "utf8")).toBe("");
    expect(failures).toEqual([expect.stringContaining("ELOOP")]);
  });

  test("is no pipe, for whose reader everything would wait", () => {
    const { file, path, failures } = open({}, "pipe.log");
    expect(Bun.spawnSync(["mkfifo", path]).success).toBe(true);
    expect(file.write("a\n")).toBe(2);
    expect(failures).toEqual([expect.stringContaining("ENXIO")]);
  });

  test("that cannot be written is said once, and tried again after a while or when it is opened anew", async () => {
    mkdirSync(join(folder, "a.log"));
    const { file, path, clock, failures, read } = open({}, "a.log");
    expect(file.write("a\n")).toBe(2);
    await clock.advance(10_000);
    file.write("b\n");
    expect(failures).toEqual([expect.stringContaining("EISDIR")]);
    rmSync(path, { recursive: true });
    file.write("c\n");
    expect(existsSync(path)).toBe(false);
    await clock.advance(10_000);
    file.write("d\n");
    expect(read()).toBe("d\n");
    rmSync(path);
    mkdirSync(path);
    file.reopen();
    file.write("e\n");
    expect(failures.length).toBe(2);
    rmSync(path, { recursive: true });
    file.reopen();
    file.write("f\n");
    expect(read()).toBe("f\n");
  });

  test("on a full disk loses lines, and nothing else", () => {
    const failures: string[] = [];
    const failed = (error: Error) => void failures.push(error.message);
    const policy = { maxBytes: 100, maxAgeMs: HOUR_MS, keep: 0 };
    const full = new RotatingFile({ ...policy, path: "/dev/full", clock: new ManualClock(), failed });
    expect(full.write("a\n")).toBe(2);
    expect(failures).toEqual([expect.stringContaining("ENOSPC")]);
    expect(statSync("/dev/full").mode & 0o777).toBe(0o666);
  });
});

describe.skipIf(!canMount)("a log file on a disk of its own (needs root, and mount)", () => {
  test("that is full has no half of a line in it", () => {
    using disk = mountTmpfs(folder);
    const { file, clock, failures, read } = open({ maxBytes: 1_000_000 }, "a.log");
    file.write("a\n");
    disk.fill();
    // There is room for the beginning of it.
    file.write(lineOf("b", 10_000));
    expect([read(), failures]).toEqual(["a\n", [expect.stringContaining("ENOSPC")]]);
    disk.empty();
    clock.hold(10_000);
    file.write("c\n");
    expect(read()).toBe("a\nc\n");
    file.reopen();
  });

  test("that does not know when a file was born does not take it for one of 1970", async () => {
    expect(Bun.spawnSync(["mount", "-t", "ramfs", "none", folder]).success).toBe(true);
    using _ = { [Symbol.dispose]: () => void Bun.spawnSync(["umount", folder]) };
    writeFileSync(join(folder, "a.log"), "before\n");
    expect(statSync(join(folder, "a.log")).birthtimeMs).toBe(0);
    const { file, path, clock, read } = open({}, "a.log");
    file.write("a\n");
    expect([read(), existsSync(`${path}.1`)]).toEqual(["before\na\n", false]);
    await clock.advance(HOUR_MS);
    file.write("b\n");
    expect([read(), read(1)]).toEqual(["b\n", "before\na\n"]);
    file.reopen();
  });
});
