import { describe, expect, test } from "bun:test";
import { readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { systemClock } from "../../../src/lib/clock.ts";
import { openFiles, openSnapshot } from "../../../src/telemetry/audit/snapshot.ts";
import { verify } from "../../../src/telemetry/audit/verify.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { act, linesOf, openTrail, sha256sum, temporaryFolder, textOf } from "./support.ts";

/** A trail of ten lines in one file. */
async function tenLines(folder: string, rotateBytes?: number): Promise<string> {
  const path = join(folder, "audit.jsonl");
  const { trail } = openTrail(path, { clock: new ManualClock(), ...(rotateBytes !== undefined && { rotateBytes }) });
  for (let number = 0; number < 5; number++) await (await trail.begin({ ...act, value: `${number}` })).end("ok");
  await trail.close();
  return path;
}

async function check(path: string) {
  await using snapshot = await openSnapshot(path, systemClock);
  return await verify(snapshot);
}

async function checkFiles(...paths: string[]) {
  await using snapshot = await openFiles(paths);
  return await verify(snapshot);
}

const splitLines = (path: string) => textOf(path).split("\n").slice(0, -1);
const joinLines = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");

/** A line as somebody would write it who knows how: with a hash that fits it. */
async function forged(members: Record<string, unknown>): Promise<string> {
  const { hash: _, ...rest } = members;
  const body = JSON.stringify(rest).slice(0, -1);
  return `${body},"hash":"${await sha256sum(body)}"}`;
}

describe("a trail that was tampered with", () => {
  const kinds: Record<string, (lines: string[]) => Promise<string[]> | string[]> = {
    "a changed word": (lines) => lines.with(4, lines[4]!.replace("alice", "mallo")),
    "a changed number": (lines) => lines.with(4, lines[4]!.replace('"seq":5', '"seq":6')),
    "a changed hash": (lines) => lines.with(4, lines[4]!.replace(/"hash":"./, '"hash":"x')),
    "a line with a hash of its own": async (lines) =>
      lines.with(4, await forged({ ...JSON.parse(lines[4]!), who: { name: "mallory", via: "token" } })),
    "a removed line": (lines) => lines.toSpliced(4, 1),
    "two removed lines": (lines) => lines.toSpliced(4, 2),
    "swapped lines": (lines) => lines.with(4, lines[5]!).with(5, lines[4]!),
    "a doubled line": (lines) => lines.toSpliced(4, 0, lines[3]!),
    "an added line": async (lines) =>
      lines.toSpliced(4, 0, await forged({ ...JSON.parse(lines[4]!), prev: JSON.parse(lines[3]!).hash })),
    "an empty line": (lines) => lines.toSpliced(4, 0, ""),
    "a removed line under cover of a repair": async (lines) =>
      lines.with(4, await forged({ ...JSON.parse(lines[4]!), phase: "repair", skipped_bytes: 9, skipped_sha256: "" })),
  };
  for (const [kind, tamper] of Object.entries(kinds)) {
    test(`${kind} is found, and where it is`, async () => {
      using folder = temporaryFolder();
      const path = await tenLines(folder.path);
      const before = splitLines(path);
      writeFileSync(path, joinLines(await tamper(before)));
      const found = await check(path);
      // Lines with a hash of their own fit those before them: it is the next one that gives them away.
      const isForged = kind === "a line with a hash of its own" || kind === "an added line";
      expect(found.break).toMatchObject({ file: path, lineNumber: isForged ? 6 : 5 });
      expect(found.break?.expected).toContain(isForged ? "(seq) 6" : "(seq) 5");
      expect(found.lines).toBe(isForged ? 5 : 4);
    });
  }

  test("a missing end is found, be it lines or a part of one", async () => {
    using folder = temporaryFolder();
    const path = await tenLines(folder.path);
    const text = textOf(path);
    const lastSeq = linesOf(path).at(-1)?.["hash"];
    truncateSync(path, text.lastIndexOf("\n", text.length - 2) + 1);
    expect((await check(path)).break).toEqual({
      file: path,
      lineNumber: 10,
      expected: `line number (seq) 10, with hash ${String(lastSeq)}`,
      found: "the end of the file",
    });
    writeFileSync(path, text.slice(0, -10));
    expect((await check(path)).break).toMatchObject({ lineNumber: 10, found: "a line of which it is not whole" });
  });

  test("a missing beginning is no mistake, but said", async () => {
    using folder = temporaryFolder();
    const path = await tenLines(folder.path);
    writeFileSync(path, joinLines(splitLines(path).slice(3)));
    const found = await check(path);
    expect(found.break).toBeUndefined();
    expect(found.notes).toEqual(["the files begin with line number 4: what came before it is not among them"]);
  });

  test("a first line that builds on nothing is found", async () => {
    using folder = temporaryFolder();
    const path = await tenLines(folder.path);
    const lines = splitLines(path);
    writeFileSync(path, joinLines([await forged({ ...JSON.parse(lines[0]!), prev: "1".repeat(64) })]));
    expect((await checkFiles(path)).break).toMatchObject({ lineNumber: 1, found: `prev ${"1".repeat(64)}` });
  });

  test("what somebody has written into a line reaches no terminal but as text", async () => {
    using folder = temporaryFolder();
    const path = await tenLines(folder.path);
    const lines = splitLines(path);
    const evil = "\u001B]0;owned\u0007\u009B31m\u202E";
    const [first, second] = lines.map((line): Record<string, unknown> => JSON.parse(line));
    const repair = { ...second, phase: "repair", skipped_bytes: 0, time: evil };
    const forgeries = [
      { ...second, prev: evil },
      { ...repair, cut_seq: 9, cut_hash: evil },
      { ...repair, skipped_bytes: evil },
      { ...first, prev: evil },
    ];
    for (const [number, members] of forgeries.entries()) {
      const kept = number === 3 ? [] : lines.slice(0, 1);
      writeFileSync(path, joinLines([...kept, await forged(members)]));
      const { notes, break: broken } = await checkFiles(path);
      const said = [...notes, broken?.expected, broken?.found].join(" ");
      expect(said).toMatch(/^[\P{C}]*$/u);
      expect(said).not.toBe("");
    }
  });

  test("a last line that was changed with its hash is found by the head", async () => {
    using folder = temporaryFolder();
    const path = await tenLines(folder.path);
    const lines = splitLines(path);
    writeFileSync(path, joinLines(lines.with(9, await forged({ ...JSON.parse(lines[9]!), result: "refused" }))));
    expect((await check(path)).break).toMatchObject({ lineNumber: 10 });
    expect((await checkFiles(path)).break).toBeUndefined();
  });

  test("a file that is missing between others is found", async () => {
    using folder = temporaryFolder();
    const path = await tenLines(folder.path, 1);
    const files = readdirSync(folder.path)
      .filter((name) => name.startsWith("audit-"))
      .toSorted();
    expect((await check(path)).break).toBeUndefined();
    rmSync(join(folder.path, files[2]!));
    const found = await check(path);
    expect(found.break).toMatchObject({ file: join(folder.path, files[3]!), lineNumber: 1 });
    expect(found.break?.expected).toContain("(seq) 3");
  });

  test("no byte can be changed unnoticed", async () => {
    using folder = temporaryFolder();
    const path = await tenLines(folder.path);
    const sound = Buffer.from(textOf(path));
    const change = fc.record({ at: fc.nat(sound.length - 1), to: fc.integer({ min: 0, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, to }) => {
        fc.pre(sound[at] !== to);
        const changed = Buffer.from(sound);
        changed[at] = to;
        writeFileSync(path, changed);
        expect((await check(path)).break).toBeDefined();
      }),
      { numRuns: 300 },
    );
  });
});

test("whatever a file holds, it is read to its end", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "audit.jsonl");
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
      writeFileSync(path, bytes);
      const found = await checkFiles(path);
      expect(found.break === undefined).toBe(bytes.length === 0);
      expect(found.lines).toBe(0);
    }),
  );
});

test("files without a head are sound as far as they go, and that is said", async () => {
  using folder = temporaryFolder();
  const path = await tenLines(folder.path);
  rmSync(join(folder.path, "audit.jsonl.head"));
  const found = await check(path);
  expect(found.break).toBeUndefined();
  expect(found.lines).toBe(10);
  expect(found.notes).toHaveLength(1);
  expect(found.notes[0]).toContain("at the end");
});
