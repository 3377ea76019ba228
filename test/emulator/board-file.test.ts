import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseBoardFile } from "../../src/emulator/board-file.ts";
import { BoardFileError } from "../../src/emulator/board-file-error.ts";

const rackText = readFileSync(join(import.meta.dirname, "../fixtures/emulator-rack.json"), "utf8");
const originals = join(import.meta.dirname, "../../../shared/board-files");
const hasOriginals = existsSync(originals);

/** What is wrong with a file, one line for each mistake; none where it is good. */
function mistakes(text: string): string[] {
  try {
    parseBoardFile(text, "rack.json");
    return [];
  } catch (error) {
    if (!(error instanceof BoardFileError)) throw error;
    expect(error.code).toBe("invalid-board-file");
    expect(error.fileName).toBe("rack.json");
    expect(error.problems.length).toBeGreaterThan(0);
    const lines = error.message.split("\n");
    expect(lines.length).toBe(error.problems.length);
    for (const [index, { place, position, message }] of error.problems.entries()) {
      expect(lines[index]).toBe(`rack.json:${position.line}:${position.column}: ${place && `${place}: `}${message}`);
    }
    return lines;
  }
}

/** The mistakes without the file's name, line and column. */
const told = (text: string) => mistakes(text).map((line) => line.replace(/^rack\.json:\d+:\d+: /, ""));

const board = (members: string) => `{"boards": [{"board_id": "01", ${members}}]}`;
const device = (members: string) => board(`"devices": [{"device_id": "02", ${members}}]`);
const led = (members: string) => device(`"device_type": "led", ${members}`);
const reading = (entry: string) => led(`"read": {"repeatable": true, "responses": [${entry}]}`);
const DEVICE = "boards[0].devices[0]";
const ENTRY = `${DEVICE}.read.responses[0]`;
const raw = (highest: number) =>
  `a byte from 0 to 255, 999 for the sequence number, or 1000 to ${highest} for the checksum from that offset on`;
const OUTCOME = '{"result": "ok"} or {"result": "error", "failed_board": "<board id>"}';
const NAMED_BOARD = "the board_id of one of the file's boards, as the file spells it";

describe("mistakes", () => {
  test.each([
    ["", "not well-formed JSON: value expected"],
    ['{"boards": []', "not well-formed JSON: close brace expected"],
    ["[]", 'found an array, expected an object with "boards"'],
    ["null", 'found null, expected an object with "boards"'],
    ["{}", "boards: missing, expected an array of boards"],
    ['{"boards": {}}', "boards: found an object, expected an array of boards"],
    ['{"boards": [], "boards": []}', "boards: named twice in the same object; expected each name once"],
    ['{"boards": [null]}', 'boards[0]: found null, expected a board: an object with "board_id"'],
    ['{"boards": [{}]}', "boards[0].board_id: missing, expected a string of 8 hex digits"],
    ['{"boards": [{"board_id": 1}]}', "boards[0].board_id: found 1, expected a string of 8 hex digits"],
    ['{"boards": [{"board_id": ""}]}', 'boards[0].board_id: found "", expected a string of 8 hex digits'],
    ['{"boards": [{"board_id": "xyz"}]}', 'boards[0].board_id: found "xyz", expected a string of 8 hex digits'],
    [
      '{"boards": [{"board_id": "000000001"}]}',
      'boards[0].board_id: found "000000001", expected a string of 8 hex digits',
    ],
    [
      '{"boards": [{"board_id": "0000000A"}, {"board_id": "0000000a"}]}',
      'boards[1].board_id: found "0000000a", expected an id that is used once; boards[0].board_id is the same',
    ],
    [
      '{"boards": [{"board_id": "1"}, {"board_id": "00000001"}]}',
      'boards[1].board_id: found "00000001", expected an id that is used once; boards[0].board_id is the same',
    ],

    [
      board('"firmware_version": 1.2'),
      "boards[0].firmware_version: found 1.2, expected a string or an array of raw bytes",
    ],
    [board('"firmware_version": [256]'), `boards[0].firmware_version[0]: found 256, expected ${raw(1000)}`],
    [
      board('"firmware_version": "\u2126"'),
      'boards[0].firmware_version: found "\u2126", expected characters up to U+00FF, of which each is sent as one byte',
    ],
    [
      board('"retry_firmware_version": [1]'),
      "boards[0].retry_firmware_version[0]: found 1, expected an array of raw bytes, or null",
    ],
    [
      board('"retry_firmware_version": "1"'),
      'boards[0].retry_firmware_version: found "1", expected an array with one entry for each retry frame',
    ],
    [board('"raw_data": [[1]]'), "boards[0].raw_data[0][0]: found 1, expected an array of raw bytes"],
    [board('"raw_data": [1]'), "boards[0].raw_data[0]: found 1, expected an array of frames, or null"],
    [board('"raw_data": null'), "boards[0].raw_data: found null, expected an array with one entry for each scan"],
    [board('"raw_data": [[[1, -1]]]'), `boards[0].raw_data[0][0][1]: found -1, expected ${raw(1001)}`],
    [board('"retry_raw_data": [[[1]]]'), `boards[0].retry_raw_data[0][0]: found an array, expected ${raw(1000)}`],

    [board('"devices": {}'), "boards[0].devices: found an object, expected an array of devices"],
    [
      board('"devices": ["led"]'),
      `${DEVICE}: found "led", expected a device: an object with "device_id" and "device_type"`,
    ],
    [board('"devices": [{"device_type": "led"}]'), `${DEVICE}.device_id: missing, expected a string of 4 hex digits`],
    [
      board('"devices": [{"device_id": "10000", "device_type": "led"}]'),
      `${DEVICE}.device_id: found "10000", expected a string of 4 hex digits`,
    ],
    [
      board('"devices": [{"device_id": "00Fa", "device_type": "led"}, {"device_id": "00fA", "device_type": "power"}]'),
      'boards[0].devices[1].device_id: found "00fA", expected an id that is used once; boards[0].devices[0].device_id is the same',
    ],
    [device('"_": 0'), `${DEVICE}.device_type: missing, expected the name of a device type`],
    [device('"device_type": "temprature"'), `${DEVICE}.device_type: found "temprature", expected "temperature"`],
    [
      device('"device_type": "toaster"'),
      `${DEVICE}.device_type: found "toaster", expected one of led, system, power, humidity, fan_speed, current, temperature, thermistor, pressure, none`,
    ],
    [device('"device_type": "LED"'), `${DEVICE}.device_type: found "LED", expected "led"`],
    [
      device('"device_type": 16'),
      `${DEVICE}.device_type: found 16, expected one of led, system, power, humidity, fan_speed, current, temperature, thermistor, pressure, none`,
    ],

    [led('"read": []'), `${DEVICE}.read: found an array, expected an object with "repeatable" and "responses"`],
    [led('"read": {"responses": []}'), `${DEVICE}.read.repeatable: missing, expected true or false`],
    [led('"write": {"repeatable": 1, "responses": []}'), `${DEVICE}.write.repeatable: found 1, expected true or false`],
    [led('"power": {"repeatable": true}'), `${DEVICE}.power.responses: missing, expected an array of responses`],
    [
      led('"read": {"repeatable": true, "responses": 1}'),
      `${DEVICE}.read.responses: found 1, expected an array of responses`,
    ],
    [
      led('"read": {"repeatable": true, "responses": [], "retry_responses": null}'),
      `${DEVICE}.read.retry_responses: found null, expected an array of responses`,
    ],
    [
      led('"read": {"repeatable": true, "responses": [], "retry_responses": [true]}'),
      `${DEVICE}.read.retry_responses[0]: found true, expected a number, a string, an array of raw bytes, or null`,
    ],
    [reading("{}"), `${ENTRY}: found an object, expected a number, a string, an array of raw bytes, or null`],
    [reading("[1, 2, 1003]"), `${ENTRY}[2]: found 1003, expected ${raw(1002)}`],
    [reading("[998]"), `${ENTRY}[0]: found 998, expected ${raw(1000)}`],
    [reading("[1.5]"), `${ENTRY}[0]: found 1.5, expected ${raw(1000)}`],
    [reading('["1"]'), `${ENTRY}[0]: found "1", expected ${raw(1000)}`],
    [reading("[null]"), `${ENTRY}[0]: found null, expected ${raw(1000)}`],
    [
      reading(`"${"x".repeat(247)}"`),
      `${ENTRY}: found "${"x".repeat(39)}…, expected at most 246 characters, not 247: a frame takes no more`,
    ],
    [
      reading("1".repeat(247)),
      `${ENTRY}: found ${"1".repeat(40)}…, expected at most 246 characters, not 247: a frame takes no more`,
    ],

    [led('"stateful": 1'), `${DEVICE}.stateful: found 1, expected true or false`],
    [
      led('"stateful": true, "write": {"repeatable": true, "responses": []}'),
      `${DEVICE}.read: missing, expected an action, which a stateful led needs`,
    ],
    [
      device('"device_type": "power", "stateful": true'),
      `${DEVICE}.power: missing, expected an action, which a stateful power needs`,
    ],
    [
      device('"device_type": "system", "stateful": true'),
      `${DEVICE}.stateful: found true, expected false: only led, fan_speed, power can be stateful, not system`,
    ],

    ['{"boards": [], "scanall": {}}', "scanall: found an object, expected an array of steps"],
    ['{"boards": [], "scanall": [1]}', 'scanall[0]: found 1, expected an object with "initial"'],
    ['{"boards": [], "scanall": [{}]}', `scanall[0].initial: missing, expected ${OUTCOME}`],
    ['{"boards": [], "scanall": [{"initial": "ok"}]}', `scanall[0].initial: found "ok", expected ${OUTCOME}`],
    ['{"boards": [], "scanall": [{"initial": {}}]}', 'scanall[0].initial.result: missing, expected "ok" or "error"'],
    [
      '{"boards": [], "scanall": [{"initial": {"result": "OK"}}]}',
      'scanall[0].initial.result: found "OK", expected "ok" or "error"',
    ],
    [
      '{"boards": [], "scanall": [{"initial": {"result": "ok"}, "retry": {}}]}',
      `scanall[0].retry: found an object, expected an array of ${OUTCOME}`,
    ],
    [
      '{"boards": [], "scanall": [{"initial": {"result": "error"}}]}',
      `scanall[0].initial.failed_board: missing, expected ${NAMED_BOARD}`,
    ],
    [
      '{"boards": [{"board_id": "0000000A"}], "scanall": [{"initial": {"result": "ok"}, "retry": [{"result": "error", "failed_board": "0000000a"}]}]}',
      `scanall[0].retry[0].failed_board: found "0000000a", expected ${NAMED_BOARD}`,
    ],
  ])("%s", (text, message) => {
    expect(told(text)).toEqual([message]);
  });

  test("all of them at once, each with its line and column, in the file's order", () => {
    const text = `{
  "scanall": [{"initial": {"result": "perhaps"}}],
  "boards": [
    {"board_id": "1", "devices": [{"device_id": "1"}, {"device_type": "led", "device_id": 2}]},
    {"firmware_version": {},
     "board_id": "1", "retry_firmware_version": [[256, 0, 300]]}
  ]
}`;
    expect(mistakes(text).map((line) => line.replace(/: (found|missing).*/, ""))).toEqual([
      "rack.json:2:38: scanall[0].initial.result",
      "rack.json:4:35: boards[0].devices[0].device_type",
      "rack.json:4:91: boards[0].devices[1].device_id",
      "rack.json:5:26: boards[1].firmware_version",
      "rack.json:6:18: boards[1].board_id",
      "rack.json:6:51: boards[1].retry_firmware_version[0][0]",
      "rack.json:6:59: boards[1].retry_firmware_version[0][2]",
    ]);
  });
});

test.each([
  ['{"boards": []}'],
  ['{"boards": [{"board_id": "ffffffff"}, {"board_id": "0x0"}]}'],
  [board('"devices": [], "raw_data": [], "retry_raw_data": [], "firmware_version": []')],
  [board('"raw_data": [null, [], [[]]], "retry_raw_data": [null, []], "retry_firmware_version": [null]')],
  [device('"device_type": "none"')],
  [device('"device_type": "system", "asset_info": 5, "boot_target": null, "xyzzy": [{}], "boards": 1')],
  [reading(`"${"x".repeat(246)}"`)],
  [reading("[0, 255, 999, 1000, 1004]")],
  ['{"boards": [], "scanall": []}'],
])("good: %s", (text) => {
  expect(mistakes(text)).toEqual([]);
});

test("a byte order mark is no mistake", () => {
  expect(mistakes(`\uFEFF{"boards": []}`)).toEqual([]);
});

const originalFiles = hasOriginals ? readdirSync(originals).filter((name) => name.endsWith(".json")) : [];
test.skipIf(!hasOriginals)("the original's own files are good (needs ../shared/board-files)", () => {
  expect(originalFiles.length).toBeGreaterThanOrEqual(5);
  for (const name of originalFiles)
    expect([name, ...mistakes(readFileSync(join(originals, name), "utf8"))]).toEqual([name]);
});

const isContainer = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Every place of a document, as steps from its root. */
function* placesIn(value: unknown, around: readonly string[] = []): Generator<readonly string[]> {
  if (!isContainer(value)) return;
  for (const [name, child] of Object.entries(value)) {
    const place = [...around, name];
    yield place;
    yield* placesIn(child, place);
  }
}

/** The document with the value at a place replaced, or, where `by` is undefined, without it. */
function changed(value: unknown, [step, ...rest]: readonly string[], by: unknown): unknown {
  if (!isContainer(value)) return value;
  const entries = Object.entries(value).flatMap(([name, child]): [string, unknown][] => {
    if (name !== step) return [[name, child]];
    if (rest.length > 0) return [[name, changed(child, rest, by)]];
    return by === undefined ? [] : [[name, by]];
  });
  return Array.isArray(value) ? entries.map(([, child]) => child) : Object.fromEntries(entries);
}

describe("hostile files", () => {
  const rack: unknown = JSON.parse(rackText);

  const places = [...placesIn(rack)];

  const anyValue: fc.Arbitrary<unknown> = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(null, true, "", "0000000a", -1, 999, 1001, 1e300, [], {}, [[]], [[1000]], ["W1"]),
  );

  test("a value replaced, or left out: good, or refused with its places", () => {
    const mutation = fc.tuple(fc.constantFrom(...places), fc.option(anyValue, { nil: undefined }));
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        let mutant = rack;
        for (const [path, by] of mutations) mutant = changed(mutant, path, by);
        for (const line of mistakes(JSON.stringify(mutant, null, 1)))
          expect(line).toMatch(/^rack\.json:\d+:\d+: .*expected /);
      }),
      { numRuns: 300 },
    );
  });

  test("a member doubled, anywhere: refused at its place", () => {
    const members = places.filter((path) => !/^\d+$/.test(String(path.at(-1))));
    fc.assert(
      fc.property(fc.constantFrom(...members), (path) => {
        const name = String(path.at(-1));
        const text = JSON.stringify(changed(rack, path, "MARK")).replace('"MARK"', `1, ${JSON.stringify(name)}: 2`);
        expect(told(text)).toHaveLength(1);
        expect(told(text)[0]).toEndWith(`${name}: named twice in the same object; expected each name once`);
      }),
    );
  });

  test("characters dropped, or any text: good, or refused", () => {
    const cut = fc.tuple(fc.nat(rackText.length), fc.integer({ min: 1, max: 30 }));
    fc.assert(
      fc.property(cut, ([at, size]) => {
        mistakes(rackText.slice(0, at) + rackText.slice(at + size));
      }),
      { numRuns: 200 },
    );
    fc.assert(fc.property(fc.string(), (text) => void mistakes(text)));
  });
});
