import { chmodSync, cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

/** A file of the package, from a file of ours or as a text. */
export type StagedFile = { readonly mode?: number } & (
  | { readonly from: string }
  | { readonly text: string }
  /** Compressed, as Debian has its documentation. */
  | { readonly gzipped: string }
);

const MODE = 0o644;

const contentOf = (file: Exclude<StagedFile, { from: string }>) =>
  "text" in file ? file.text : gzipSync(file.gzipped, { level: 9 });

/** Writes the files below `folder`, by their paths, with the same rights whatever the umask. */
export function stage(folder: string, files: Readonly<Record<string, StagedFile>>): void {
  for (const [path, file] of Object.entries(files)) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    if ("from" in file) cpSync(file.from, target);
    else writeFileSync(target, contentOf(file));
    chmodSync(target, file.mode ?? MODE);
  }
}

/** Everything below `folder`, deepest first: paths from there, folders with a slash at the end. */
function treeOf(folder: string, below = ""): string[] {
  const paths: string[] = [];
  for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    if (entry.isDirectory()) paths.push(...treeOf(folder, path), `${path}/`);
    else paths.push(path);
  }
  return paths;
}

/** Gives everything below `folder`, and itself, the same time. Folders that are not in `privateFolders` are for everybody. */
export function settle(folder: string, epochS: number, privateFolders: readonly string[]): void {
  for (const path of [...treeOf(folder), "/"]) {
    const target = join(folder, path);
    if (path.endsWith("/")) chmodSync(target, privateFolders.includes(path) ? 0o700 : 0o755);
    utimesSync(target, epochS, epochS);
  }
}

/** The sizes of all files, in KiB, each rounded up: what `Installed-Size` says. */
export function installedKibibytes(folder: string): number {
  const sizes = treeOf(folder).map((path) =>
    path.endsWith("/") ? 1 : Math.ceil(lstatSync(join(folder, path)).size / 1024),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** `md5sums` of a package. */
export function checksums(folder: string): string {
  const files = treeOf(folder).filter((path) => !path.endsWith("/"));
  return files
    .toSorted()
    .map((path) => `${new Bun.CryptoHasher("md5").update(readFileSync(join(folder, path))).digest("hex")}  ${path}\n`)
    .join("");
}
