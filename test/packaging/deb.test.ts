/** The package as a file; test/container/ has what it does. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildDeb, PackagingError, type DebOptions } from "../../packaging/deb.ts";
import { makeDeb } from "../support/deb.ts";
import { root } from "../support/product.ts";

setDefaultTimeout(120_000);

const missing = ["dpkg-deb", "lintian"].filter((program) => Bun.which(program) === null);
const title = missing.length === 0 ? "the package" : `the package (not here: ${missing.join(", ")})`;

let folder = "";
let deb = "";

const output = (command: string, ...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  return { status, text: `${stdout}${stderr}` };
};
const digest = async (path: string) =>
  new Bun.CryptoHasher("sha256").update(await Bun.file(path).arrayBuffer()).digest("hex");

describe.skipIf(missing.length > 0)(title, () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "opendcre-deb-test-"));
    mkdirSync(join(folder, "one"));
    deb = makeDeb(join(folder, "one"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("is the same, byte for byte, when it is made again, with another umask and elsewhere in time", async () => {
    mkdirSync(join(folder, "two"));
    const umask = process.umask(0o077);
    const again = makeDeb(join(folder, "two"), { TZ: "Asia/Kathmandu", LC_ALL: "tr_TR.UTF-8" });
    process.umask(umask);
    expect(await digest(again)).toBe(await digest(deb));
  });

  test("is clean under lintian", () => {
    const asRoot = process.getuid?.() === 0 ? ["--allow-root"] : [];
    const { status, text } = output("lintian", ...asRoot, "--fail-on", "error,warning", deb);
    expect(text.split("\n").filter((line) => /^[EW]:/.test(line))).toEqual([]);
    expect(status).toBe(0);
  });

  test("belongs to root, and nobody else may write any of it", () => {
    const { text } = output("dpkg-deb", "-c", deb);
    const entries = text.trim().split("\n");
    expect(entries.length).toBeGreaterThan(20);
    for (const entry of entries) expect(entry).toMatch(/^[d-]rw[x-](?:---|r-[x-])(?:---|r-[x-]) root\/root /);
  });

  // What build.ts asks for with 45 MB, but for --fast: compressing both binaries would take minutes.
  test("is not made where it would be too large", () => {
    const [binary, outdir] = [join(folder, "binary"), join(folder, "small")];
    mkdirSync(outdir);
    writeFileSync(binary, crypto.getRandomValues(new Uint8Array(50_000)));
    const options = { root, binary, architecture: "arm64", version: "1.2.3", epochS: 1_700_000_000, outdir } as const;
    const make = (more: Pick<DebOptions, "mostBytes">) =>
      buildDeb({ ...options, packageFolders: [], xzLevel: 0, ...more });
    expect(() => make({ mostBytes: 50_000 })).toThrow(PackagingError);
    expect(existsSync(join(outdir, "opendcre_1.2.3_arm64.deb"))).toBe(false);
    expect(existsSync(make({ mostBytes: 45_000_000 }))).toBe(true);
  });

  test("says which licence each thing in the binary has", () => {
    const { text } = output(
      "bash",
      "-c",
      `dpkg-deb --fsys-tarfile ${deb} | tar -xO ./usr/share/doc/opendcre/copyright`,
    );
    for (const name of ["Bun", "JavaScriptCore", "elysia", "pino", "@sinclair/typebox", "jsonc-parser"])
      expect(text).toContain(name);
    expect(text).not.toContain("typescript");
  });
});
