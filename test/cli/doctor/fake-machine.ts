import { dirname } from "node:path";
import type { Machine, PathFacts } from "../../../src/cli/doctor/machine.ts";
import { loadConfig } from "../../../src/config/load-config.ts";
import type { Config } from "../../../src/config/config.ts";

/** A configuration, by environment variables without their prefix. */
export const configWith = (settings: Readonly<Record<string, string>>): Config =>
  loadConfig({
    fileName: null,
    env: Object.fromEntries(Object.entries(settings).map(([name, value]) => [`OPENDCRE_${name}`, value])),
    readFile: () => "",
  });

/** What a folder of root's looks like that everybody may search. */
const usualFolder: PathFacts = { uid: 0, gid: 0, mode: 0o40755, kind: "folder" };

export const fileOf = (mode: number, uid = 0, gid = 0): PathFacts => ({ uid, gid, mode, kind: "file" });
export const folderOf = (mode: number, uid = 0, gid = 0): PathFacts => ({ uid, gid, mode, kind: "folder" });
export const deviceOf = (mode: number, uid = 0, gid = 0): PathFacts => ({ uid, gid, mode, kind: "character-device" });

export const NOW_MS = Date.parse("2026-11-24T12:00:00Z");

/** A machine with these paths, and the folders that they are in, on which everything is well otherwise. */
export function fakeMachine(paths: Readonly<Record<string, PathFacts>>, changes: Partial<Machine> = {}): Machine {
  const all = new Map(Object.entries(paths));
  for (const path of Object.keys(paths))
    for (let at = dirname(path); !all.has(at); at = dirname(at)) all.set(at, usualFolder);
  return {
    user: { name: "opendcre", uid: 990, gids: new Set([990, 20]) },
    isRoot: true,
    facts: (path) => all.get(path),
    groupName: (gid) =>
      new Map([
        [0, "root"],
        [20, "dialout"],
        [30, "gpio"],
        [990, "opendcre"],
      ]).get(gid) ?? String(gid),
    realPath: (path) => path,
    holdersOf: () => [],
    isReadOnly: () => false,
    freeBytes: () => 10 ** 9,
    findGpio: () => ({ path: "/dev/gpiochip0", taken: [] }),
    nowMs: () => NOW_MS,
    builtMs: NOW_MS - 1000,
    isClockSynchronised: () => Promise.resolve(true),
    tryBmc: () => Promise.resolve({ kind: "ok", cipherSuite: 17 }),
    get: () => Promise.resolve({ status: 200, text: '{"status":"ok"}' }),
    ...changes,
  };
}
