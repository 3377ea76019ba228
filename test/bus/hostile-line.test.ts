import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Command } from "../../src/devices/command.ts";
import { DeviceError } from "../../src/devices/errors.ts";
import { boardId } from "../../src/devices/ids.ts";
import { joined } from "../support/frames.ts";
import type { ManualClock } from "../support/manual-clock.ts";
import type { MemoryLine } from "../support/memory-line.ts";
import { context, device, openMemoryBackend } from "../support/memory-backend.ts";
import { damaged, reply } from "../support/memory-bus.ts";

/** One thing that the other end does when it is asked. */
type Deed =
  | { kind: "bytes"; bytes: Uint8Array }
  | { kind: "good" | "damaged" | "late" | "cut"; text: string }
  | { kind: "lost" | "silence" };

const anyText = fc.oneof(
  fc.constantFrom("W1", "W0", "1", "0", "28.5", "656", "64,0,0,0", "\x10", ""),
  fc.string({ unit: "grapheme-ascii", maxLength: 40 }),
);
const anyDeed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("good", "damaged", "late", "cut"), text: anyText }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("bytes"), bytes: fc.uint8Array({ maxLength: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("bytes"), bytes: fc.constant(Uint8Array.of(1, 0xff)) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("lost", "silence") }) },
);
/** What the other end does after a frame: deeds, each some time after the one before. */
const anyAnswer = fc.array(fc.tuple(anyDeed, fc.constantFrom(0, 0, 1, 100, 249, 250, 600)), { maxLength: 4 });

const board = boardId(2);
const commands: readonly Command[] = [
  { kind: "scan", board },
  { kind: "version", board },
  { kind: "read", ...device(2, 1), type: "temperature" },
  { kind: "read", ...device(2, 1), type: "humidity" },
  { kind: "power", ...device(2, 1), action: "cycle" },
  { kind: "led", ...device(2, 1), on: true },
  { kind: "fan", ...device(2, 1), rpm: "4100" },
];

function act(deed: Deed, port: MemoryLine, sequence: number): void {
  switch (deed.kind) {
    case "bytes":
      return port.push(deed.bytes);
    case "good":
      return port.push(reply(sequence, deed.text));
    case "damaged":
      return port.push(damaged(reply(sequence, deed.text)));
    case "late":
      return port.push(reply((sequence + 250) % 255, deed.text));
    case "cut":
      return port.push(reply(sequence, deed.text).slice(0, -3));
    case "lost":
      return port.lose(new Error("unplugged"));
    case "silence":
  }
}

/** Makes the port answer every frame with the next of the answers, used in turn and round again. */
function answerWith(
  port: MemoryLine,
  clock: ManualClock,
  answers: readonly (readonly (readonly [Deed, number])[])[],
): void {
  let turn = 0;
  port.onWrite = (bytes) => {
    let delayMs = 0;
    for (const [deed, afterMs] of answers[turn++ % answers.length] ?? []) {
      delayMs += afterMs;
      clock.after(delayMs, () => act(deed, port, bytes[2] ?? 0));
    }
  };
}

test("whatever the other end does, every command ends in a result or a DeviceError, and the next one works", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.subarray([...commands, "scan-all"] as const, { minLength: 1 }), { minLength: 1, maxLength: 3 }),
      fc.array(anyAnswer, { minLength: 1, maxLength: 6 }),
      async (rounds, answers) => {
        const { backend, clock, port, runner } = await openMemoryBackend();
        for (const round of rounds) {
          answerWith(port(), clock, answers);
          const outcomes = round.map((command) =>
            (command === "scan-all" ? backend.scanAll(context) : backend.execute(command, context)).catch(
              (error: unknown) => error,
            ),
          );
          for (const outcome of await clock.until(Promise.all(outcomes))) {
            if (outcome instanceof Error) expect(outcome).toBeInstanceOf(DeviceError);
          }
          expect(backend.waiting).toBe(0);
          // Long enough for a lost line to be back, and for the last late byte to have arrived.
          await clock.advance(10_000);
          expect(clock.timers).toBe(0);
        }
        port().onWrite = (bytes) => port().pushLater(joined(reply(bytes[2] ?? 0, "all is well")));
        expect(await clock.until(backend.execute({ kind: "version", board }, context))).toBe("all is well");
        const { exchanges, retries } = runner.counters;
        expect(retries).toBeLessThanOrEqual(exchanges * 3);
      },
    ),
    { numRuns: 150 },
  );
});
