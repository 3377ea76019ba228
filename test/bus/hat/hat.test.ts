import { describe, expect, test } from "bun:test";
import { anyone } from "../../../src/devices/caller.ts";
import { boardId, deviceId } from "../../../src/devices/ids.ts";
import { fromHex } from "../../../src/lib/hex.ts";
import { modemPreset } from "../../fixtures/modem-preset.ts";
import { deviceErrorOf } from "../../support/device-error.ts";
import { settle } from "../../support/manual-clock.ts";
import { frameHex, listed, reply } from "../../support/memory-bus.ts";
import { openMemoryHat, type MemoryHat } from "../../support/memory-hat.ts";

const staying = new AbortController().signal;
const context = { signal: staying, requestId: "test", caller: anyone };
const readThermistor = {
  kind: "read",
  board: boardId(2),
  device: deviceId(1),
  type: "thermistor",
} as const;

/** Once in configuration mode to write the default, from `at` on. Bytes by hand from the specification's tables. */
const writing = (at: number) => [
  `${at} drained`,
  `${at} command low`,
  `${at + 1} 19200 baud`,
  `${at + 1} >> 05 69`,
  `${at + 1} >> 15 29`,
  `${at + 1} drained`,
  `${at + 2} command floats`,
  `${at + 2} 115200 baud`,
];

/** Once in configuration mode to read. */
const reading = (at: number) => [
  `${at} drained`,
  `${at} command low`,
  `${at + 1} 19200 baud`,
  `${at + 1} >> 0d`,
  `${at + 1} >> 1d`,
  `${at + 1} drained`,
  `${at + 2} command floats`,
  `${at + 2} 115200 baud`,
];

/** A HAT whose modem is awake and has been configured, with nothing in its trace. */
async function openConfigured(): Promise<MemoryHat> {
  const memory = await openMemoryHat();
  memory.pins.inh.level = true;
  memory.hat.start();
  await memory.clock.advance(10);
  expect(memory.events).toEqual(["configured 115200"]);
  memory.events.length = 0;
  memory.trace.length = 0;
  return memory;
}

/** However it ended: commands no longer, and the bus's speed. */
function expectPutBack({ trace, port, clock }: MemoryHat): void {
  const last = (name: string) => trace.findLast((line) => line.includes(name));
  expect(last("command ")).toEndWith("command floats");
  expect(port().baudRate).toBe(115_200);
  expect(clock.timers).toBe(0);
}

describe("at start", () => {
  test("a modem that is awake is configured twice and read back", async () => {
    const { hat, clock, pins, trace, events, registers } = await openMemoryHat();
    pins.inh.level = true;
    hat.start();
    await clock.advance(100);
    expect(trace).toEqual(["0 frequency high", ...writing(0), ...writing(2), ...reading(4)]);
    expect(registers).toEqual([0x69, 0x29]);
    expect(events).toEqual(["configured 115200"]);
    expect(clock.timers).toBe(0);
  });

  test("one that is asleep is woken by a pulse of 1 ms, and 150 ms more are waited when it is awake", async () => {
    const { hat, clock, pins, trace, events } = await openMemoryHat();
    pins.nSleep.driven = (isHigh) => {
      if (isHigh) clock.after(300, () => void (pins.inh.level = true));
    };
    hat.start();
    await clock.advance(1000);
    expect(trace.slice(0, 3)).toEqual(["0 frequency high", "0 nSleep low", "1 nSleep high"]);
    expect(trace.slice(3)).toEqual([...writing(451), ...writing(453), ...reading(455)]);
    expect(events).toEqual(["configured 115200"]);
  });

  test("INH that never goes high is waited for for 1 s, reported and tried again; the modem is configured all the same", async () => {
    const { hat, clock, trace, events } = await openMemoryHat();
    hat.start();
    await clock.advance(10_000);
    const starts = trace.filter((line) => line.endsWith("command low"));
    expect(starts.map((line) => Number.parseInt(line, 10))).toEqual([1001, 2004, 2006]);
    expect(trace.filter((line) => line.endsWith("nSleep low"))).toHaveLength(2);
    expect(events).toEqual(["wake failed", "wake failed", "configured 115200"]);
    expect(clock.timers).toBe(0);
  });

  test("the frequency select pin is low for the first frequency", async () => {
    const { hat, clock, pins, trace, registers } = await openMemoryHat({
      ...modemPreset,
      frequencyNumber: 0,
      bitRate: 38_400,
    });
    pins.inh.level = true;
    hat.start();
    await clock.advance(100);
    expect(trace[0]).toBe("0 frequency low");
    expect(registers).toEqual([0x68, 0x09]);
  });

  test("a configuration that the modem does not have is refused at once", async () => {
    const opened = await openMemoryHat({ ...modemPreset, bitRate: 9600 }).catch((error: unknown) => error);
    expect(opened).toBeInstanceOf(RangeError);
  });

  test("a modem that is silent is tried again after 1, 2, 4 seconds, until it answers", async () => {
    const memory = await openMemoryHat();
    const { hat, clock, pins, events, trace } = memory;
    pins.inh.level = true;
    const { answer } = memory;
    memory.answer = () => undefined;
    hat.start();
    await clock.advance(5000);
    const silent =
      "The modem of the power-line HAT did not say what is in register 0: nothing came within 250 ms. Again in";
    expect(events).toEqual([`${silent} 1000 ms.`, `${silent} 2000 ms.`, `${silent} 4000 ms.`]);
    memory.answer = answer;
    trace.length = 0;
    await clock.advance(4000);
    expect(events.at(-1)).toBe("configured 115200");
    expect(trace.filter((line) => line.includes("05 69"))).toHaveLength(2);
    expectPutBack(memory);
  });

  test("pauses grow to a minute", async () => {
    const memory = await openMemoryHat();
    memory.pins.inh.level = true;
    memory.answer = () => undefined;
    memory.hat.start();
    await memory.clock.advance(400_000);
    const pauses = memory.events.map((line) => Number(/(\d+) ms\.$/.exec(line)?.[1]));
    expect(pauses.slice(0, 9)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  test("registers that are not what was written are reported with both, and written again later", async () => {
    const memory = await openMemoryHat();
    memory.pins.inh.level = true;
    const { answer, hat, clock, events } = memory;
    memory.answer = ([command]) => {
      if (command === 0x0d) return fromHex("4b");
      return command === 0x1d ? fromHex("29") : undefined;
    };
    hat.start();
    await clock.advance(10);
    expect(events).toEqual([
      "The modem of the power-line HAT did not take its configuration: its registers are 4b 29, not 69 29. Again in 1000 ms.",
    ]);
    memory.answer = answer;
    await clock.advance(1010);
    expect(events.at(-1)).toBe("configured 115200");
  });

  test("interference that the modem has detected is no reason for that", async () => {
    const memory = await openMemoryHat();
    memory.pins.inh.level = true;
    const { answer, hat, clock, events } = memory;
    memory.answer = (bytes) => (bytes[0] === 0x0d ? fromHex("e9") : answer(bytes));
    hat.start();
    await clock.advance(10);
    expect(events).toEqual(["configured 115200"]);
  });
});

describe("plc_config", () => {
  test("is what the registers say, whatever was written", async () => {
    const memory = await openConfigured();
    memory.registers.splice(0, 2, 0x16, 0x18);
    expect(await memory.clock.until(memory.hat.configuration(staying))).toEqual({
      frequencyNumber: 0,
      remoteLoopback: true,
      interferenceHopping: true,
      longWakeUpMessage: false,
      autoSleep: false,
      autoWakeUpMessage: true,
      loopbackEnabled: true,
      interferenceDetected: false,
      firstFrequencyMhz: 10.5,
      secondFrequencyMhz: 13,
      bitRate: 57_600,
    });
    expect(memory.trace).toEqual(reading(10));
    expectPutBack(memory);
  });

  test("wakes a modem that has gone to sleep", async () => {
    const memory = await openConfigured();
    memory.pins.inh.level = false;
    memory.pins.nSleep.driven = (isHigh) => void (memory.pins.inh.level ||= isHigh);
    await memory.clock.until(memory.hat.configuration(staying));
    expect(memory.trace).toEqual(["10 nSleep low", "11 nSleep high", ...reading(161)]);
  });

  test("does not take what came before the question for the answer", async () => {
    const memory = await openConfigured();
    const { answer } = memory;
    memory.answer = (bytes) => {
      // A second byte behind the answer, which the next question finds.
      const byte = answer(bytes);
      return byte && Uint8Array.of(...byte, 0xee);
    };
    const asked = memory.hat.configuration(staying);
    memory.port().pushLater(fromHex("ff ff"));
    expect(await memory.clock.until(asked)).toEqual(modemPreset);
  });

  test("a modem that does not answer is a failure, and everything is put back", async () => {
    const memory = await openConfigured();
    const { answer } = memory;
    memory.answer = (bytes) => (bytes[0] === 0x1d ? undefined : answer(bytes));
    const error = await deviceErrorOf(memory.clock.until(memory.hat.configuration(staying)), "no-response");
    expect(error.message).toContain("register 1");
    expectPutBack(memory);
  });

  test("a caller that goes while it waits asks nothing", async () => {
    const memory = await openConfigured();
    const first = memory.hat.configuration(staying);
    const leaving = new AbortController();
    const second = memory.hat.configuration(leaving.signal);
    leaving.abort();
    await deviceErrorOf(second, "cancelled");
    await memory.clock.until(first);
    expect(memory.trace).toEqual(reading(10));
  });
});

describe("bus traffic", () => {
  test("waits while the modem is configured, and then goes at the bus's speed", async () => {
    const { hat, backend, clock, pins, port, trace } = await openMemoryHat();
    pins.inh.level = true;
    hat.start();
    const asked = backend.execute(readThermistor, context);
    await clock.advance(6);
    const sent = frameHex(1, "R", { deviceType: 0x9c, boardId: 2, deviceId: 1 });
    expect(trace.slice(-2)).toEqual(["6 115200 baud", `6 >> ${sent}`]);
    port().push(reply(1, "656"));
    expect(await asked).toMatchObject({ measurement: { kind: "temperature", temperatureC: 28.78 } });
  });

  test("plc_config waits for a scan to end, and the next command for plc_config", async () => {
    const memory = await openConfigured();
    const { backend, clock, hat, port, trace } = memory;
    const scan = backend.execute({ kind: "scan", board: boardId(2) }, context);
    const configuration = hat.configuration(staying);
    const version = backend.execute({ kind: "version", board: boardId(2) }, context);
    await settle();
    port().push(listed(1, 2, 1, 0x9c));
    await clock.advance(249);
    expect(trace).toEqual([`10 >> ${frameHex(1, "D", { boardId: 2 })}`]);
    await clock.advance(1);
    expect(await scan).toHaveLength(1);
    expect(await clock.until(configuration)).toEqual(modemPreset);
    expect(trace.slice(1)).toEqual([...reading(260), `262 >> ${frameHex(2, "V", { boardId: 2 })}`]);
    port().push(reply(2, "firmware"));
    expect(await version).toBe("firmware");
  });

  test("takes no frame number from the modem: the first client's first command has number 1", async () => {
    const { backend, clock, hat, trace } = await openConfigured();
    await clock.until(hat.configuration(staying));
    void backend.execute({ kind: "version", board: boardId(2) }, context).catch(() => undefined);
    await settle();
    expect(trace.at(-1)).toEndWith(frameHex(1, "V", { boardId: 2 }));
  });

  test("is not disturbed by what the modem says too late", async () => {
    const memory = await openConfigured();
    const { backend, clock, hat, port } = memory;
    memory.answer = () => undefined;
    await deviceErrorOf(clock.until(hat.configuration(staying)), "no-response");
    // A byte that looks like the beginning of a frame, in the port's buffer when the next command is sent.
    port().pushLater(fromHex("01"));
    const version = backend.execute({ kind: "version", board: boardId(2) }, context);
    await settle();
    port().push(reply(1, "firmware"));
    expect(await version).toBe("firmware");
  });
});

describe("when something breaks", () => {
  const gone = new RangeError("it was unplugged");

  test("a port that vanishes during a question fails it; the modem is configured when the port is back", async () => {
    const memory = await openMemoryHat();
    const { clock, events, hat, pins, port } = memory;
    pins.inh.level = true;
    const { answer } = memory;
    memory.answer = (bytes) => {
      if (bytes[0] === 0x0d) port().lose(gone);
      return answer(bytes);
    };
    hat.start();
    await clock.advance(10);
    const failed = "The modem of the power-line HAT cannot be reached: it was unplugged. Again in 1000 ms.";
    expect(events).toEqual(["down", failed]);
    memory.answer = answer;
    await clock.advance(2000);
    expect(events.slice(2)).toEqual(["up", "configured 115200"]);
    expectPutBack(memory);
  });

  test("a port that is not there fails the question without a touch of the pins", async () => {
    const memory = await openConfigured();
    memory.port().lose(gone);
    const error = await deviceErrorOf(memory.hat.configuration(staying), "line-down");
    expect(error.message).toBe("The modem of the power-line HAT cannot be reached: it was unplugged.");
    expect(memory.trace).toEqual([]);
  });

  test("a write that is refused puts everything back", async () => {
    const memory = await openConfigured();
    memory.port().writeError = gone;
    const error = await deviceErrorOf(memory.clock.until(memory.hat.configuration(staying)), "line-down");
    expect(error.cause).toBe(gone);
    expectPutBack(memory);
  });

  test("a port that does not take the configuration's speed is put back", async () => {
    const memory = await openConfigured();
    memory.port().refused = { baudRate: 19_200, error: gone };
    await deviceErrorOf(memory.clock.until(memory.hat.configuration(staying)), "line-down");
    expectPutBack(memory);
  });

  test("a port that does not take the bus's speed again is opened anew", async () => {
    const memory = await openConfigured();
    const { clock, events, hat, port } = memory;
    const stuck = port();
    stuck.refused = { baudRate: 115_200, error: gone };
    await deviceErrorOf(clock.until(hat.configuration(staying)), "line-down");
    expect(events).toEqual(["down"]);
    expect(stuck.isClosed).toBe(true);
    await clock.advance(500);
    expect(events).toEqual(["down", "up"]);
    expect(port().baudRate).toBe(115_200);
    expect(await clock.until(hat.configuration(staying))).toEqual(modemPreset);
  });

  test("a port that sends nothing any more is opened anew, and the modem is configured then", async () => {
    const memory = await openMemoryHat();
    const { clock, events, hat, pins, port } = memory;
    pins.inh.level = true;
    const stuck = port();
    stuck.isStuck = true;
    hat.start();
    await clock.advance(5000);
    expect(events).toEqual([
      "down",
      "/dev/memory has sent nothing for 1000 ms. Again in 1000 ms.",
      "up",
      "configured 115200",
    ]);
    expect(stuck.isClosed).toBe(true);
    expectPutBack(memory);
  });

  test("a port that sends nothing any more does not keep the appliance from stopping", async () => {
    const memory = await openMemoryHat();
    memory.pins.inh.level = true;
    memory.port().isStuck = true;
    memory.hat.start();
    await memory.clock.advance(10);
    memory.hat.close();
    await memory.backend.close();
    expect([memory.events, memory.clock.timers]).toEqual([[], 0]);
  });

  test.each([
    ["inh", "read"],
    ["command", "drive"],
    ["command", "float"],
  ] as const)("a pin %s that throws on %s is told, and the bus's speed is set back", async (name, on) => {
    const memory = await openConfigured();
    memory.pins[name].failing = { on, error: gone };
    const error = await deviceErrorOf(memory.clock.until(memory.hat.configuration(staying)), "line-down");
    expect(error.cause).toBe(gone);
    expect(memory.port().baudRate).toBe(115_200);
    expect(memory.clock.timers).toBe(0);
    memory.pins[name].failing = undefined;
    expect(await memory.clock.until(memory.hat.configuration(staying))).toEqual(modemPreset);
  });

  test("a frequency select pin that cannot be driven is tried again", async () => {
    const memory = await openMemoryHat();
    memory.pins.inh.level = true;
    memory.pins.frequencySelect.failing = { on: "drive", error: gone };
    memory.hat.start();
    await memory.clock.advance(10);
    expect(memory.trace).toEqual([]);
    memory.pins.frequencySelect.failing = undefined;
    await memory.clock.advance(1010);
    expect(memory.events.at(-1)).toBe("configured 115200");
  });
});

describe("closing", () => {
  // Every moment of a start with a modem that is asleep: in the pulse, while INH is waited for, in the 150 ms, in configuration mode.
  test.each([0, 1, 100, 302, 451, 452, 453, 455, 456])("after %i ms leaves nothing behind", async (afterMs) => {
    const memory = await openMemoryHat();
    const { backend, clock, events, hat, pins, trace } = memory;
    pins.nSleep.driven = (isHigh) => {
      if (isHigh) clock.after(300, () => void (pins.inh.level = true));
    };
    memory.answer = () => undefined;
    hat.start();
    await clock.advance(afterMs);
    const timers = clock.timers;
    hat.close();
    await backend.close();
    expect(timers).toBeGreaterThan(0);
    expect(trace.findLast((line) => line.includes("nSleep"))).toEndWith("nSleep high");
    expect(trace.findLast((line) => line.includes("command ")) ?? "command floats").toEndWith("command floats");
    expect(memory.port().baudRate).toBe(115_200);
    expect(events).toEqual([]);
    const after = trace.length;
    await clock.advance(100_000);
    expect(trace).toHaveLength(after);
  });

  test("between two attempts ends them", async () => {
    const memory = await openMemoryHat();
    memory.pins.inh.level = true;
    memory.answer = () => undefined;
    memory.hat.start();
    await memory.clock.advance(500);
    expect(memory.events).toHaveLength(1);
    memory.hat.close();
    expect(memory.clock.timers).toBe(0);
    await deviceErrorOf(memory.hat.configuration(staying), "shutting-down");
  });

  test("a queue that is closed first ends them, too", async () => {
    const memory = await openMemoryHat();
    await memory.backend.close();
    memory.hat.start();
    await memory.clock.advance(100_000);
    expect([memory.trace, memory.events]).toEqual([[], []]);
  });
});
