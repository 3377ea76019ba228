import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromHex } from "../../src/lib/hex.ts";

/** Recorded from the original's own logs; lies beside the project, where it is there at all. */
const path = join(import.meta.dirname, "../../../shared/golden/wire-trace-1.2.2.txt");

export const hasGoldenTrace = existsSync(path);

/** One line of the recording that shows a frame. */
export interface TraceLine {
  readonly who: "server" | "emu";
  readonly direction: "sent" | "received";
  readonly bytes: Uint8Array;
  /** True where the emulator said before that it damages the frames of this board. */
  readonly isDamaged: boolean;
}

/** What the emulator was asked, and everything that it sent then. */
export interface TraceExchange {
  readonly request: Uint8Array;
  readonly replies: readonly TraceLine[];
}

/**
 * The recording's frames in its order, and the line that names the requests. Which frames are damaged comes from what the
 * emulator logged (`with bad board`): those are the ones whose board the changed bytes hide, so they are told by their place: a
 * frame of that scan that does not bear the sequence number asked with.
 */
export function readGoldenTrace(): { readonly requests: string; readonly lines: readonly TraceLine[] } {
  const text = readFileSync(path, "utf8").split("\n");
  const lines: TraceLine[] = [];
  let isBadScan = false;
  let askedWith: number | undefined;
  for (const line of text) {
    if (line.includes(" emu ") && line.includes(">> Scanall")) isBadScan = line.includes("with bad board");
    const found = /^\S+ (server|emu) +(>>|<<)\w+:? \[(.+)\]/.exec(line);
    if (!found) continue;
    const bytes = fromHex(found[3] ?? "");
    const who = found[1] === "server" ? "server" : "emu";
    const direction = found[2] === ">>" ? "sent" : "received";
    if (who === "emu" && direction === "received") {
      askedWith = bytes[2];
      isBadScan = false;
    }
    const isDamaged = who === "emu" && direction === "sent" && isBadScan && bytes[2] !== askedWith;
    lines.push({ who, direction, bytes, isDamaged });
  }
  return { requests: text[2] ?? "", lines };
}

/** The emulator's side of the recording, which alone has everything in order. */
export function exchangesOf(lines: readonly TraceLine[]): TraceExchange[] {
  const exchanges: { request: Uint8Array; replies: TraceLine[] }[] = [];
  for (const line of lines) {
    if (line.who !== "emu") continue;
    if (line.direction === "received") exchanges.push({ request: line.bytes, replies: [] });
    else exchanges.at(-1)?.replies.push(line);
  }
  return exchanges;
}
