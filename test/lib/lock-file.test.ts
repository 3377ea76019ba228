import { afterAll, expect, test } from "bun:test";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
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

/** Takes a lock, says so, and keeps it. */
const holding = `
  import { systemClock } from "${source}/clock.ts";
  import { withLock } from "${source}/lock-file.ts";
  await withLock(process.argv.at(-1), systemClock, async () => {
    process.stdout.write("mine");
    await new Promise((resolve) => setInterval(resolve, 1_000_000));
  });
`;

/** Another process that has a lock. */
async function holder(lock: string) {
  const child = Bun.spawn([process.execPath, "-e", holding, lock], { stdio: ["ignore", "pipe", "inherit"] });
  const { value } = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toBe("mine");
  return child;
}

test("a lock that a killed process has left behind is taken over", async () => {
  const lock = join(folder, "left");
  const child = await holder(lock);
  child.kill("SIGKILL");
  await child.exited;
  expect(existsSync(lock)).toBe(true);
  expect(await withLock(lock, new ManualClock(), async () => existsSync(lock))).toBe(true);
  expect(readdirSync(folder)).toEqual(["number"]);
});

test("so is one that a power cut has left behind, whoever has the number of its process today", async () => {
  const lock = join(folder, "before-the-power-cut");
  writeFileSync(lock, "1");
  expect(await withLock(lock, new ManualClock(), async () => "done")).toBe("done");
  expect(readdirSync(folder)).toEqual(["number"]);
});

test("one that another process has and keeps is waited for, but not for ever", async () => {
  const lock = join(folder, "kept");
  const child = await holder(lock);
  const clock = new ManualClock();
  const outcome: { error?: unknown } = {};
  withLock(lock, clock, () => Promise.reject(new Error("it was not to begin"))).catch(
    (error: unknown) => (outcome.error = error),
  );
  while (outcome.error === undefined) await clock.advance(5);
  expect(outcome.error).toMatchObject({ code: "locked", message: expect.stringContaining(lock) });
  child.kill("SIGKILL");
  await child.exited;
  rmSync(lock);
});

test("one that is a symbolic link is not followed", async () => {
  const [lock, victim] = [join(folder, "link"), join(folder, "victim")];
  symlinkSync(victim, lock);
  const error = await withLock(lock, new ManualClock(), async () => undefined).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "ELOOP" });
  expect(existsSync(victim)).toBe(false);
  rmSync(lock);
});

test.skipIf(process.getuid?.() !== 0)(
  "one that root leaves behind belongs to whom the folder belongs to (needs root)",
  async () => {
    const own = join(folder, "of-another");
    mkdirSync(own);
    chownSync(own, 65_534, 65_534);
    const lock = join(own, "lock");
    await withLock(lock, systemClock, async () => expect(statSync(lock).uid).toBe(65_534));
    rmSync(own, { recursive: true });
  },
);

test("what fails gives the lock back", async () => {
  const lock = join(folder, "failing");
  const failing = withLock(lock, systemClock, () => Promise.reject(new RangeError("no")));
  expect(await failing.catch((error: unknown) => error)).toBeInstanceOf(RangeError);
  expect(readdirSync(folder)).not.toContain("failing");
});
