import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A disk of 128 kB. */
export interface SmallDisk extends Disposable {
  /** Leaves nothing free on it. */
  fill(): void;
  /** Takes away what `fill` has put there. */
  empty(): void;
  /** Mounts it again with other options: `ro`, `size=1m`. */
  remount(option: string): void;
}

const mount = (...args: readonly string[]) => Bun.spawnSync(["mount", ...args], { stderr: "ignore" }).success;

/** Mounts a small disk at a folder. */
export function mountTmpfs(path: string): SmallDisk {
  if (!mount("-t", "tmpfs", "-o", "size=128k", "none", path)) throw new Error(`nothing can be mounted at ${path}`);
  const filler = join(path, "filler");
  return {
    fill() {
      const file = openSync(filler, "w");
      try {
        for (;;) writeSync(file, Buffer.alloc(4096));
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
      } finally {
        closeSync(file);
      }
    },
    empty: () => rmSync(filler),
    remount: (option) => void mount("-o", `remount,${option}`, path),
    [Symbol.dispose]: () => void Bun.spawnSync(["umount", "--lazy", path]),
  };
}

function tryMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "opendcre-mount-"));
  const isMounted = mount("-t", "tmpfs", "-o", "size=64k", "none", folder);
  if (isMounted) Bun.spawnSync(["umount", folder]);
  rmdirSync(folder);
  return isMounted;
}

/** True where this process may mount file systems: as root, and in few containers. */
export const canMount = process.getuid?.() === 0 && tryMount();
