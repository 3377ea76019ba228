import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DeviceError } from "../../../src/devices/errors.ts";
import { boardId, deviceId } from "../../../src/devices/ids.ts";
import type { Measurement } from "../../../src/devices/reading.ts";
import { modemPreset, modemPresetAnswer } from "../../fixtures/modem-preset.ts";
import { createTestApi } from "../../support/api.ts";
import { readingOf } from "../../support/fake-backend.ts";

const board1 = { board: boardId(1) };
const device = { board: boardId(1), device: deviceId(0x2ff) };
const status = {
  pmbus_raw: "64,1,2,3",
  power_status: "on",
  power_ok: true,
  over_current: false,
  under_voltage: true,
  input_power: 1.5,
  input_voltage: -2,
  output_current: 0,
};
const scan = { boards: [{ board_id: "00000001", devices: [{ device_id: "01ff", device_type: "thermistor" }] }] };
const physical = { horizontal: "unknown", vertical: "unknown", depth: "unknown" };
const chassis = { depth: "unknown", horiz_pos: "unknown", vert_pos: "unknown", server_node: "unknown" };
const power = (action: string) => [{ kind: "power", ...device, action }];
const read = (type: string) => [{ kind: "read", ...device, type }];

describe("a route asks for this and answers that", () => {
  const table: [path: string, commands: unknown[], answer: unknown][] = [
    ["test", [], { status: "ok" }],
    ["scan", ["scanAll"], scan],
    ["scan/1", [{ kind: "scan", ...board1 }], scan],
    [
      "version/0x0001",
      [{ kind: "version", ...board1 }],
      { api_version: "1.2", firmware_version: "firmware 7", opendcre_version: "2.0.0-test" },
    ],
    ["read/temperature/1/2ff", read("temperature"), { temperature_c: 28.78 }],
    ["read/Fan_SPEED/1/2FF", read("fan_speed"), { temperature_c: 28.78 }],
    ["read/nonsense/1/2ff", read("none"), { temperature_c: 28.78 }],
    ["read/none/1/2ff", read("none"), { temperature_c: 28.78 }],
    ["power/1/2ff", power("status"), status],
    ["power/1/2ff/status", power("status"), status],
    ["power/1/2ff/on", power("on"), status],
    ["power/1/2ff/OFF", power("off"), status],
    ["power/1/2ff/Cycle", power("cycle"), status],
    ["power/on/1/2ff", power("on"), status],
    ["power/OFF/1/2ff", power("off"), status],
    ["power/cycle/1/2ff", power("cycle"), status],
    ["power/status/1/2ff", power("status"), status],
    ["power/power/1/2ff/on", power("on"), status],
    ["power/anything at all/1/2ff/off", power("off"), status],
    ["power/power/cycle/1/2ff", power("cycle"), status],
    ["power/on/off/1/2ff", power("off"), status],
    ["boot_target/1/2ff", [{ kind: "boot-target", ...device }], { target: "pxe" }],
    ["boot_target/1/2ff/hdd", [{ kind: "boot-target", ...device, target: "hdd" }], { target: "hdd" }],
    ["boot_target/1/2ff/pxe", [{ kind: "boot-target", ...device, target: "pxe" }], { target: "pxe" }],
    [
      "boot_target/1/2ff/no_override",
      [{ kind: "boot-target", ...device, target: "no_override" }],
      { target: "no_override" },
    ],
    ["location/1", [], { physical_location: physical }],
    ["location/0", [], { physical_location: physical }],
    ["location/ffffff", [], { physical_location: physical }],
    ["location/40000001", [], { physical_location: physical }],
    ["location/ffffffff", [], { physical_location: physical }],
    ["location/1/1", [], { physical_location: physical, chassis_location: chassis }],
    [
      "location/1/7e00",
      [],
      {
        physical_location: physical,
        chassis_location: { depth: "middle", horiz_pos: "middle", vert_pos: "middle", server_node: "unknown" },
      },
    ],
    [
      "location/40000001/5400",
      [],
      {
        physical_location: physical,
        chassis_location: { depth: "front", horiz_pos: "left", vert_pos: "top", server_node: "unknown" },
      },
    ],
    [
      "location/1/2a00",
      [],
      {
        physical_location: physical,
        chassis_location: { depth: "rear", horiz_pos: "right", vert_pos: "bottom", server_node: "unknown" },
      },
    ],
    ["location/1/8000", [], { physical_location: physical, chassis_location: { ...chassis, server_node: 0 } }],
    ["location/1/9f01", [], { physical_location: physical, chassis_location: { ...chassis, server_node: 31 } }],
    ["led/1/2ff", read("led"), { temperature_c: 28.78 }],
    ["led/1/2ff/on", [{ kind: "led", ...device, on: true }], { led_state: "on" }],
    ["led/1/2ff/off", [{ kind: "led", ...device, on: false }], { led_state: "off" }],
    ["fan/1/2ff", read("fan_speed"), { temperature_c: 28.78 }],
    ["fan/1/2ff/0", [{ kind: "fan", ...device, rpm: "0" }], { speed_rpm: 4100 }],
    ["fan/1/2ff/10000", [{ kind: "fan", ...device, rpm: "10000" }], { speed_rpm: 4100 }],
    ["fan/1/2ff/0000000000004100", [{ kind: "fan", ...device, rpm: "0000000000004100" }], { speed_rpm: 4100 }],
    ["fan/1/2ff/%20+42%09", [{ kind: "fan", ...device, rpm: "42" }], { speed_rpm: 4100 }],
    ["fan/1/2ff/-0", [{ kind: "fan", ...device, rpm: "0" }], { speed_rpm: 4100 }],
    ["fan/%201%20/%2B2ff/%34%32", [{ kind: "fan", ...device, rpm: "42" }], { speed_rpm: 4100 }],
    ["scan/1?x=%zz&board=2", [{ kind: "scan", ...board1 }], scan],
    ["%74est", [], { status: "ok" }],
    ["scan%2F1", [{ kind: "scan", ...board1 }], scan],
  ];

  test.each(table)("%s", async (path, commands, answer) => {
    const { ask, backend } = createTestApi();
    const { status: httpStatus, json, headers } = await ask(path);
    expect({ httpStatus, json }).toEqual({ httpStatus: 200, json: answer });
    const asked: unknown = backend.commands;
    expect(asked).toEqual(commands);
    expect(headers.get("content-type")).toBe("application/json");
  });
});

describe("a reading is named by its kind", () => {
  const table: [json: string, Measurement][] = [
    ['{"temperature_c":-12.5}', { kind: "temperature", temperatureC: -12.5 }],
    ['{"humidity":43.21,"temperature_c":20}', { kind: "humidity", relativeHumidityPercent: 43.21, temperatureC: 20 }],
    ['{"speed_rpm":4100}', { kind: "fan_speed", speedRpm: 4100 }],
    ['{"speed_rpm":98765432109876543210}', { kind: "fan_speed", speedRpm: 98_765_432_109_876_543_210n }],
    ['{"led_state":"on"}', { kind: "led", on: true }],
    ['{"led_state":"off"}', { kind: "led", on: false }],
    ['{"device_raw":-7}', { kind: "raw", value: -7 }],
    ['{"device_raw":12345678901234567890}', { kind: "raw", value: 12_345_678_901_234_567_890n }],
    ['{"device_raw":-12345678901234567890}', { kind: "raw", value: -12_345_678_901_234_567_890n }],
  ];
  for (const [json, measurement] of table) {
    test(json, async () => {
      const { ask, backend } = createTestApi();
      backend.answers.read = () => readingOf(measurement);
      expect((await ask("read/current/1/1")).text).toBe(json);
    });
  }

  test("after a write, too: what was read, not what was written", async () => {
    const { ask, backend } = createTestApi();
    backend.answers.led = () => readingOf({ kind: "led", on: false });
    backend.answers.fan = () => readingOf({ kind: "fan_speed", speedRpm: 3999 });
    expect((await ask("led/1/1/on")).json).toEqual({ led_state: "off" });
    expect((await ask("fan/1/1/4000")).json).toEqual({ speed_rpm: 3999 });
  });
});

test("power that is off, and not ok, says so", async () => {
  const { ask, backend } = createTestApi();
  const off = { on: false, ok: false, overCurrent: true, underVoltage: false };
  const measured = { inputPowerW: 0.25, inputVoltageV: 12, outputCurrentA: -0.5 };
  backend.answers.power = () => ({ raw: "2128,1,2,3", ...off, ...measured });
  expect((await ask("power/1/1")).json).toEqual({
    pmbus_raw: "2128,1,2,3",
    power_status: "off",
    power_ok: false,
    over_current: true,
    under_voltage: false,
    input_power: 0.25,
    input_voltage: 12,
    output_current: -0.5,
  });
});

test("a scan lists boards and devices in their order, doubles included, and what devices call themselves", async () => {
  const { ask, backend } = createTestApi();
  backend.boards = [
    { id: boardId(0x4000_000a), devices: [{ id: deviceId(0x000d), type: "led", info: "UID light" }] },
    {
      id: boardId(0xab),
      devices: [
        { id: deviceId(0xffff), type: "none" },
        { id: deviceId(0xffff), type: "none" },
      ],
    },
    { id: boardId(2), devices: [] },
  ];
  expect((await ask("scan")).json).toEqual({
    boards: [
      { board_id: "4000000a", devices: [{ device_id: "000d", device_type: "led", device_info: "UID light" }] },
      {
        board_id: "000000ab",
        devices: [
          { device_id: "ffff", device_type: "none" },
          { device_id: "ffff", device_type: "none" },
        ],
      },
      { board_id: "00000002", devices: [] },
    ],
  });
});

test("an asset has the groups that the hardware has", async () => {
  const { ask, backend } = createTestApi();
  backend.answers.asset = () => ({ address: "192.0.2.10", board: { serial_number: "S1" }, product: {} });
  expect((await ask("asset/1/200")).json).toEqual({
    bmc_ip: "192.0.2.10",
    board_info: { serial_number: "S1" },
    product_info: {},
  });
});

describe("the modem's configuration", () => {
  test("is answered in the names of 1.2", async () => {
    const { ask } = createTestApi({ modemConfiguration: () => Promise.resolve(modemPreset) });
    expect((await ask("plc_config")).json).toEqual(modemPresetAnswer);
    expect((await ask("plc_config", { method: "POST" })).json).toEqual(modemPresetAnswer);
  });

  test("is 500 without the HAT", async () => {
    const { status: httpStatus, json } = await createTestApi().ask("plc_config");
    expect(httpStatus).toBe(500);
    expect(json).toMatchObject({ code: "unsupported", message: expect.stringContaining("no power-line HAT") });
  });
});

describe("500, a message, and nothing reaches a device", () => {
  const board = "Error converting board_num to integer";
  const deviceMessage = "Error converting device_num to integer";
  const table: [path: string, message: string][] = [];
  const withIds = ["read/temperature/B/D", "power/B/D", "power/B/D/on", "power/on/B/D", "power/power/B/D/on"];
  withIds.push("power/power/on/B/D", "asset/B/D", "boot_target/B/D", "boot_target/B/D/hdd", "location/B/D", "led/B/D");
  withIds.push("led/B/D/on", "led/B/D/on/red", "fan/B/D", "fan/B/D/100", "led/B/D/blue", "fan/B/D/x", "power/B/D/jump");
  withIds.push("boot_target/B/D/cd");
  for (const path of withIds) {
    for (const id of ["xyz", "-1", "1000000", "80000001", "0x", "%20", "1g", "%C3%A9"])
      table.push([path.replace("B", id).replace("D", "nonsense"), board]);
    for (const id of ["xyz", "-1", "10000", "0x", "%20"])
      table.push([path.replace("B", "1").replace("D", id), deviceMessage]);
  }
  for (const path of ["scan/B", "version/B", "location/B"])
    for (const id of ["xyz", "-1", "1000000", "80000001", "on"]) table.push([path.replace("B", id), board]);
  table.push(
    ["scan/140000001", "BMC with board id"],
    ["location/140000001", "BMC with board id"],
    ["scan/40000001", "BMC with board id 40000001 was not found."],
    ["led/ffffffff/1/on", "BMC with board id ffffffff was not found."],
    ["power/1/1/jump", "Invalid power action specified"],
    ["power/x/1/1/onn", "Invalid power action specified"],
    ["power/on/1", board],
    ["power/1/on", deviceMessage],
    ["boot_target/1/1/HDD", "Invalid boot target specified"],
    ["boot_target/1/1/cd", "Invalid boot target specified"],
    ["led/1/1/ON", "Invalid LED state provided for LED control"],
    ["led/1/1/1", "Invalid LED state provided for LED control"],
    ["led/1/1/blink/red", "Invalid LED state provided for LED control"],
    ["led/1/1/on/red", "LED color setting is not supported yet."],
    ["led/1/1/off/red", "LED color setting is not supported yet."],
  );
  for (const rpm of ["10001", "-1", "x", "1.5", "0x10", "1e3", "99999999999999999999", "%20", "1_000"])
    table.push([`fan/1/1/${rpm}`, "Error converting fan_speed to integer"]);

  test.each(table)("%s: %s", async (path, message) => {
    const { ask, backend } = createTestApi();
    const { status: httpStatus, json } = await ask(path);
    expect(httpStatus).toBe(500);
    expect(json).toMatchObject({ message: expect.stringContaining(message), request_id: expect.any(String) });
    expect(backend.commands).toEqual([]);
  });
});

test("what a back end does not support is said in its words", async () => {
  const { ask, backend } = createTestApi();
  expect(await ask("asset/1/1")).toMatchObject({
    status: 500,
    json: { message: "Asset information via PLC not supported yet.", code: "unsupported" },
  });
  backend.answers["boot-target"] = ({ board }) => {
    throw new DeviceError("unsupported", "Boot target operation via PLC not supported yet.", { board });
  };
  expect(await ask("boot_target/1/1/pxe")).toMatchObject({
    status: 500,
    json: { message: "Boot target operation via PLC not supported yet." },
  });
});

describe("404", () => {
  const paths = [
    "",
    "test/",
    "scan/",
    "scan/1/",
    "Test",
    "tes",
    "tests",
    "read",
    "read/temperature",
    "read/temperature/1",
  ];
  paths.push(
    "read/temperature/1/1/1",
    "read//1/1",
    "power",
    "power/1",
    "power/1/2/3/4/5",
    "version",
    "asset/1",
    "fan/1",
  );
  paths.push(
    "led/1/1/on/red/",
    "boot_target/1",
    "location",
    "location/1/1/1",
    "location/1/1/",
    "plc_config/",
    "scan//",
    "nosuch",
  );
  paths.push("fan/1/1/100/1", "power/1/2ff/on/", "//test", "test//");

  test.each(paths)("%j", async (path) => {
    const { ask, backend } = createTestApi();
    const { status: httpStatus, json } = await ask(path);
    expect(httpStatus).toBe(404);
    expect(json).toMatchObject({ message: "404: Not Found", code: "not-found" });
    expect(backend.commands).toEqual([]);
  });

  test.each([
    "/",
    "/opendcre",
    "/opendcre/",
    "/opendcre/1.1/test",
    "/1.2/test",
    "/opendcre/1.2",
    "/opendcre//1.2/test",
  ])("%s", async (path) => {
    expect(await createTestApi().askRoot(path)).toMatchObject({ status: 404, json: { message: "404: Not Found" } });
  });
});

test("another prefix moves the whole API", async () => {
  const { askRoot } = createTestApi({ prefix: "/" });
  expect((await askRoot("/1.2/test")).json).toEqual({ status: "ok" });
  expect((await askRoot("/opendcre/1.2/test")).status).toBe(404);
  const deep = createTestApi({ prefix: "/a.b/~c/" });
  expect((await deep.askRoot("/a.b/~c/1.2/version/1")).status).toBe(200);
});

test("every command of the table has a file of its own", () => {
  const source = readFileSync(join(import.meta.dirname, "../../../src/api/v1/routes.ts"), "utf8");
  const commands = new Set([...source.matchAll(/route\("(\w+)/g)].map(([, name]) => name));
  const files = new Set([...source.matchAll(/from "\.\/([\w-]+)\.ts"/g)].map(([, name]) => name?.replace("-", "_")));
  files.delete("route");
  expect(files).toEqual(commands);
});
