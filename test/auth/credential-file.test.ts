import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CredentialFile, readCredentialFile } from "../../src/auth/credential-file.ts";
import { CredentialFileError } from "../../src/auth/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "opendcre-credentials-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "file");
const isRoot = process.getuid?.() === 0;

/** Puts a new file in the place of the old one, as programs do. */
function put(text: string, mode = 0o600): void {
  writeFileSync(`${path}.new`, text);
  chmodSync(`${path}.new`, mode);
  renameSync(`${path}.new`, path);
}

const failureOf = (action: () => unknown): unknown => {
  try {
    return action();
  } catch (error) {
    return error;
  }
};

beforeEach(() => put("first"));

describe("who may get at a file", () => {
  test.each([0o600, 0o640, 0o400, 0o440, 0o700, 0o750])("mode %o is taken", (mode) => {
    put("text", mode);
    expect(readCredentialFile(path)).toBe("text");
  });

  test.each([
    [0o644, "everybody on this machine"],
    [0o604, "everybody on this machine"],
    [0o602, "everybody on this machine"],
    [0o666, "everybody on this machine"],
    [0o660, "a whole group can write"],
    [0o620, "a whole group can write"],
  ])("mode %o is refused, with what to do", (mode, why) => {
    put("secret text", mode);
    const failure = failureOf(() => readCredentialFile(path));
    expect(failure).toBeInstanceOf(CredentialFileError);
    expect(failure).toMatchObject({ code: "invalid-credential-file", path });
    expect(String(failure)).toContain(why);
    expect(String(failure)).toContain(`chmod 640 ${path}`);
    expect(String(failure)).not.toContain("secret");
  });

  test.skipIf(!isRoot)("one of another user's is refused, unless the folder is theirs, too (needs root)", () => {
    chownSync(path, 12_345, 0);
    expect(String(failureOf(() => readCredentialFile(path)))).toContain("belong to another user (id 12345)");
    chownSync(folder, 12_345, 0);
    expect(readCredentialFile(path)).toBe("first");
    chownSync(folder, 0, 0);
  });
});

test("what is no file, or too large, is refused; what is not there is nothing", () => {
  const directory = join(folder, "directory");
  mkdirSync(directory, { mode: 0o700 });
  expect(failureOf(() => readCredentialFile(directory))).toBeInstanceOf(CredentialFileError);
  put("x".repeat(4_194_305));
  expect(String(failureOf(() => readCredentialFile(path)))).toContain("expected at most 4194304");
  expect(readCredentialFile(join(folder, "nosuch"))).toBeUndefined();
  expect(failureOf(() => readCredentialFile("/dev/null"))).toBeInstanceOf(CredentialFileError);
  const pipe = join(folder, "pipe");
  expect(Bun.spawnSync(["mkfifo", "-m", "600", pipe]).exitCode).toBe(0);
  expect(String(failureOf(() => readCredentialFile(pipe)))).toContain("expected a file");
});

const parse = (text: string | undefined) => {
  if (text === "damaged") throw new CredentialFileError(path, "is damaged");
  return text ?? "nobody";
};

describe("a file that changes", () => {
  test("is taken, whether it is replaced, written over, removed or made again", () => {
    const file = new CredentialFile(path, parse);
    expect([file.content, file.refresh()]).toEqual(["first", false]);
    put("other");
    expect([file.refresh(), file.content]).toEqual([true, "other"]);
    writeFileSync(path, "longer than that");
    expect([file.refresh(), file.content]).toEqual([true, "longer than that"]);
    unlinkSync(path);
    expect([file.refresh(), file.content]).toEqual([true, "nobody"]);
    expect(file.refresh()).toBeFalse();
    put("again");
    expect([file.refresh(), file.content]).toEqual([true, "again"]);
  });

  test.each([
    ["one that is damaged", () => put("damaged")],
    ["one that everybody can read", () => put("readable", 0o644)],
  ])("%s changes nothing, and is told of once", (_, change) => {
    const file = new CredentialFile(path, parse);
    change();
    expect(failureOf(() => file.refresh())).toBeInstanceOf(CredentialFileError);
    expect([file.refresh(), file.content]).toEqual([false, "first"]);
    expect(failureOf(() => file.reload())).toBeInstanceOf(CredentialFileError);
    put("good");
    expect([file.refresh(), file.content]).toEqual([true, "good"]);
  });

  test("is read as soon as the system lets it be read, and told of once", () => {
    // As where there are no descriptors left, which many connections bring about.
    let isFull = false;
    const file = new CredentialFile(path, parse, (name) => {
      if (!isFull) return readCredentialFile(name);
      const cause = Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
      throw new CredentialFileError(name, "cannot be read: EMFILE", { cause });
    });
    put("second");
    isFull = true;
    expect(failureOf(() => file.refresh())).toBeInstanceOf(CredentialFileError);
    expect([file.refresh(), file.refresh(), file.content]).toEqual([false, false, "first"]);
    put("third");
    expect(failureOf(() => file.refresh())).toBeInstanceOf(CredentialFileError);
    isFull = false;
    expect([file.refresh(), file.content, file.refresh()]).toEqual([true, "third", false]);
  });

  test("that the system does not let be opened is a failure with its cause", async () => {
    const socket = join(folder, "socket");
    using _ = Bun.listen({ unix: socket, socket: { data() {} } });
    chmodSync(socket, 0o600);
    const failure = failureOf(() => readCredentialFile(socket));
    expect(failure).toMatchObject({ code: "invalid-credential-file", cause: { code: "ENXIO" } });
  });

  test("is noticed when only its rights have changed", () => {
    const file = new CredentialFile(path, parse);
    chmodSync(path, 0o604);
    expect(failureOf(() => file.refresh())).toBeInstanceOf(CredentialFileError);
    chmodSync(path, 0o600);
    expect(file.refresh()).toBeTrue();
  });
});
