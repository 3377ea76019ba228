import { expect, test } from "bun:test";
import { parseBoardFile } from "../../src/emulator/board-file.ts";
import { BusEmulator } from "../../src/emulator/bus-emulator.ts";

const codes = { led: 0x10, fan_speed: 0x82, power: 0x40 } as const;
type Type = keyof typeof codes;

/** A device alone on its board: a function that asks it and tells the reply's data, or undefined for silence. */
function stateful(
  type: Type,
  actions: Record<string, { responses: unknown[]; retry?: unknown[]; repeatable?: boolean }>,
) {
  const described = Object.fromEntries(
    Object.entries(actions).map(([name, { responses, retry, repeatable = true }]) => [
      name,
      { repeatable, responses, ...(retry && { retry_responses: retry }) },
    ]),
  );
  const device = { device_id: "0001", device_type: type, stateful: true, ...described };
  const text = JSON.stringify({ boards: [{ board_id: "00000001", devices: [device] }] });
  const emulator = new BusEmulator(parseBoardFile(text, "stateful.json"));
  return (command: string) => {
    const data = Uint8Array.from(command, (character) => character.charCodeAt(0));
    const [reply] = emulator.handle({ sequence: 1, deviceType: codes[type], boardId: 1, deviceId: 1, data });
    return reply && String.fromCharCode(...reply.subarray(10, -2));
  };
}

const taken = { responses: ["W1"] };

test("a LED: readings from the list until a write is taken, then what was written", () => {
  const ask = stateful("led", { read: { responses: [0, 1] }, write: taken });
  expect([ask("R"), ask("R"), ask("R")]).toEqual(["0", "1", "0"]);
  expect(ask("W1")).toBe("W1");
  expect([ask("R"), ask("R")]).toEqual(["1", "1"]);
  expect(ask("W0")).toBe("W1");
  expect([ask("R"), ask("R")]).toEqual(["0", "0"]);
});

test.each(["W2", "W", "W10", "W\u00ff1", "Won"])("a LED refuses %j and keeps what it had", (command) => {
  const ask = stateful("led", { read: { responses: [0] }, write: taken });
  ask("W1");
  expect(ask(command)).toBe("W0");
  expect(ask("?")).toBe("W0");
  expect(ask("R")).toBe("1");
});

test.each([
  ["W\u00ff4100", "4100"],
  ["W\u00ff0", "0"],
  ["W\u00ff10000", "10000"],
  ["W\u00ff00042", "42"],
])("a fan takes %j", (command, reading) => {
  const ask = stateful("fan_speed", { read: { responses: [3000, 3100] }, write: taken });
  expect(ask("R")).toBe("3000");
  expect(ask(command)).toBe("W1");
  expect([ask("R"), ask("R")]).toEqual([reading, reading]);
});

test.each(["W\u00ff10001", "W\u00ff", "W4100", "W\u00ff-1", "W\u00ff4.5", "W\u00ff12a", "W\u00ff99999999999999999999"])(
  "a fan refuses %j and keeps what it had",
  (command) => {
    const ask = stateful("fan_speed", { read: { responses: [3000] }, write: taken });
    expect(ask(command)).toBe("W0");
    expect(ask("R")).toBe("3000");
  },
);

test("a retry frame gets the verdict once more and writes nothing", () => {
  const ask = stateful("led", { read: { responses: [0] }, write: taken });
  expect(ask("W7")).toBe("W0");
  expect(ask("?")).toBe("W0");
  expect(ask("W1")).toBe("W1");
  expect(ask("?")).toBe("W1");
  expect(ask("R")).toBe("1");
  expect(ask("?")).toBe("1");
});

test("scripted refusals change nothing; scripted damage and silence lose only the answer", () => {
  const responses = ["W1", "W0", "broken", [1, 2, 3], null];
  const ask = stateful("fan_speed", { read: { responses: [3000, null] }, write: { responses } });
  const write = (rpm: number) => ask(`W\u00ff${rpm}`);
  expect(ask("R")).toBe("3000");
  expect(ask("R")).toBeUndefined();
  expect([write(1), ask("R")]).toEqual(["W1", "1"]);
  expect(ask("R")).toBeUndefined();
  expect([write(2), ask("R")]).toEqual(["W0", "1"]);
  expect(ask("R")).toBeUndefined();
  expect([write(3), ask("R")]).toEqual(["broken", "1"]);
  expect(ask("R")).toBeUndefined();
  expect([write(4), ask("R")]).toEqual(["", "4"]);
  expect(ask("R")).toBeUndefined();
  expect([write(5), ask("R")]).toEqual([undefined, "5"]);
});

test("a damaged answer to a write, and the verdict on a retry", () => {
  const ask = stateful("led", { read: { responses: [0] }, write: { responses: [[1]], retry: ["W1"] } });
  ask("W1");
  expect(ask("?")).toBe("W1");
  expect(ask("R")).toBe("1");
  ask("W9");
  expect(ask("?")).toBe("W0");
  expect(ask("R")).toBe("1");
});

test("a retry frame after a scripted refusal writes nothing", () => {
  const ask = stateful("led", { read: { responses: [0] }, write: { responses: ["W0"], retry: ["W1"] } });
  expect([ask("W1"), ask("?"), ask("R")]).toEqual(["W0", "W0", "0"]);
});

test("a list that is used up: silence, and nothing is changed", () => {
  const ask = stateful("led", { read: { responses: [0] }, write: { responses: ["W1"], repeatable: false } });
  expect([ask("W1"), ask("W0"), ask("R")]).toEqual(["W1", undefined, "1"]);
  const power = stateful("power", { power: { responses: ["0,1,2,3"], repeatable: false } });
  expect([power("P?"), power("P0")]).toEqual(["0,1,2,3", undefined]);
});

// Bit 6 of the status word is off, bit 11 power not ok: 64 + 2048 = 2112. No current is (0 · 807 + 20745) / 10 = 2074.5 raw.
test("power follows on, off and cycle; the list gives the load while it is on", () => {
  const ask = stateful("power", { power: { responses: ["0,12086,2323,3406", "16,12000,2300,3400"] } });
  expect(ask("P?")).toBe("0,12086,2323,3406");
  expect(ask("P1")).toBe("16,12000,2300,3400");
  expect(ask("P0")).toBe("2112,0,2323,2075");
  expect(ask("P?")).toBe("2128,0,2300,2075");
  expect(ask("PC")).toBe("0,12086,2323,3406");
  expect(ask("PC")).toBe("16,12000,2300,3400");
  expect(ask("P0")).toBe("2112,0,2323,2075");
  expect(ask("P1")).toBe("16,12000,2300,3400");
  expect(ask("PX")).toBe("0,12086,2323,3406");
  expect(ask("P")).toBe("16,12000,2300,3400");
});

test("the first entry that is a report tells whether the power is on; off and not ok go when it is switched on", () => {
  const ask = stateful("power", { power: { responses: [null, "what?", "2128,5,6,7"] } });
  expect([ask("P?"), ask("P?"), ask("P?")]).toEqual([undefined, "what?", "2128,0,6,2075"]);
  expect([ask("P?"), ask("P?"), ask("P1")]).toEqual([undefined, "what?", "16,5,6,7"]);
});

test("a status that is not ok while on is sent as it stands; a list with no report begins on", () => {
  expect(stateful("power", { power: { responses: ["2056,1,2,3"] } })("P?")).toBe("2056,1,2,3");
  expect(stateful("power", { power: { responses: ["fault"] } })("P?")).toBe("fault");
});

test("power: a retry frame says how it is and switches nothing; lost answers switch, odd ones do not", () => {
  const ask = stateful("power", {
    power: { responses: ["0,1,2,3", [9], null, "odd", "0,4,5,6"], retry: ["0,7,8,9"] },
  });
  expect([ask("P0"), ask("?")]).toEqual(["2112,0,2,2075", "2112,0,8,2075"]);
  expect([ask("P1"), ask("?")]).toEqual(["", "0,7,8,9"]);
  expect([ask("P0"), ask("?")]).toEqual([undefined, "2112,0,8,2075"]);
  expect([ask("P1"), ask("?")]).toEqual(["odd", "2112,0,8,2075"]);
  expect([ask("PC"), ask("?")]).toEqual(["0,4,5,6", "0,7,8,9"]);
});
