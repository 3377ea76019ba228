import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseBoardFile } from "../../src/emulator/board-file.ts";
import { BusEmulator } from "../../src/emulator/bus-emulator.ts";
import { EmulatedModem } from "../../src/emulator/emulated-modem.ts";
import { serveEmulator } from "../../src/emulator/emulated-line.ts";
import { fromHex, toHex } from "../../src/lib/hex.ts";
import { joined } from "../support/frames.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryLine } from "../support/memory-line.ts";

const text = readFileSync(join(import.meta.dirname, "../fixtures/emulator-rack.json"), "utf8");
const file = parseBoardFile(text, "emulator-rack.json");

/** A command of the bus, and what the board answers. */
const read = fromHex("01 0a 01 9c 00 00 00 0a 01 01 52 05 04");
const answer = "01 0c 01 ff 00 00 00 00 ff ff 36 35 36 61 04";

function serve(modem: EmulatedModem | undefined, baudDelay?: number) {
  const line = new MemoryLine();
  const clock = new ManualClock();
  const options = { clock, ...(modem && { modem }), ...(baudDelay !== undefined && { baudDelay }) };
  const emulated = serveEmulator(line, new BusEmulator(file), options);
  return { line, clock, emulated };
}

describe("a modem known by bytes alone", () => {
  test("keeps what is written to its registers and tells it, between the commands of the bus", () => {
    const { line } = serve(new EmulatedModem("bytes"));
    line.push(fromHex("0d 1d"));
    line.push(fromHex("05 69 15 29 0d 1d"));
    line.push(read);
    line.push(fromHex("0d"));
    expect(line.writtenHex).toEqual(["00", "00", "69", "29", answer, "69"]);
  });

  test("takes commands in any portions, also right behind and right before a frame", () => {
    const { line } = serve(new EmulatedModem("bytes"));
    line.push(fromHex("05"));
    line.push(joined(fromHex("01 0d"), read, fromHex("1d")));
    expect(line.writtenHex).toEqual(["01", answer, "00"]);
  });

  test("takes nothing out of a frame", () => {
    const { line } = serve(new EmulatedModem("bytes"));
    // A frame of device 0d1d with 05 and 15 in it, to which no board answers.
    line.push(fromHex("01 0c 0d 9c 00 00 00 05 0d 1d 52 05 15"));
    expect(line.written).toEqual([]);
  });

  test("a command that breaks off is forgotten in the silence, so that it does not swallow a frame's header", async () => {
    const { line, clock } = serve(new EmulatedModem("bytes"));
    line.push(fromHex("05"));
    await clock.advance(1000);
    line.push(read);
    expect(line.writtenHex).toEqual([answer]);
    expect(clock.timers).toBe(0);
  });

  test("its answers take as long as they do on the line", async () => {
    const { line, clock } = serve(new EmulatedModem("bytes"), 1000);
    line.push(fromHex("0d"));
    await clock.advance(19);
    expect(line.written).toEqual([]);
    await clock.advance(1);
    expect(line.writtenHex).toEqual(["00"]);
  });

  test("no bytes whatever break it: after a silence it answers, and so do the boards", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }), async (portions) => {
        const { line, clock } = serve(new EmulatedModem("bytes"));
        for (const portion of portions) line.push(portion);
        await clock.advance(1000);
        const before = line.written.length;
        line.push(fromHex("05 5a 0d"));
        line.push(read);
        expect(line.writtenHex.slice(before)).toEqual(["5a", answer]);
      }),
    );
  });
});

describe("a modem known by its pins", () => {
  test("takes everything while the command pin is low, and nothing while it is not", () => {
    const modem = new EmulatedModem("pins");
    const { line } = serve(modem);
    line.push(fromHex("05 69 0d 1d"));
    expect(line.written).toEqual([]);
    modem.pins.command.drive(false);
    line.push(fromHex("0d 05 69 0d"));
    line.push(read);
    expect(line.writtenHex).toEqual(["00", "69"]);
    modem.pins.command.float();
    line.push(read);
    expect(line.writtenHex.slice(2)).toEqual([answer]);
  });

  test("forgets half a command when the command pin goes up", () => {
    const modem = new EmulatedModem("pins");
    const { line } = serve(modem);
    modem.pins.command.drive(false);
    line.push(fromHex("05"));
    modem.pins.command.float();
    modem.pins.command.drive(false);
    line.push(fromHex("0d"));
    expect(line.writtenHex).toEqual(["00"]);
  });

  test("is asleep until nSleep rises", () => {
    const { pins } = new EmulatedModem("pins");
    expect(pins.inh.read()).toBe(false);
    pins.nSleep.drive(false);
    expect(pins.inh.read()).toBe(false);
    pins.nSleep.drive(true);
    expect(pins.inh.read()).toBe(true);
  });
});

test("without a modem the same bytes are noise, as they always were", () => {
  const { line, emulated } = serve(undefined);
  line.push(joined(fromHex("05 69 0d 1d 15"), read));
  expect(line.writtenHex).toEqual([answer]);
  expect(toHex(line.written[0] ?? new Uint8Array())).toBe(answer);
  expect(emulated.counters.frames).toBe(1);
});
