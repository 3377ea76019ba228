import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../../src/lib/clock.ts";
import { tryLock, unlock } from "../../../src/lib/file-lock.ts";
import { openSnapshot } from "../../../src/telemetry/audit/snapshot.ts";
import { findUnfinished } from "../../../src/telemetry/audit/unfinished.ts";
import { verify } from "../../../src/telemetry/audit/verify.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { canMount, mountTmpfs } from "../../support/tmpfs.ts";
import { act, linesOf, openTrail, temporaryFolder, textOf } from "./support.ts";
import { open } from "node:fs/promises";

/** Writes acts one after the other, and closes the trail. */
async function writeActs(path: string, count: number, rotateBytes?: number) {
  const { trail, told } = openTrail(path, rotateBytes === undefined ? {} : { rotateBytes });
  for (let number = 0; number < count; number++) await (await trail.begin(act)).end("ok");
  await trail.close();
  return told;
}

async function check(path: string) {
  await using snapshot = await openSnapshot(path, systemClock);
  const { lines, notes, break: broken, last } = await verify(snapshot);
  return { lines, notes, broken, last };
}

describe("a file that is opened again", () => {
  test("goes on where it ended", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "audit.jsonl");
    await writeActs(path, 2);
    expect(await writeActs(path, 2)).toEqual([]);
    expect(linesOf(path).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await check(path)).toMatchObject({ lines: 8, notes: [], broken: undefined });
  });

  test.each([
    ["half a line", '{"seq":5,"time":"2026-01-01T00:00'],
    ["zeros", "\0".repeat(4096)],
    ["a line that is none", "nonsense\n"],
    ["much that is none", "x".repeat(200_000)],
    ["only a line end", "\n"],
  ])("after a power cut that left %s keeps that aside, in place, and goes on", async (_, torn) => {
    using folder = temporaryFolder();
    const path = join(folder.path, "audit.jsonl");
    await writeActs(path, 2);
    const sound = textOf(path);
    appendFileSync(path, torn);
    const expected = torn.endsWith("\n") ? torn : `${torn}\n`;
    expect(await writeActs(path, 1)).toEqual([["repaired", path, expected.length]]);
    expect(textOf(path)).toStartWith(sound + expected + '{"seq":5,');
    expect(await check(path)).toMatchObject({
      lines: 7,
      notes: [expect.stringContaining(`:${sound.split("\n").length + expected.split("\n").length - 1}: `)],
      broken: undefined,
    });
    expect(await writeActs(path, 1)).toEqual([]);
    expect((await check(path)).lines).toBe(9);
  });

  test("keeps a line of a portion whose other lines did not arrive aside, too", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "audit.jsonl");
    await writeActs(path, 1);
    const sound = textOf(path);
    const head = readFileSync(join(folder.path, "audit.jsonl.head"));
    await writeActs(path, 2);
    const [third = "", fourth = ""] = textOf(path).slice(sound.length).split("\n");
    // The page with the third line was never written, that with the fourth was; nobody was told of either.
    writeFileSync(path, `${sound}${"\0".repeat(third.length)}\n${fourth}\n`);
    writeFileSync(join(folder.path, "audit.jsonl.head"), head);
    const told = await writeActs(path, 1);
    expect(told).toEqual([["repaired", path, third.length + fourth.length + 2]]);
    expect(await check(path)).toMatchObject({ lines: 5, broken: undefined });
  });

  test("whose lines are gone that were on the disk says so, for good", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "audit.jsonl");
    await writeActs(path, 2);
    const [, second = ""] = textOf(path).split("\n");
    const { hash } = JSON.parse(second);
    truncateSync(path, textOf(path).indexOf("\n", textOf(path).indexOf("\n") + 1) + 1);
    expect(await writeActs(path, 1)).toEqual([["cut", path, { seq: 4, hash: expect.any(String) }, { seq: 2, hash }]]);
    const { broken } = await check(path);
    expect(broken).toMatchObject({ file: path, lineNumber: 3 });
    expect(broken?.expected).toContain("(seq) 4");
  });

  test.each([
    ["the first line was changed", 1, (lines: string[]) => lines.with(0, lines[0]!.replace("alice", "malle"))],
    ["a line in the middle was changed", 2, (lines: string[]) => lines.with(1, lines[1]!.replace("alice", "malle"))],
    ["a line in the middle is gone", 2, (lines: string[]) => lines.toSpliced(1, 1)],
    ["a line was put in", 2, (lines: string[]) => lines.toSpliced(1, 0, "{}")],
  ])("in which %s goes on behind its last line, says so, and is not sound", async (_, lineNumber, change) => {
    using folder = temporaryFolder();
    const path = join(folder.path, "audit.jsonl");
    const { trail } = openTrail(path);
    await (await trail.begin(act)).end("ok");
    await trail.begin({ ...act, value: "cycle" });
    await trail.begin({ ...act, value: "on" });
    await trail.close();
    const lines = textOf(path).trimEnd().split("\n");
    writeFileSync(path, `${change(lines).join("\n")}\n`);
    const unfinished = await findUnfinished(path, systemClock);
    expect(unfinished.at(-1)?.members["value"]).toBe("on");
    expect(await writeActs(path, 1)).toEqual([["changed", path, expect.any(Number)]]);
    const seqs = textOf(path)
      .trimEnd()
      .split("\n")
      .slice(-3)
      .map((line): unknown => JSON.parse(line).seq);
    expect(seqs).toEqual([4, 5, 6]);
    expect((await check(path)).broken).toMatchObject({ file: path, lineNumber });
  });

  test("that is gone altogether says so, too", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "audit.jsonl");
    await writeActs(path, 2);
    rmSync(path);
    expect((await writeActs(path, 1))[0]?.[0]).toBe("cut");
    expect((await check(path)).broken).toMatchObject({ lineNumber: 1 });
  });

  test("that was deleted while it was written is begun anew", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "audit.jsonl");
    const { trail, told } = openTrail(path);
    await (await trail.begin(act)).end("ok");
    rmSync(path);
    await (await trail.begin(act)).end("ok");
    await trail.close();
    expect(told.map(([what]) => what)).toEqual(["cut"]);
    expect(linesOf(path).map(({ phase }) => phase)).toEqual(["repair", "intent", "outcome"]);
  });

  test("is no device", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "audit.jsonl");
    Bun.spawnSync(["mkfifo", path]);
    const { trail } = openTrail(path);
    expect(await trail.begin(act).catch((error: unknown) => String(error))).toContain("is no plain file");
    await trail.close();
  });

  test("is no symbolic link", async () => {
    using folder = temporaryFolder();
    const [path, other] = [join(folder.path, "audit.jsonl"), join(folder.path, "passwd")];
    writeFileSync(other, "root\n");
    symlinkSync(other, path);
    const { trail } = openTrail(path);
    expect(await trail.begin(act).catch((error: unknown) => String(error))).toContain("audit trail cannot be written");
    await trail.close();
    expect(textOf(other)).toBe("root\n");
  });
});

describe("a file that has become long", () => {
  test("is put aside under its date, and the next one builds on it", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "audit.jsonl");
    const { trail, told } = openTrail(path, { rotateBytes: 2000, clock: new ManualClock() });
    for (let number = 0; number < 8; number++) await (await trail.begin(act)).end("ok");
    await trail.close();
    const files = readdirSync(folder.path)
      .filter((name) => name.startsWith("audit-"))
      .toSorted();
    expect(files[0]).toMatch(/^audit-2026-01-01T000000Z-0{11}\d\.jsonl$/);
    expect(files.length).toBeGreaterThan(2);
    expect(told.map(([what, , archive]) => [what, archive])).toEqual(
      files.map((name) => ["rotated", join(folder.path, name)]),
    );
    expect(await check(path)).toMatchObject({ lines: 16, notes: [], broken: undefined });
    expect(linesOf(path)[0]?.["prev"]).toBe(linesOf(join(folder.path, files.at(-1)!)).at(-1)?.["hash"]);
  });

  test("may be put aside and nothing begun when the power goes", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "audit.jsonl");
    await writeActs(path, 2);
    renameSync(path, join(folder.path, "audit-2026-01-01T000000Z-000000000004.jsonl"));
    expect((await check(path)).lines).toBe(4);
    expect(await writeActs(path, 1)).toEqual([]);
    expect(await check(path)).toMatchObject({ lines: 6, notes: [], broken: undefined });
  });

  test("is found in the order of its lines, whatever the clock said", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "audit.jsonl");
    for (const wallMs of [Date.UTC(2030, 0), Date.UTC(1970, 0), Date.UTC(2026, 0)]) {
      const { trail } = openTrail(path, { rotateBytes: 1, clock: new ManualClock(wallMs) });
      await (await trail.begin(act)).end("ok");
      await trail.close();
    }
    expect(await check(path)).toMatchObject({ lines: 6, broken: undefined });
  });
});

describe("two that write to the same trail", () => {
  test("keep one chain", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "audit.jsonl");
    const writers = Array.from({ length: 4 }, () => openTrail(path, { rotateBytes: 5000 }));
    const written = writers.map(async ({ trail }) => {
      for (let number = 0; number < 25; number++) await (await trail.begin(act)).end("ok");
      await trail.close();
    });
    await Promise.all(written);
    expect(await check(path)).toMatchObject({ lines: 200, notes: [], broken: undefined });
  });

  test("hold the lock until all is on the disk and noted", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "audit.jsonl");
    await writeActs(path, 1);
    await using head = await open(join(folder.path, "audit.jsonl.head"), "r");
    const { trail } = openTrail(path);
    const end = new AbortController();
    let looks = 0;
    const written = (async () => {
      for (let number = 0; number < 30; number++) await (await trail.begin(act)).end("ok");
      end.abort();
    })();
    for (; !end.signal.aborted; await settle()) {
      if (!tryLock(head.fd, "shared")) continue;
      looks++;
      expect(Number(textOf(join(folder.path, "audit.jsonl.head")).slice(0, 16))).toBe(linesOf(path).length);
      unlock(head.fd);
    }
    await written;
    await trail.close();
    expect(looks).toBeGreaterThan(0);
  });

  test("wait for each other, but not for ever", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "audit.jsonl");
    await writeActs(path, 1);
    await using head = await open(join(folder.path, "audit.jsonl.head"), "r+");
    expect(tryLock(head.fd, "exclusive")).toBe(true);
    const clock = new ManualClock();
    const { trail } = openTrail(path, { clock });
    const begun = trail.begin(act).then(() => "begun", String);
    while ((await Promise.race([begun, Promise.resolve("waiting")])) === "waiting")
      await (clock.timers > 0 ? clock.advance(100) : settle());
    expect(await begun).toContain("another process has had");
    expect(clock.monotonicMs()).toBeLessThan(20_000);
    await trail.close();
  });
});

test("a program that is killed at any moment leaves a trail that the next one goes on with", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "audit", "audit.jsonl");
  let acknowledged = 0;
  for (let round = 0; round < 8; round++) {
    const child = Bun.spawn([process.execPath, join(import.meta.dirname, "../../support/audit-writer.ts"), path], {
      stdout: "pipe",
    });
    const decoder = new TextDecoder();
    let seen = "";
    for await (const chunk of child.stdout) {
      seen += decoder.decode(chunk, { stream: true });
      // After some hundred lines, each time at another point of what it does.
      if (seen.length > 1500 + round * 37) child.kill("SIGKILL");
    }
    await child.exited;
    acknowledged = Number(seen.slice(0, seen.lastIndexOf("\n")).split("\n").at(-1));
    const { last, broken } = await check(path);
    expect(last?.seq).toBeGreaterThanOrEqual(acknowledged);
    // The last line may be half a line; nothing else may be wrong.
    if (broken) expect(broken.found).toContain("it is not whole");
  }
  expect((await writeActs(path, 1)).filter(([what]) => what === "cut")).toEqual([]);
  expect((await check(path)).broken).toBeUndefined();
}, 60_000);

const hasPrlimit = Bun.which("prlimit") !== null;

test.skipIf(!hasPrlimit)("a file that may not become larger refuses, and stays whole (needs prlimit)", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "audit.jsonl");
  const script = "trap '' XFSZ; exec prlimit --fsize=20000 \"$@\"";
  const command = [process.execPath, join(import.meta.dirname, "../../support/audit-writer.ts"), path];
  const child = Bun.spawn(["bash", "-c", script, "bash", ...command], { stdout: "pipe" });
  expect(await child.stdout.text()).toContain("the audit trail cannot be written: the file may not become larger");
  await child.exited;
  expect(textOf(path).length).toBeLessThanOrEqual(20_000);
  expect((await check(path)).broken).toBeUndefined();
  expect(await writeActs(path, 1)).toEqual([]);
  expect((await check(path)).broken).toBeUndefined();
});

test.skipIf(process.getuid?.() !== 0)(
  "what root makes belongs to whom the folder belongs to (needs root)",
  async () => {
    using folder = temporaryFolder();
    chownSync(folder.path, 65_534, 65_534);
    const path = join(folder.path, "audit", "audit.jsonl");
    await writeActs(path, 1);
    for (const made of [join(folder.path, "audit"), path, `${path}.head`])
      expect([made, statSync(made).uid, statSync(made).gid]).toEqual([made, 65_534, 65_534]);
  },
);

test("acts without an outcome are found, also in the file that was put aside last", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "audit.jsonl");
  const { trail } = openTrail(path, { rotateBytes: 1500 });
  const begun = [await trail.begin({ ...act, value: "on" }), await trail.begin({ ...act, value: "cycle" })];
  await begun[0]?.end("ok");
  await trail.begin({ ...act, value: "off" });
  await trail.close();
  expect(existsSync(path)).toBe(true);
  const found = await findUnfinished(path, systemClock);
  expect(found.map(({ members }) => members["value"])).toEqual(["cycle", "off"]);
  const { trail: next } = openTrail(path);
  for (const line of found) await next.endUnknown(line);
  await next.close();
  expect(await findUnfinished(path, systemClock)).toEqual([]);
  expect(linesOf(path).at(-1)).toMatchObject({
    phase: "outcome",
    action: "power",
    value: "off",
    intent: 4,
    result: "unknown",
    who: act.who,
  });
  expect((await check(path)).broken).toBeUndefined();
});

/** A disk in a folder of its own. */
function smallDisk() {
  const folder = temporaryFolder();
  const disk = mountTmpfs(folder.path);
  return {
    path: folder.path,
    remount: (option: string) => disk.remount(option),
    [Symbol.dispose]() {
      disk[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
}

describe.skipIf(!canMount)("a disk (needs root, and mount)", () => {
  test("that becomes full refuses the act that does not fit, keeps the chain whole, and recovers by itself", async () => {
    using disk = smallDisk();
    const path = join(disk.path, "audit", "audit.jsonl");
    const { trail, told } = openTrail(path);
    let count = 0;
    let refused = "";
    while (refused === "") {
      try {
        await (await trail.begin(act)).end("ok");
        count++;
      } catch (error) {
        refused = String(error);
      }
    }
    expect(refused).toContain("the disk is full");
    expect(told).toEqual([["unavailable", "the audit trail cannot be written: the disk is full"]]);
    expect(count).toBeGreaterThan(30);
    expect((await check(path)).broken).toBeUndefined();
    disk.remount("size=1m");
    await (await trail.begin(act)).end("ok");
    await trail.close();
    expect(told.at(-1)).toEqual(["available"]);
    expect((await check(path)).broken).toBeUndefined();
    expect(await findUnfinished(path, systemClock)).toEqual([]);
  });

  test("that is read-only refuses every act, and says so", async () => {
    using disk = smallDisk();
    const path = join(disk.path, "audit", "audit.jsonl");
    await writeActs(path, 1);
    disk.remount("ro");
    const { trail } = openTrail(path);
    expect(await trail.begin(act).catch(String)).toContain("the disk is read-only");
    disk.remount("rw");
    await (await trail.begin(act)).end("ok");
    await trail.close();
    expect(await check(path)).toMatchObject({ lines: 4, notes: [], broken: undefined });
  });
});

test("two programs that write at once keep one chain", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "audit.jsonl");
  const writers = Array.from({ length: 2 }, () =>
    Bun.spawn([process.execPath, join(import.meta.dirname, "../../support/audit-writer.ts"), path], { stdout: "pipe" }),
  );
  for (const { stdout } of writers) {
    // Both have written at least so much. They go on while nobody reads: a pipe holds much more.
    const reader = stdout.getReader();
    for (let bytes = 0; bytes < 2000;) bytes += (await reader.read()).value?.length ?? 2000;
  }
  for (const writer of writers) writer.kill("SIGKILL");
  await Promise.all(writers.map(({ exited }) => exited));
  expect((await writeActs(path, 1)).filter(([what]) => what === "cut")).toEqual([]);
  const { broken, lines } = await check(path);
  expect(broken).toBeUndefined();
  expect(lines).toBeGreaterThan(500);
}, 60_000);
