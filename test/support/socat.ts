import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** False where the program is missing that joins two serial ports. */
export const hasSocat = Bun.which("socat") !== null;

/** Two serial ports, joined by a cable. */
export interface Cable {
  readonly near: string;
  readonly far: string;
  /** Pulls the cable out: both ports vanish. */
  unplug(): Promise<void>;
  /** Puts a new cable in, under the same names. */
  plug(): Promise<void>;
  close(): Promise<void>;
}

/** A pseudo terminal with a name of its own, in socat's words. */
const end = (link: string) => `PTY,raw,echo=0,link=${link}`;

/** What socat says when both ends are there. */
const JOINED = "starting data transfer loop";

async function untilJoined(messages: ReadableStream<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of messages) {
    text += decoder.decode(chunk);
    if (text.includes(JOINED)) return;
  }
  throw new RangeError(`socat did not join two ports: ${text}`);
}

/** Two pseudo terminals joined by socat, by names that stay the same. */
export async function openCable(): Promise<Cable> {
  const folder = mkdtempSync(join(tmpdir(), "opendcre-cable-"));
  const [near, far] = [join(folder, "near"), join(folder, "far")];
  let socat: Bun.Subprocess | undefined;
  const plug = async () => {
    const started = Bun.spawn(["socat", "-d", "-d", end(near), end(far)], { stdio: ["ignore", "ignore", "pipe"] });
    socat = started;
    await untilJoined(started.stderr);
  };
  const unplug = async () => {
    socat?.kill();
    await socat?.exited;
  };
  await plug();
  return {
    near,
    far,
    plug,
    unplug,
    async close() {
      await unplug();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
