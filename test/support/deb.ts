import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./product.ts";

/** A program that makes packages has failed. */
class DebError extends Error {
  override readonly name = "DebError";
}

function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  if (error) throw error;
  if (status !== 0) throw new DebError(`${command} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

/** This machine's architecture, as build.ts names it. */
const target = process.arch === "arm64" ? "linux-arm64" : "linux-x64";

/** Makes the package for this machine, the quick way, and returns its path. */
export function makeDeb(outdir: string, env: Readonly<Record<string, string>> = {}): string {
  run(process.execPath, ["build.ts", "--deb", "--fast", "--target", target, "--outdir", outdir], env);
  const deb = readdirSync(outdir).find((name) => name.endsWith(".deb"));
  if (deb === undefined) throw new DebError("build.ts made no package");
  return join(outdir, deb);
}

/** The same package as an earlier version, with files of its own in place of some. */
export function repackAs(
  deb: string,
  version: string,
  folder: string,
  files: Readonly<Record<string, string>>,
): string {
  const tree = join(folder, "tree");
  mkdirSync(tree, { recursive: true });
  run("dpkg-deb", ["-R", deb, tree]);
  const control = join(tree, "DEBIAN", "control");
  writeFileSync(control, readFileSync(control, "utf8").replace(/^Version: .*$/m, `Version: ${version}`));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(tree, path), text);
  const repacked = join(folder, `opendcre_${version}.deb`);
  run("dpkg-deb", ["--root-owner-group", "-Zxz", "-z0", "-b", tree, repacked]);
  return repacked;
}
