import { afterEach, beforeEach, describe, expect, test } from "bun:test";
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
import { replaceFile } from "../../src/lib/atomic-file.ts";
import { canMount, mountTmpfs } from "../support/tmpfs.ts";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "opendcre-file-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const source = join(import.meta.dirname, "../../src/lib/atomic-file.ts");
const hasStrace = Bun.which("strace") !== null;
const isRoot = process.getuid?.() === 0;

describe("a file that is replaced", () => {
  test("has the new text and the rights that were asked for, whatever it had and whatever the umask", async () => {
    const path = join(folder, "file");
    writeFileSync(path, "old", { mode: 0o666 });
    const umask = process.umask(0o077);
    await replaceFile(path, "new", 0o640);
    process.umask(umask);
    expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["new", 0o640]);
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  test("is not disturbed by what a power cut has left, be it a link to elsewhere", async () => {
    const [path, other] = [join(folder, "file"), join(folder, "other")];
    writeFileSync(other, "of somebody else");
    symlinkSync(other, `${path}.tmp`);
    await replaceFile(path, "new", 0o600);
    expect([readFileSync(path, "utf8"), readFileSync(other, "utf8")]).toEqual(["new", "of somebody else"]);
  });

  test("where that fails is as it was, and nothing is left beside it", async () => {
    const path = join(folder, "file");
    mkdirSync(join(path, "full"), { recursive: true });
    expect(await replaceFile(path, "new", 0o600).catch((error: unknown) => error)).toMatchObject({ code: "EISDIR" });
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  test.skipIf(!isRoot)("belongs to whom its folder belongs to where root makes it (needs root)", async () => {
    chownSync(folder, 65_534, 65_534);
    const path = join(folder, "a", "b", "file");
    await replaceFile(path, "new", 0o600);
    for (const made of [join(folder, "a"), join(folder, "a", "b"), path])
      expect([made, statSync(made).uid, statSync(made).gid]).toEqual([made, 65_534, 65_534]);
  });

  test("may be in a folder behind a link, as systemd makes them", async () => {
    mkdirSync(join(folder, "private"));
    symlinkSync("private", join(folder, "public"));
    await replaceFile(join(folder, "public", "file"), "new", 0o600);
    expect(readFileSync(join(folder, "private", "file"), "utf8")).toBe("new");
  });

  test.skipIf(!hasStrace)(
    "is flushed before it takes its place, and so are the names of it and of new folders (needs strace)",
    async () => {
      const path = join(folder, "a", "b", "file");
      const script = `(await import(${JSON.stringify(source)})).replaceFile(${JSON.stringify(path)}, "new", 0o600)`;
      const trace = join(folder, "trace");
      const options = ["-f", "-y", "-qq", "-e", "trace=fsync,rename,renameat,renameat2", "-o", trace];
      const child = Bun.spawn(["strace", ...options, process.execPath, "-e", script], {
        stdio: ["ignore", "inherit", "inherit"],
      });
      expect(await child.exited).toBe(0);
      const calls = readFileSync(trace, "utf8")
        .split("\n")
        .filter((line) => line.includes(folder))
        .map((line) => (line.includes("rename") ? "rename" : /<(.*?)>/.exec(line)?.[1]?.slice(folder.length)));
      const flushesOfFolders = ["/a", ""];
      expect(calls).toEqual([...flushesOfFolders, "/a/b/file.tmp", "rename", "/a/b"]);
    },
  );
});

describe.skipIf(!canMount)("on a disk of its own (needs root, and mount)", () => {
  test("that is full the file stays as it was, and nothing is left beside it", async () => {
    using disk = mountTmpfs(folder);
    const path = join(folder, "file");
    await replaceFile(path, "old", 0o600);
    disk.fill();
    const large = "x".repeat(10_000);
    expect(await replaceFile(path, large, 0o600).catch((error: unknown) => error)).toMatchObject({ code: "ENOSPC" });
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(existsSync(`${path}.tmp`)).toBe(false);
    disk.empty();
    await replaceFile(path, large, 0o600);
    expect(readFileSync(path, "utf8")).toBe(large);
  });
});
