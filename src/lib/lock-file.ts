import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import type { Clock } from "./clock.ts";

/** Another process has it, and does not let go. */
class LockedError extends Error {
  override readonly name = "LockedError";
  readonly code = "locked";
}

/** How often it is tried again, and how long apart. */
const TRIES = 250;
const PAUSE_MS = 20;

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? error.code : undefined);

/** True where a process with this id runs, whoever's it is. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/**
 * Does something while nobody else, in this process or another, does the same under the same lock: a file that holds the id of the process that has it. One that
 * a process has left behind when it was killed is taken over.
 *
 * @throws LockedError where another one has it for five seconds, and what the action throws
 */
export async function withLock<T>(path: string, clock: Clock, action: () => Promise<T>): Promise<T> {
  // The id is in the file from its first moment: a link is made of a file that is whole.
  const ticket = `${path}.${randomUUID()}`;
  await writeFile(ticket, `${process.pid}`, { mode: 0o600 });
  try {
    for (let tries = 0; !(await tryLink(ticket, path)); tries++) {
      const holder = await holderOf(path);
      if (tries >= TRIES)
        throw new LockedError(`${path}: process ${holder ?? "?"} is at work; try again when it has ended`);
      if (holder !== undefined && !isRunning(holder)) await takeAway(path, holder);
      else await new Promise<void>((resolve) => void clock.after(PAUSE_MS, resolve));
    }
  } finally {
    await rm(ticket, { force: true });
  }
  try {
    return await action();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLink(ticket: string, path: string): Promise<boolean> {
  try {
    await link(ticket, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

async function holderOf(path: string): Promise<number | undefined> {
  try {
    return Number(await readFile(path, "utf8"));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Of several that find the same lock left behind, one gets it out of the way. A new one that took its place meanwhile is put back. */
async function takeAway(path: string, holder: number): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  if ((await holderOf(aside)) !== holder) await tryLink(aside, path);
  await rm(aside, { force: true });
}
