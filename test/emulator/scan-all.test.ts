import { expect, test } from "bun:test";
import type { ScanAllOutcome, ScanAllStep } from "../../src/emulator/board.ts";
import { damageFrame, ScanAllScript } from "../../src/emulator/scan-all.ts";
import { fromHex, toHex } from "../../src/lib/hex.ts";

const ok: ScanAllOutcome = { result: "ok" };
const bad = (failedBoard: string): ScanAllOutcome => ({ result: "error", failedBoard });

/** What a script does with scan-alls: `I` without the shuffle bit, `S` with it. Told as `ok` or the board that is damaged. */
function play(steps: readonly ScanAllStep[], scans: string): string {
  const script = new ScanAllScript(steps);
  const outcomes = Array.from(scans, (scan) => script.next(scan === "S"));
  return outcomes.map((outcome) => (outcome.result === "ok" ? "ok" : outcome.failedBoard)).join(" ");
}

test.each([
  ["no script: all go well", [], "ISISS", "ok ok ok ok ok"],
  [
    "used in turn and round again",
    [
      { initial: ok, retry: [] },
      { initial: bad("a"), retry: [ok] },
    ],
    "IISIIS",
    "ok a ok ok a ok",
  ],
  [
    "the step is done after its last retry",
    [
      { initial: bad("a"), retry: [bad("b"), bad("c")] },
      { initial: bad("d"), retry: [bad("e"), ok] },
    ],
    "ISSISSISS",
    "a b c d e ok a b c",
  ],
  [
    "the step is done after a retry that is ok, though others follow",
    [
      { initial: bad("a"), retry: [ok, bad("b")] },
      { initial: bad("c"), retry: [ok] },
    ],
    "ISIS",
    "a ok c ok",
  ],
  [
    "a new scan-all in the middle takes the same initial, and the retries go on",
    [
      { initial: bad("a"), retry: [bad("b"), bad("c"), bad("d")] },
      { initial: ok, retry: [] },
    ],
    "ISSISI",
    "a b c a d ok",
  ],
  [
    "a shuffled scan-all with no scripted damage before it goes well and uses nothing up",
    [
      { initial: ok, retry: [bad("a")] },
      { initial: bad("b"), retry: [bad("c")] },
    ],
    "SISSISSI",
    "ok ok ok ok b c ok ok",
  ],
  [
    "a step with damage and no retries ends with the shuffled scan-all that goes well",
    [
      { initial: bad("a"), retry: [] },
      { initial: bad("b"), retry: [ok] },
    ],
    "IISISI",
    "a a ok b ok a",
  ],
])("%s", (_name, steps, scans, outcomes) => {
  expect(play(steps, scans)).toBe(outcomes);
});

test("damage: every byte but 01 and 04 is one more, modulo 255", () => {
  const damaged = damageFrame(fromHex("00 01 02 03 04 05 7f 80 fc fd fe ff"));
  expect(toHex(damaged)).toBe("01 01 03 04 04 06 80 81 fd fe 00 01");
});
