import { execFile } from "node:child_process";
import {
  accessSync,
  constants,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statfsSync,
  statSync,
} from "node:fs";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { Stats } from "node:fs";
import { offsetOn, openChip } from "../../gpio/find.ts";
import { sourceEpochMs } from "../../version.ts";
import type { Holder, Machine, PathFacts } from "./machine.ts";
import { groupNameIn, SERVICE_USER, userIn, type SystemUser } from "./service-user.ts";

const ANSWER_TIMEOUT_MS = 5000;
/** What `test` answers is shorter by far. */
const MOST_CHARACTERS = 65_536;

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? error.code : undefined);

/** What a file says; an empty text where it cannot be read. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/**
 * This machine.
 *
 * @param isService whether rights are those of the service as it is installed; else root sees to the service's, and others to their own
 */
export function linuxMachine(isService: boolean): Machine {
  const [passwd, group] = [textOf("/etc/passwd"), textOf("/etc/group")];
  const uid = process.getuid?.() ?? 0;
  const ofService = isService || uid === 0 ? userIn(passwd, group, SERVICE_USER) : undefined;
  return {
    user: ofService ?? currentUser(passwd, group, uid),
    isRoot: uid === 0,
    facts,
    groupName: (gid) => groupNameIn(group, gid),
    realPath: realpathSync,
    holdersOf,
    isReadOnly,
    freeBytes(path) {
      const { bavail, bsize } = statfsSync(path);
      return bavail * bsize;
    },
    findGpio(which, pins) {
      using chip = openChip(which);
      const lines = pins.map((pin) => chip.lineInfo(offsetOn(chip, pin)));
      return { path: chip.path, taken: lines.filter(({ isUsed }) => isUsed) };
    },
    nowMs: Date.now,
    builtMs: sourceEpochMs,
    isClockSynchronised,
    tryBmc: async (definition) => (await import("./probe-bmc.ts")).probeBmc(definition),
    get,
  };
}

/** With the groups that this process has: they may be others than the files say. */
function currentUser(passwd: string, group: string, uid: number): SystemUser {
  const name = userIn(passwd, group, uid)?.name ?? `uid ${uid}`;
  return { name, uid, gids: new Set([process.getgid?.() ?? 0, ...(process.getgroups?.() ?? [])]) };
}

function facts(path: string): PathFacts | undefined {
  try {
    const stats = statSync(path);
    const { uid, gid, mode } = stats;
    return { uid, gid, mode, kind: kindOf(stats) };
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

function kindOf(stats: Stats): PathFacts["kind"] {
  if (stats.isCharacterDevice()) return "character-device";
  if (stats.isDirectory()) return "folder";
  return stats.isFile() ? "file" : "other";
}

/** Processes and files come and go while one looks; those of other users are not to be seen. */
function quietly<T>(action: () => T, otherwise: T): T {
  try {
    return action();
  } catch {
    return otherwise;
  }
}

function holdersOf(path: string): readonly Holder[] {
  const processes = quietly(() => readdirSync("/proc"), []).filter((name) => /^\d+$/.test(name));
  return processes.flatMap((pid) => {
    const folder = `/proc/${pid}/fd`;
    const isOpen = quietly(() => readdirSync(folder), []).some(
      (fd) => quietly(() => readlinkSync(`${folder}/${fd}`), "") === path,
    );
    return isOpen ? [{ pid: Number(pid), name: textOf(`/proc/${pid}/comm`).trim() }] : [];
  });
}

function isReadOnly(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (error) {
    return codeOf(error) === "EROFS";
  }
}

/** @see timedatectl(1), "show" */
function isClockSynchronised(): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    const args = ["show", "--property=NTPSynchronized", "--value"];
    execFile("timedatectl", args, { timeout: ANSWER_TIMEOUT_MS }, (error, stdout) => {
      const answer = error ? "" : stdout.trim();
      resolve(answer === "yes" ? true : answer === "no" ? false : undefined);
    });
  });
}

/** Takes any certificate: whether those are right is looked at elsewhere, and nothing secret is sent. */
function get(url: string): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const send = url.startsWith("https:") ? requestHttps : requestHttp;
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  const request = send(url, { rejectUnauthorized: false, agent: false, signal }, (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (part: string) => {
      if (text.length < MOST_CHARACTERS) text += part;
    });
    response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    response.on("error", reject);
  });
  request.on("error", reject);
  request.end();
  return promise;
}
