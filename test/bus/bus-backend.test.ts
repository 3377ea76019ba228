import { describe, expect, test } from "bun:test";
import { anyone } from "../../src/devices/caller.ts";
import type { Command } from "../../src/devices/command.ts";
import type { DeviceType } from "../../src/devices/device-type.ts";
import { DeviceError } from "../../src/devices/errors.ts";
import { boardId } from "../../src/devices/ids.ts";
import { deviceErrorOf } from "../support/device-error.ts";
import { joined } from "../support/frames.ts";
import { settle } from "../support/manual-clock.ts";
import { board, context, device, openMemoryBackend } from "../support/memory-backend.ts";
import { damaged, frameHex, listed, reply } from "../support/memory-bus.ts";

const asked = boardId(2);

describe("version", () => {
  test("is the text of the reply, whatever it is", async () => {
    for (const text of ["12.34 beta", "", "  spaces  "]) {
      const { backend, answers, port } = await openMemoryBackend();
      answers.push([reply(1, text)]);
      expect(await backend.execute({ kind: "version", board: asked }, context)).toBe(text);
      expect(port().writtenHex).toEqual([frameHex(1, "V", { boardId: 2 })]);
    }
  });

  test("that nobody answers names the board", async () => {
    const { backend, clock } = await openMemoryBackend();
    const error = await deviceErrorOf(
      clock.until(backend.execute({ kind: "version", board: asked }, context)),
      "no-response",
    );
    expect(error.message).toBe(
      "No response from bus to the firmware version of board 00000002: nothing came within 250 ms.",
    );
    expect(error.detail).toEqual({ board: asked, attempts: 1 });
  });

  test("retried names the board and no device", async () => {
    const { backend, answers, port } = await openMemoryBackend();
    answers.push([damaged(reply(1, "1"))], [reply(2, "1")]);
    expect(await backend.execute({ kind: "version", board: asked }, context)).toBe("1");
    expect(port().writtenHex[1]).toBe(frameHex(2, "?", { boardId: 2 }));
  });
});

describe("read", () => {
  const codes = [
    ["led", 0x10, "1", { kind: "led", on: true }],
    ["led", 0x10, "0", { kind: "led", on: false }],
    ["system", 0x12, "-7", { kind: "raw", value: -7 }],
    ["power", 0x40, "3", { kind: "raw", value: 3 }],
    ["fan_speed", 0x82, "12345678901234567890", { kind: "fan_speed", speedRpm: 12345678901234567890n }],
    ["current", 0x90, "0", { kind: "raw", value: 0 }],
    ["temperature", 0x9a, "28.78", { kind: "temperature", temperatureC: 28.78 }],
    ["thermistor", 0x9c, "656", { kind: "temperature", temperatureC: 28.78 }],
    ["pressure", 0xee, "99", { kind: "raw", value: 99 }],
    ["none", 0xff, "99", { kind: "raw", value: 99 }],
  ] as const;

  test.each(codes)("%s is asked for with code %d and answered with %s", async (type, code, text, measurement) => {
    const { backend, answers, clock, port } = await openMemoryBackend();
    answers.push([reply(1, text)]);
    const reading = await backend.execute({ kind: "read", ...device(2, 0x2001), type }, context);
    expect(reading).toEqual({ measurement, takenAtMs: clock.wallMs(), quality: "good" });
    expect(port().writtenHex).toEqual([frameHex(1, "R", { deviceType: code, boardId: 2, deviceId: 0x2001 })]);
  });

  test("humidity has both values", async () => {
    const { backend, answers, port } = await openMemoryBackend();
    // 0x1FFF and 0x1FFF << 2: half of the range, with 16382 as the whole.
    answers.push([reply(1, String(0x1fff7ffc))]);
    const { measurement } = await backend.execute({ kind: "read", ...device(2, 3), type: "humidity" }, context);
    expect(measurement).toEqual({ kind: "humidity", relativeHumidityPercent: 50, temperatureC: 42.5 });
    expect(port().writtenHex).toEqual([frameHex(1, "R", { deviceType: 0x4e, boardId: 2, deviceId: 3 })]);
  });

  test("is taken when the answer has arrived, not when it was asked for", async () => {
    const { backend, clock, port } = await openMemoryBackend();
    const askedMs = clock.wallMs();
    const reading = backend.execute({ kind: "read", ...device(2, 3), type: "led" }, context);
    await clock.advance(200);
    port().push(reply(1, "1"));
    expect((await reading).takenAtMs).toBe(askedMs + 200);
  });

  test.each([
    ["led", "2", "0 or 1"],
    ["led", "on", "0 or 1"],
    ["led", "", "0 or 1"],
    ["temperature", "warm", "a decimal number of °C"],
    ["thermistor", "65535", "thermistor counts below 65535"],
    ["thermistor", "4.5", "thermistor counts below 65535"],
    ["humidity", "4294967296", "a humidity word of 32 bits"],
    ["fan_speed", "4100.0", "a whole number of rpm"],
    ["pressure", "nan", "a whole number"],
  ] as const)("%s answered with %j is no value, after one exchange", async (type, text, expected) => {
    const { backend, answers, port } = await openMemoryBackend();
    answers.push([reply(1, text)]);
    const error = await deviceErrorOf(backend.execute({ kind: "read", ...device(2, 3), type }, context), "bad-value");
    expect(error.message).toBe(
      `Error converting the answer to the read of ${type} device 0003 on board 00000002: expected ${expected}, received "${text}".`,
    );
    expect(error.detail).toEqual({ ...device(2, 3), expected, received: text });
    expect(port().written).toHaveLength(1);
  });

  test("a reply is told by its sequence number alone, whatever ids it bears", async () => {
    const { backend, answers } = await openMemoryBackend();
    answers.push([
      reply(9, "1", { boardId: 2, deviceId: 3, deviceType: 0x10 }),
      reply(1, "0", { boardId: 0xffffffff, deviceId: 0, deviceType: 0 }),
    ]);
    const { measurement } = await backend.execute({ kind: "read", ...device(2, 3), type: "led" }, context);
    expect(measurement).toEqual({ kind: "led", on: false });
  });
});

describe("power", () => {
  test.each([
    ["status", "?"],
    ["on", "1"],
    ["off", "0"],
    ["cycle", "C"],
  ] as const)("%s sends P%s and answers with the status", async (action, letter) => {
    const { backend, answers, port } = await openMemoryBackend();
    // Bits 11, 4 and 3; bit 6 clear. The values are those of the data sheet's formula, worked out in Python.
    answers.push([reply(1, "2072,7,2000,2500")]);
    expect(await backend.execute({ kind: "power", ...device(4, 0x2ff), action }, context)).toEqual({
      raw: "2072,7,2000,2500",
      on: true,
      ok: false,
      overCurrent: true,
      underVoltage: true,
      inputPowerW: 0.115836505047162,
      inputVoltageV: 10.417209229647376,
      outputCurrentA: 5.272614622057001,
    });
    expect(port().writtenHex).toEqual([frameHex(1, `P${letter}`, { deviceType: 0x40, boardId: 4, deviceId: 0x2ff })]);
  });

  test.each(["64,0,0", "64", "", "64,0,,0", "a,b,c,d", "64,0,0,0.5", "64;0;0;0"])(
    "answered with %j, which has no four integers, is no value",
    async (text) => {
      const { backend, answers } = await openMemoryBackend();
      answers.push([reply(1, text)]);
      const error = await deviceErrorOf(
        backend.execute({ kind: "power", ...device(4, 0x2ff), action: "cycle" }, context),
        "bad-value",
      );
      expect(error.message).toContain("power cycle of device 02ff on board 00000004");
      expect(error.detail).toMatchObject({ ...device(4, 0x2ff), received: text });
    },
  );

  test("is never done twice: damage is met with a retry frame", async () => {
    const { backend, answers, sent } = await openMemoryBackend();
    answers.push([damaged(reply(1, "0,0,0,0"))], [damaged(reply(2, "0,0,0,0"))], [reply(3, "0,0,0,0")]);
    await backend.execute({ kind: "power", ...device(4, 0x2ff), action: "cycle" }, context);
    expect(sent().map(({ data }) => String.fromCharCode(...data))).toEqual(["PC", "?", "?"]);
  });
});

describe("a write", () => {
  const led: Command<"led"> = { kind: "led", ...device(2, 5), on: true };
  const ids = { deviceType: 0x10, boardId: 2, deviceId: 5 };
  const fanIds = { deviceType: 0x82, boardId: 2, deviceId: 2 };

  test("to a LED sends 1 or 0 and answers with what is read back, not with what was written", async () => {
    for (const [on, digit] of [
      [true, "1"],
      [false, "0"],
    ] as const) {
      const { backend, answers, port } = await openMemoryBackend();
      answers.push([reply(1, "W1")], [reply(2, "0")]);
      const { measurement } = await backend.execute({ ...led, on }, context);
      expect(measurement).toEqual({ kind: "led", on: false });
      expect(port().writtenHex).toEqual([frameHex(1, `W${digit}`, ids), frameHex(2, "R", ids)]);
    }
  });

  test("of a fan speed sends the prefix and the digits as the caller spelled them", async () => {
    for (const rpm of ["4100", "0", "0004100"]) {
      const { backend, answers, port } = await openMemoryBackend();
      answers.push([reply(1, "W1")], [reply(2, "4080")]);
      const { measurement } = await backend.execute({ kind: "fan", ...device(2, 2), rpm }, context);
      expect(measurement).toEqual({ kind: "fan_speed", speedRpm: 4080 });
      const data = Uint8Array.of(0x57, 0xff, ...new TextEncoder().encode(rpm));
      expect(port().writtenHex).toEqual([frameHex(1, data, fanIds), frameHex(2, "R", fanIds)]);
    }
  });

  test("of more digits than a frame takes sends nothing; of as many as it takes is sent", async () => {
    const { backend, answers, port } = await openMemoryBackend();
    const tooLong = backend.execute({ kind: "fan", ...device(2, 2), rpm: "0".repeat(245) }, context);
    const error = await deviceErrorOf(tooLong, "unsupported");
    expect(error.message).toBe("A fan speed of 245 digits was not sent: a frame takes 244 at most.");
    expect(port().written).toEqual([]);
    answers.push([reply(1, "W1")], [reply(2, "0")]);
    await backend.execute({ kind: "fan", ...device(2, 2), rpm: "0".repeat(244) }, context);
    expect(port().written[0]).toHaveLength(258);
  });

  test.each(["W0", "W2", "", "W", "W11", "w1", "1", " W1"])(
    "answered with %j is refused, and nothing is read back",
    async (text) => {
      const { backend, answers, port } = await openMemoryBackend();
      answers.push([reply(1, text)]);
      const error = await deviceErrorOf(backend.execute(led, context), "refused");
      expect(error.message).toBe(
        `The led device 0005 on board 00000002 did not take 1: it answered ${JSON.stringify(text)}.`,
      );
      expect(error.detail).toEqual({ ...device(2, 5), expected: "W1", received: text });
      expect(port().written).toHaveLength(1);
    },
  );

  test("that nobody answers fails, and nothing is read back", async () => {
    const { backend, clock, port } = await openMemoryBackend();
    const error = await deviceErrorOf(clock.until(backend.execute(led, context)), "no-response");
    expect(error.message).toContain("write of 1 to led device 0005 on board 00000002");
    expect(port().written).toHaveLength(1);
  });

  test("whose reading back fails tells of that", async () => {
    const { backend, answers, clock } = await openMemoryBackend();
    answers.push([reply(1, "W1")]);
    const error = await deviceErrorOf(clock.until(backend.execute(led, context)), "no-response");
    expect(error.message).toContain("read of led device 0005 on board 00000002");
  });

  test("damaged is retried, and read back once", async () => {
    const { backend, answers, sent } = await openMemoryBackend();
    answers.push([damaged(reply(1, "W1"))], [reply(2, "W1")], [reply(3, "1")]);
    await backend.execute(led, context);
    expect(sent().map(({ data }) => String.fromCharCode(...data))).toEqual(["W1", "?", "R"]);
  });
});

describe("scan", () => {
  test("of one board lists what answers, under the ids that the replies bear, in their order, doubles included", async () => {
    const { backend, answers, clock, port } = await openMemoryBackend();
    answers.push([
      listed(1, 9, 0x200, 0x9c),
      joined(listed(1, 4, 1, 0x40), listed(1, 9, 0x100, 0x10)),
      listed(1, 9, 0x200, 0x9c),
      listed(1, 0xffffffff, 0xffff, 0x77),
    ]);
    const boards = await clock.until(backend.execute({ kind: "scan", board: boardId(4) }, context));
    expect(boards).toEqual([
      board(9, [0x200, "thermistor"], [0x100, "led"], [0x200, "thermistor"]),
      board(4, [1, "power"]),
      board(0xffffffff, [0xffff, "none"]),
    ]);
    expect(port().writtenHex).toEqual([frameHex(1, "D", { boardId: 4 })]);
  });

  test("takes the type from the data, not from the frame's own type", async () => {
    const { backend, answers, clock } = await openMemoryBackend();
    answers.push([reply(1, Uint8Array.of(0x4e, 0x99), { boardId: 4, deviceId: 1, deviceType: 0x10 })]);
    const [found] = await clock.until(backend.execute({ kind: "scan", board: boardId(4) }, context));
    expect(found?.devices.map(({ type }) => type)).toEqual(["humidity"]);
  });

  test("knows every code of the specification, and no other", async () => {
    const names: Record<number, DeviceType> = {
      0x10: "led",
      0x12: "system",
      0x40: "power",
      0x4e: "humidity",
      0x82: "fan_speed",
      0x90: "current",
      0x9a: "temperature",
      0x9c: "thermistor",
      0xee: "pressure",
    };
    const { backend, answers, clock } = await openMemoryBackend();
    answers.push(Array.from({ length: 256 }, (_, code) => listed(1, 4, code, code)));
    const [found] = await clock.until(backend.execute({ kind: "scan", board: boardId(4) }, context));
    const expected = Array.from({ length: 256 }, (_, code) => [code, names[code] ?? "none"] as const);
    expect(found).toEqual(board(4, ...expected));
  });

  test("with a reply that names no type is no value, and names the board that answered", async () => {
    const { backend, answers, clock } = await openMemoryBackend();
    answers.push([listed(1, 4, 1, 0x10), reply(1, "", { boardId: 7, deviceId: 1 })]);
    const error = await deviceErrorOf(
      clock.until(backend.execute({ kind: "scan", board: boardId(4) }, context)),
      "bad-value",
    );
    expect(error.message).toBe(
      "Error converting the answer to the scan of board 00000004: board 00000007 names no device type.",
    );
    expect(error.detail).toEqual({ board: boardId(7), expected: "a device type code" });
  });

  test("that nobody answers fails", async () => {
    const { backend, clock } = await openMemoryBackend();
    const error = await deviceErrorOf(
      clock.until(backend.execute({ kind: "scan", board: boardId(4) }, context)),
      "no-response",
    );
    expect(error.detail).toEqual({ board: boardId(4), attempts: 1 });
  });

  test("of all boards bears this controller's id and slice, and ends with a save", async () => {
    const { backend, answers, clock, port } = await openMemoryBackend();
    answers.push([listed(1, 4, 1, 0x10)]);
    expect(await clock.until(backend.scanAll(context))).toEqual([board(4, [1, "led"])]);
    expect(port().writtenHex).toEqual([
      frameHex(1, "D", { boardId: 0x8041454b }),
      frameHex(2, "D", { boardId: 0x90000000 }),
    ]);
  });

  test("of all boards that fails sends no save", async () => {
    const { backend, clock, port } = await openMemoryBackend();
    const error = await deviceErrorOf(clock.until(backend.scanAll(context)), "no-response");
    expect(error.message).toBe("No response from bus to the scan of all boards: nothing came within 250 ms.");
    expect(port().written).toHaveLength(1);
  });

  test("of one board sends no save", async () => {
    const { backend, answers, clock, port } = await openMemoryBackend();
    answers.push([listed(1, 4, 1, 0x10)]);
    await clock.until(backend.execute({ kind: "scan", board: boardId(4) }, context));
    expect(port().written).toHaveLength(1);
  });

  test("many callers that wait share one scan; scans of different boards do not", async () => {
    const { backend, answers, clock, sent } = await openMemoryBackend();
    answers.push([reply(1, "1")], [listed(2, 4, 1, 0x10)], [], [listed(4, 4, 1, 0x10)], [listed(5, 5, 1, 0x10)]);
    const first = backend.execute({ kind: "version", board: asked }, context);
    const all = Array.from({ length: 20 }, () => backend.scanAll(context));
    const four = Array.from({ length: 20 }, () => backend.execute({ kind: "scan", board: boardId(4) }, context));
    const five = backend.execute({ kind: "scan", board: boardId(5) }, context);
    expect(backend.waiting).toBe(3);
    await clock.until(Promise.all([first, ...all, ...four, five]));
    expect(sent().map(({ boardId: id }) => id)).toEqual([2, 0x8041454b, 0x90000000, 4, 5]);
  });
});

describe("order on the line", () => {
  test("a write and its reading back stay together, control overtakes waiting reads, and only those", async () => {
    const { backend, answers, clock, sent } = await openMemoryBackend();
    const texts = ["first", "W1", "1", "0,0,0,0", "W1", "4100", "7", "64,0,0,0"];
    for (const [at, text] of texts.entries()) answers.push([reply(at + 1, text)]);
    const outcomes = Promise.all([
      backend.execute({ kind: "version", board: asked }, context),
      backend.execute({ kind: "read", ...device(2, 1), type: "current" }, context),
      backend.execute({ kind: "power", ...device(2, 9), action: "status" }, context),
      backend.execute({ kind: "led", ...device(2, 5), on: true }, context),
      backend.execute({ kind: "power", ...device(2, 9), action: "off" }, context),
      backend.execute({ kind: "fan", ...device(2, 2), rpm: "4100" }, context),
    ]);
    await clock.until(outcomes);
    const said = sent().map(({ deviceId, data }) => `${deviceId} ${String.fromCharCode(...data)}`);
    expect(said).toEqual(["65535 V", "5 W1", "5 R", "9 P0", "2 W\xff4100", "2 R", "1 R", "9 P?"]);
  });

  test("only as many wait as may; the others are told when to come back, and nothing of them is sent", async () => {
    const { backend, clock, sent } = await openMemoryBackend({ queueLimit: 1 });
    const read = () => backend.execute({ kind: "read", ...device(2, 1), type: "current" }, context);
    const first = read();
    const second = read();
    const error = await deviceErrorOf(read(), "busy");
    expect(error.detail.retryAfterS).toBeGreaterThanOrEqual(1);
    for (const outcome of [first, second]) await deviceErrorOf(clock.until(outcome), "no-response");
    expect(sent()).toHaveLength(2);
  });

  test("a caller that goes while it waits sends nothing, of whatever kind", async () => {
    const { backend, clock, sent } = await openMemoryBackend();
    const leaving = new AbortController();
    const gone = { signal: leaving.signal, requestId: "gone", caller: anyone };
    const first = backend.execute({ kind: "version", board: asked }, context);
    const left = [
      backend.execute({ kind: "version", board: asked }, gone),
      backend.execute({ kind: "read", ...device(2, 1), type: "led" }, gone),
      backend.execute({ kind: "power", ...device(2, 1), action: "on" }, gone),
      backend.execute({ kind: "led", ...device(2, 1), on: true }, gone),
      backend.execute({ kind: "fan", ...device(2, 1), rpm: "1" }, gone),
      backend.execute({ kind: "scan", board: asked }, gone),
      backend.scanAll(gone),
    ];
    leaving.abort();
    for (const outcome of left) await deviceErrorOf(outcome, "cancelled");
    await deviceErrorOf(clock.until(first), "no-response");
    expect(sent()).toHaveLength(1);
    expect(backend.waiting).toBe(0);
  });

  test("a caller that goes while its command is under way does not cut it short", async () => {
    const { backend, clock, answers, sent } = await openMemoryBackend();
    const leaving = new AbortController();
    answers.push([reply(1, "W1")], [reply(2, "1")]);
    const outcome = backend.execute(
      { kind: "led", ...device(2, 5), on: true },
      { signal: leaving.signal, requestId: "gone", caller: anyone },
    );
    leaving.abort();
    await clock.until(outcome);
    expect(sent()).toHaveLength(2);
  });
});

describe("what the bus has no command for", () => {
  test.each([
    [{ kind: "asset", ...device(2, 1) }, "Asset information via PLC not supported yet."],
    [{ kind: "boot-target", ...device(2, 1) }, "Boot target operation via PLC not supported yet."],
    [{ kind: "boot-target", ...device(2, 1), target: "pxe" }, "Boot target operation via PLC not supported yet."],
  ] as const)("is refused, and nothing is sent: %j", async (command, message) => {
    const { backend, port } = await openMemoryBackend();
    const error = await deviceErrorOf(backend.execute(command, context), "unsupported");
    expect(error.message).toBe(message);
    expect(error.detail).toEqual(device(2, 1));
    expect(port().written).toEqual([]);
  });
});

test("owns the boards with numbers of 24 bits, and no BMCs", async () => {
  const { backend } = await openMemoryBackend();
  for (const id of [0, 1, 0xffffff]) expect(backend.owns(boardId(id))).toBe(true);
  for (const id of [0x1000000, 0x40000000, 0x40000001, 0x80000001, 0xffffffff]) {
    expect(backend.owns(boardId(id))).toBe(false);
  }
});

test("closing refuses what waits and resolves when the exchange under way has ended", async () => {
  const { backend, clock, sent } = await openMemoryBackend();
  const running = backend.execute({ kind: "version", board: asked }, context);
  const waiting = [backend.execute({ kind: "version", board: asked }, context), backend.scanAll(context)];
  const closed = backend.close();
  for (const outcome of waiting) await deviceErrorOf(outcome, "shutting-down");
  await deviceErrorOf(clock.until(running), "no-response");
  await closed;
  await deviceErrorOf(backend.execute({ kind: "version", board: asked }, context), "shutting-down");
  expect(sent()).toHaveLength(1);
});

test("everything that a command fails with is a DeviceError, when the line goes too", async () => {
  const { backend, port } = await openMemoryBackend();
  const commands: Command[] = [
    { kind: "scan", board: asked },
    { kind: "version", board: asked },
    { kind: "read", ...device(2, 1), type: "led" },
    { kind: "power", ...device(2, 1), action: "on" },
    { kind: "led", ...device(2, 1), on: true },
    { kind: "fan", ...device(2, 1), rpm: "1" },
  ];
  const outcomes = [...commands.map((command) => backend.execute(command, context)), backend.scanAll(context)].map(
    (outcome) => outcome.catch((error: unknown) => error),
  );
  port().lose(new Error("unplugged"));
  await settle();
  for (const error of await Promise.all(outcomes)) {
    expect(error).toBeInstanceOf(DeviceError);
    expect(error).toHaveProperty("code", "line-down");
  }
});
