import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "../../src/devices/command.ts";
import { boardId } from "../../src/devices/ids.ts";
import { parseBoardFile } from "../../src/emulator/board-file.ts";
import { BusEmulator } from "../../src/emulator/bus-emulator.ts";
import { serveEmulator } from "../../src/emulator/emulated-line.ts";
import { deviceErrorOf } from "../support/device-error.ts";
import { context, device, openMemoryBackend } from "../support/memory-backend.ts";
import { MemoryLine } from "../support/memory-line.ts";

/** The original's script of damaged frames, in which every frame has its sequence number fixed: one too many on the bus and it fails. */
const path = join(import.meta.dirname, "../../../shared/board-files/emulator-data.json");

async function openEmulatedBackend(fileName: string) {
  const { backend, clock, port } = await openMemoryBackend();
  const otherEnd = new MemoryLine();
  serveEmulator(otherEnd, new BusEmulator(parseBoardFile(readFileSync(fileName, "utf8"), fileName)), { clock });
  port().onWrite = (bytes) => otherEnd.push(bytes);
  otherEnd.onWrite = (bytes) => port().pushLater(bytes);
  return { backend, clock };
}

test.skipIf(!existsSync(path))(
  "one, two and three retries of read, power and version are enough, four and silence are not (needs ../shared/board-files)",
  async () => {
    const { backend, clock } = await openEmulatedBackend(path);
    const outcomes = async (board: number) => [
      await clock.until(backend.execute({ kind: "read", ...device(board, 0x01ff), type: "thermistor" }, context)),
      await clock.until(backend.execute({ kind: "power", ...device(board, 0x02ff), action: "status" }, context)),
      await clock.until(backend.execute({ kind: "version", board: boardId(board) }, context)),
    ];
    for (const board of [0x10, 0x11, 0x12]) {
      // 656 counts: −0.0985 · 656 + 93.399
      expect(await outcomes(board)).toMatchObject([
        { measurement: { temperatureC: 28.78 } },
        { raw: "0,0,0,0" },
        "12345",
      ]);
    }
    for (const [board, code] of [
      [0x13, "damaged-response"],
      [0x14, "no-response"],
    ] as const) {
      const status = { kind: "power", ...device(board, 0x02ff), action: "status" } as const;
      const reading = { kind: "read", ...device(board, 0x01ff), type: "thermistor" } as const;
      await clock.until(deviceErrorOf(backend.execute(reading, context), code));
      await clock.until(deviceErrorOf(backend.execute(status, context), code));
      await clock.until(deviceErrorOf(backend.execute({ kind: "version", board: boardId(board) }, context), code));
    }
  },
);

test("the demonstration rack over the bus: scan-all, and what is written is read back", async () => {
  const rack = join(import.meta.dirname, "../../config/simple.json");
  const { backend, clock } = await openEmulatedBackend(rack);
  const boards = await clock.until(backend.scanAll(context));
  expect(boards).toMatchObject([{ id: 1 }, { id: 2 }, { id: 3 }]);
  const led = device(1, 0x5001);
  const fan = device(2, 0x3002);
  const node = device(3, 0x8202);
  const ask = (command: Command) => clock.until(backend.execute(command, context));
  expect(await ask({ kind: "led", ...led, on: false })).toMatchObject({ measurement: { on: false } });
  expect(await ask({ kind: "fan", ...fan, rpm: "4321" })).toMatchObject({ measurement: { speedRpm: 4321 } });
  expect(await ask({ kind: "power", ...node, action: "off" })).toMatchObject({ on: false, ok: false, inputPowerW: 0 });
  expect(await ask({ kind: "power", ...node, action: "status" })).toMatchObject({ on: false });
  expect(await ask({ kind: "power", ...node, action: "cycle" })).toMatchObject({ on: true, ok: true });
});
