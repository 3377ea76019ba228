// The original's board files, through the whole product: HTTP, bus, driver, PTY, emulator. What is expected follows from the files and the
// specifications, worked out by hand.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { startProduct } from "../support/product.ts";
import { hasOriginals, originalBoardFiles } from "../support/shared.ts";

const serveFile = (name: string) => startProduct(["--emulator", join(originalBoardFiles, name)]);

describe.skipIf(!hasOriginals)("the original's board files (needs ../shared)", () => {
  test("emulator-data: frames with fixed sequence numbers are right as the first traffic (needs ../shared)", async () => {
    const product = await serveFile("emulator-data.json");
    const outcomes: Record<string, number[]> = {};
    const bodies: Record<string, unknown[]> = {};
    for (const board of ["10", "11", "12", "13", "14"]) {
      const answers = [];
      for (const path of [`read/thermistor/${board}/1ff`, `power/${board}/2ff`, `version/${board}`]) {
        answers.push(await product.get(path));
      }
      outcomes[board] = answers.map(({ status }) => status);
      bodies[board] = answers.map(({ body }) => body);
    }
    // One, two and three retries help; after three the exchange is given up, and without a retry answer there is silence.
    expect(outcomes).toEqual({
      "10": [200, 200, 200],
      "11": [200, 200, 200],
      "12": [200, 200, 200],
      "13": [500, 500, 500],
      "14": [500, 500, 500],
    });
    for (const board of ["10", "11", "12"]) {
      // 656 counts: -0.0985 · 656 + 93.399
      expect(bodies[board]?.[0]).toEqual({ temperature_c: 28.78 });
      expect(bodies[board]?.[1]).toMatchObject({
        pmbus_raw: "0,0,0,0",
        power_status: "on",
        power_ok: true,
        input_power: 0,
      });
      expect(bodies[board]?.[2]).toMatchObject({ api_version: "1.2", firmware_version: "12345" });
    }
    expect(await product.stop()).toBe(0);
  });

  test("emulator-data: lists in order, round again or not (needs ../shared)", async () => {
    const product = await serveFile("emulator-data.json");
    const temperatures = [];
    for (let n = 0; n < 5; n++) temperatures.push((await product.get("read/temperature/1/0cff")).body);
    expect(temperatures).toEqual([600, 601, 602, 603, 600].map((temperature_c) => ({ temperature_c })));
    const statuses = [];
    for (let n = 0; n < 4; n++) statuses.push((await product.get("power/1/7ff")).status);
    expect(statuses).toEqual([200, 200, 200, 500]);
    // The bits of the status word, one after the other: 64, 2048, 2056, 2064, 2072.
    const power = [];
    for (let n = 0; n < 6; n++) power.push((await product.get("power/1/5ff/cycle")).body);
    expect(power.map((body) => [body.power_status, body.power_ok, body.over_current, body.under_voltage])).toEqual([
      ["on", true, false, false],
      ["off", true, false, false],
      ["on", false, false, false],
      ["on", false, false, true],
      ["on", false, true, false],
      ["on", false, true, true],
    ]);
    expect(await product.stop()).toBe(0);
  });

  test("devicebus-data: every kind of damage, odd texts, long numbers (needs ../shared)", async () => {
    const product = await serveFile("devicebus-data.json");
    const statusOf = async (path: string) => (await product.get(path)).status;
    const textOf = async (path: string) =>
      await (await fetch(`http://127.0.0.1:${product.port}/opendcre/1.2/${path}`)).text();

    expect(await textOf("read/fan_speed/28/4")).toBe('{"speed_rpm":12345678901234567890}');
    expect((await product.get("fan/28/5")).body).toEqual({ speed_rpm: -12_345 });
    expect((await product.get("fan/28/1/4100")).body).toEqual({ speed_rpm: 4100 });
    expect(await statusOf("fan/28/2/4100")).toBe(500);
    expect(await statusOf("fan/28/1/10001")).toBe(500);
    expect((await product.get("led/30/1/on")).body).toEqual({ led_state: "on" });
    expect(await statusOf("led/30/2/off")).toBe(500);
    expect((await product.get("read/temperature/15/1")).body).toEqual({ temperature_c: 30.03 });
    expect(await statusOf("read/temperature/15/2")).toBe(500);
    expect((await product.get("read/temperature/15/4")).body).toEqual({ temperature_c: 30 });
    expect((await product.get("read/thermistor/14/1ff")).body).toEqual({ temperature_c: 131.29 });
    expect(await statusOf("read/thermistor/14/7ff")).toBe(500);
    expect((await product.get("read/humidity/14/2ff")).body).toEqual({ humidity: 0, temperature_c: -40 });
    expect((await product.get("read/humidity/14/9ff")).body).toEqual({ humidity: 100.01, temperature_c: 125.01 });
    for (const damaged of ["b", "b5", "bf", "cb", "cf", "d1"]) {
      expect([damaged, await statusOf(`version/${damaged}`)]).toEqual([damaged, 500]);
    }
    // Noise around a good frame.
    expect((await product.get("version/c9")).body).toMatchObject({ firmware_version: "12345" });
    expect((await product.get("version/cd")).body).toMatchObject({ firmware_version: "12345" });
    expect((await product.get("scan/c8")).body).toEqual({
      boards: [{ board_id: "00000002", devices: [{ device_id: "01ff", device_type: "thermistor" }] }],
    });
    expect((await product.get("version/c")).body).toMatchObject({ firmware_version: "" });
    expect(await statusOf("scan/1")).toBe(500);
    expect((await product.get("scan/3")).body.boards).toEqual([
      { board_id: "00000003", devices: [{ device_id: "0001", device_type: "thermistor" }] },
    ]);
    expect(await product.stop()).toBe(0);
  }, 30_000);

  test("scanall-data: the script of good and bad scans (needs ../shared)", async () => {
    const product = await serveFile("scanall-data.json");
    const outcomes = [];
    for (let n = 0; n < 6; n++) {
      const { status, body } = await product.get("scan");
      outcomes.push([status, body.boards?.length]);
    }
    expect(outcomes).toEqual([
      [200, 10],
      [500, undefined],
      [200, 10],
      [200, 10],
      [500, undefined],
      [500, undefined],
    ]);
    expect(await product.stop()).toBe(0);
  }, 30_000);

  test("simple and endurance: what is in the rack (needs ../shared)", async () => {
    const simple = await serveFile("simple.json");
    expect((await simple.get("read/temperature/1/2000")).body).toEqual({ temperature_c: 28.78 });
    expect((await simple.get("led/1/5")).body).toEqual({ led_state: "on" });
    expect((await simple.get("led/1/5")).body).toEqual({ led_state: "off" });
    expect(await simple.stop()).toBe(0);
    const endurance = await serveFile("endurance-data.json");
    const { boards } = (await endurance.get("scan")).body;
    expect(boards.map((board: { board_id: string }) => board.board_id)).toEqual(["00000001", "0000000a"]);
    expect((await endurance.get("read/humidity/1/cff")).body).toEqual({ humidity: 38.43, temperature_c: 16.24 });
    expect(await endurance.stop()).toBe(0);
  }, 30_000);
});
