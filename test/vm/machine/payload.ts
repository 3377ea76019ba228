import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../support/product.ts";

/** Programs that run in the machine, by the Bun inside the installed binary (BUN_BE_BUN). */
const programs = ["test/vm/gpio-check.ts", "test/vm/serial-server.ts"];

async function spawn(command: readonly string[], cwd = root): Promise<string> {
  const child = Bun.spawn([...command], { cwd, stdio: ["ignore", "pipe", "inherit"] });
  const output = await child.stdout.text();
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")}: exit status ${child.exitCode}`);
  return output;
}

/**
 * Makes the package for arm64, and one of the same files that is not compressed: to unpack xz takes the emulated processor a minute.
 *
 * @param folder where it may work
 * @param path what the package is to be called
 */
async function makePackage(folder: string, deb: string): Promise<void> {
  const told = await spawn([process.execPath, "build.ts", "--deb", "--fast", "--target", "linux-arm64"]);
  const path = /^(\S+\.deb)/m.exec(told)?.[1];
  if (path === undefined) throw new Error(`build.ts names no package: ${told}`);
  const files = join(folder, "package");
  await spawn(["dpkg-deb", "--raw-extract", path, files]);
  await spawn(["dpkg-deb", "--root-owner-group", "-Znone", "--build", files, deb]);
}

/** Writes what is to be tried in the machine as an archive, for a disk that has no file system: package and programs. */
export async function writePayload(folder: string): Promise<string> {
  const content = join(folder, "content");
  mkdirSync(content);
  const entrypoints = programs.map((file) => join(root, file));
  const result = await Bun.build({ entrypoints, target: "bun", format: "esm", outdir: content, throw: false });
  if (!result.success) throw new Error(result.logs.map(String).join("\n"));
  await makePackage(folder, join(content, "opendcre.deb"));
  const disk = join(folder, "payload.tar");
  await spawn(["tar", "-cf", disk, "."], content);
  return disk;
}
