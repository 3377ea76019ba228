import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/lib/clock.ts";
import { withLock } from "../../src/lib/lock-file.ts";
import { ManualClock } from "../support/manual-clock.ts";

const folder = mkdtempSync(join(tmpdir(), "opendcre-lock-"));
afterAll(() => rmSync(folder, { recursive: true }));

const source = join(import.meta.dirname, "../../src/lib");

/** Adds one to the number in a file, many times, under the lock. */
const counting = `
  import { readFileSync, writeFileSync } from "node:fs";
  import { systemClock } from "${source}/clock.ts";
  import { withLock } from "${source}/lock-file.ts";
  const [lock, file, times] = process.argv.slice(-3);
  for (let i = 0; i < Number(times); i++)
    await withLock(lock, systemClock, async () => {
      const before = Number(readFileSync(file, "utf8"));
      await new Promise((resolve) => setImmediate(resolve));
      writeFileSync(file, String(before + 1));
    });
`;

const start = (...args: readonly string[]) =>
  Bun.spawn([process.execPath, "-e", counting, ...args], { stdio: ["ignore", "inherit", "inherit"] });

test("of processes that do the same at once, one does at a time", async () => {
  const [lock, file] = [join(folder, "lock"), join(folder, "number")];
  writeFileSync(file, "0");
  const children = Array.from({ length: 4 }, () => start(lock, file, "25"));
  expect(await Promise.all(children.map((child) => child.exited))).toEqual([0, 0, 0, 0]);
  expect(readFileSync(file, "utf8")).toBe("100");
  expect(readdirSync(folder)).toEqual(["number"]);
});

test("a lock that a killed process has left behind is taken over", async () => {
  const child = Bun.spawn(["sleep", "100"]);
  const lock = join(folder, "left");
  writeFileSync(lock, `${child.pid}`);
  child.kill("SIGKILL");
  await child.exited;
  expect(await withLock(lock, systemClock, async () => readFileSync(lock, "utf8"))).toBe(`${process.pid}`);
  expect(readdirSync(folder)).not.toContain("left");
});

test("one that another process has and keeps is waited for, but not for ever", async () => {
  const child = Bun.spawn(["sleep", "100"]);
  const lock = join(folder, "kept");
  writeFileSync(lock, `${child.pid}`);
  const clock = new ManualClock();
  const tried = withLock(lock, clock, () => Promise.reject(new Error("it was not to begin")));
  const outcome: { error?: unknown } = {};
  tried.catch((error: unknown) => (outcome.error = error));
  while (outcome.error === undefined) await clock.advance(20);
  expect(outcome.error).toMatchObject({ code: "locked", message: expect.stringContaining(`process ${child.pid}`) });
  child.kill("SIGKILL");
  await child.exited;
});

test("what fails gives the lock back", async () => {
  const lock = join(folder, "failing");
  const failing = withLock(lock, systemClock, () => Promise.reject(new RangeError("no")));
  expect(await failing.catch((error: unknown) => error)).toBeInstanceOf(RangeError);
  expect(readdirSync(folder)).not.toContain("failing");
});
