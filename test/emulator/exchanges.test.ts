import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeFrame } from "../../src/bus/frame.ts";
import { parseBoardFile } from "../../src/emulator/board-file.ts";
import { BusEmulator } from "../../src/emulator/bus-emulator.ts";
import { fromHex, toHex } from "../../src/lib/hex.ts";
import { sessions } from "../fixtures/emulator-exchanges.json";
import { exchangesOf, hasGoldenTrace, readGoldenTrace } from "../support/golden-trace.ts";

const rack = join(import.meta.dirname, "../fixtures/emulator-rack.json");
/** The original's file with which the recording was made. */
const recordedRack = join(import.meta.dirname, "../../../shared/board-files/scanall-data.json");

const load = (path: string) => new BusEmulator(parseBoardFile(readFileSync(path, "utf8"), path));

function answer(emulator: BusEmulator, request: string): string[] {
  const frame = decodeFrame(fromHex(request));
  if (typeof frame === "string") throw new Error(`the request ${request} has a bad ${frame}`);
  return emulator.handle(frame).map(toHex);
}

describe("a board file with everything in it", () => {
  test.each(sessions.map(({ name, exchanges }) => [name, exchanges] as const))("%s", (_name, exchanges) => {
    const emulator = load(rack);
    const answered = exchanges.map(({ request }) => ({ request, replies: answer(emulator, request) }));
    expect(answered).toEqual(exchanges);
  });
});

test.skipIf(!hasGoldenTrace)("every frame of the recorded session, byte for byte (needs ../shared)", () => {
  const emulator = load(recordedRack);
  const exchanges = exchangesOf(readGoldenTrace().lines);
  expect(exchanges.length).toBeGreaterThan(20);
  expect(exchanges.some(({ replies }) => replies.some(({ isDamaged }) => isDamaged))).toBe(true);
  for (const { request, replies } of exchanges) {
    expect(answer(emulator, toHex(request))).toEqual(replies.map(({ bytes }) => toHex(bytes)));
  }
});
