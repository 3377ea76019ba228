// The program with an emulated power-line HAT: its modem and pins, and a real pseudo terminal in between.
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { openPty } from "bun-serialport/testing";
import { modemPresetAnswer as preset } from "../fixtures/modem-preset.ts";
import { fromSources, root, startProduct } from "../support/product.ts";

const hat = { OPENDCRE_BUS_HARDWARE: "hat", OPENDCRE_LOG_LEVEL: "debug" };
const startHat = (env: Readonly<Record<string, string>> = {}) =>
  startProduct(["--emulator", "config/simple.json"], fromSources, { ...hat, ...env });

describe("an emulated HAT", () => {
  test("plc_config answers from the modem, and the boards answer at the bus's speed", async () => {
    const product = await startHat();
    const all = ["plc_config", "version/1", "plc_config", "scan/1", "plc_config"];
    const answers = await Promise.all(all.map((path) => product.get(path)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect([answers[0]?.body, answers[2]?.body, answers[4]?.body]).toEqual([preset, preset, preset]);
    expect(answers[1]?.body.firmware_version).toBe("OpenDCRE Emulator 2 - server 1");
    expect(await product.stop()).toBe(0);
    const lines = await product.lines();
    expect(lines.find(({ event }) => event === "hat-configured")).toMatchObject({
      frequency_mhz: 10.5,
      bit_rate: 115_200,
    });
    expect(lines.filter(({ event }) => event === "hat-wake-failed")).toEqual([]);
    // The first client's first command has number 1, whatever was said to the modem before: "01", length, number, "ff", board 1, "V".
    const [first] = lines.flatMap(({ sent }) => sent ?? []);
    expect(first).toBe("01 0a 01 ff 00 00 00 01 ff ff 56 ab 04");
  }, 30_000);

  test("is set as the settings say", async () => {
    const product = await startHat({
      OPENDCRE_HAT_FREQUENCY_PAIR: "6/13",
      OPENDCRE_HAT_FREQUENCY_NUMBER: "0",
      OPENDCRE_BUS_BAUD_RATE: "57600",
      OPENDCRE_HAT_INTERFERENCE_HOPPING: "true",
      OPENDCRE_HAT_AUTO_SLEEP: "false",
      OPENDCRE_HAT_AUTO_WAKE_UP_MESSAGE: "true",
      OPENDCRE_HAT_LONG_WAKE_UP_MESSAGE: "false",
    });
    expect((await product.get("plc_config")).body).toEqual({
      ...preset,
      frequency_number: 0,
      interference_hopping: true,
      long_wum: false,
      auto_sleep: false,
      auto_wum: true,
      f0: 6,
      f1: 13,
      bit_rate: 57_600,
    });
    expect(await product.stop()).toBe(0);
  }, 30_000);

  test("a program that is told to stop while the modem wakes stops", async () => {
    const product = await startHat();
    expect(await product.stop()).toBe(0);
    const lines = await product.lines();
    expect(lines.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
  }, 30_000);
});

test.skipIf(existsSync("/dev/gpiochip0"))(
  "a machine without GPIO says so and does not start (no GPIO chip)",
  async () => {
    await using pty = openPty();
    const command = [...fromSources, "serve", "--port", "0", "--device", pty.path];
    const refused = Bun.spawn(command, { cwd: root, stderr: "pipe", stdout: "ignore", env: { ...Bun.env, ...hat } });
    expect(await refused.stderr.text()).toStartWith(
      "opendcre: no GPIO chip of this machine is that of a Raspberry Pi's header",
    );
    expect(await refused.exited).toBe(78);
  },
  30_000,
);
