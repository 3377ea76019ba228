import { describe, expect, test } from "bun:test";
import { constants } from "node:os";
import { GpioError, type GpioErrorCode } from "../../src/gpio/errors.ts";
import { openChip, offsetOn, type ChipSearch } from "../../src/gpio/find.ts";
import { GpioChip } from "../../src/gpio/gpio-chip.ts";
import { permissionAdvice } from "../../src/gpio/permission.ts";
import { bcmLineOf } from "../../src/gpio/raspberry-pi.ts";
import { MemoryGpio } from "../support/memory-gpio.ts";

const { EACCES, EINVAL, EIO, ENOTSUP, ENOTTY } = constants.errno;
const input = { consumer: "test", mode: { direction: "input" } } as const;

function errorOf(action: () => unknown, code: GpioErrorCode): GpioError {
  try {
    action();
  } catch (error) {
    if (error instanceof GpioError && error.code === code) return error;
    throw error;
  }
  throw new RangeError(`expected ${code}, and nothing was thrown`);
}

function withChip() {
  const system = new MemoryGpio();
  const lines = system.addChip("/dev/gpiochip0", "pl061", ["", "RELAY", "LED"]);
  const chip = GpioChip.open("/dev/gpiochip0", system);
  return { system, lines, chip };
}

describe("a line", () => {
  test("is taken, driven, read, let go of and given back", () => {
    const { system, lines, chip } = withChip();
    const line = chip.request(1, { consumer: "test", mode: { direction: "output", isHigh: true } });
    expect(lines[1]).toEqual({ name: "RELAY", consumer: "test", flags: 0b1001n, level: true });
    expect(chip.lineInfo(1)).toEqual({ offset: 1, name: "RELAY", consumer: "test", isUsed: true, direction: "output" });
    line.drive(false);
    expect([lines[1]?.level, line.read()]).toEqual([false, false]);
    line.drive(true);
    expect([lines[1]?.level, line.read()]).toEqual([true, true]);
    line.float();
    expect(chip.lineInfo(1).direction).toBe("input");
    chip.close();
    expect(line.read()).toBe(true);
    line.release();
    line.release();
    expect(lines[1]?.consumer).toBe("");
    expect(system.openCount).toBe(0);
  });

  test("that is driven after it was an input goes to its level in one step", () => {
    const { lines, chip } = withChip();
    const line = chip.request(2, input);
    expect(lines[2]).toMatchObject({ flags: 0b101n, level: false });
    line.drive(true);
    expect(lines[2]).toMatchObject({ flags: 0b1001n, level: true });
  });

  test("can be an open drain, and have a resistor", () => {
    const { lines, chip } = withChip();
    const line = chip.request(0, {
      consumer: "test",
      mode: { direction: "output", isHigh: true, drive: "open-drain" },
    });
    expect(lines[0]?.flags).toBe(0b100_1001n);
    line.configure({ direction: "input", bias: "pull-up" });
    expect(lines[0]?.flags).toBe(0b1_0000_0101n);
    line.configure({ direction: "input", bias: "pull-down" });
    expect(lines[0]?.flags).toBe(0b10_0000_0101n);
  });

  test("that someone has is busy, and the message says who", () => {
    const { lines, chip } = withChip();
    chip.request(1, { ...input, consumer: "a-name-that-is-longer-than-the-kernel-keeps" });
    const error = errorOf(() => chip.request(1, input), "gpio-busy");
    expect(error.message).toBe(
      'line 1 (RELAY) of /dev/gpiochip0 is in use by "a-name-that-is-longer-than-the-" (ioctl GPIO_V2_GET_LINE: EBUSY)',
    );
    expect(error.detail).toMatchObject({
      path: "/dev/gpiochip0",
      offset: 1,
      consumer: "a-name-that-is-longer-than-the-",
    });
    if (lines[1]) lines[1].consumer = "";
    expect(errorOf(() => chip.request(1, input), "gpio-busy").message).toContain("by someone who gave no name");
  });

  test("that is not there is not found", () => {
    const { chip } = withChip();
    expect(errorOf(() => chip.request(3, input), "gpio-not-found").message).toContain("its lines are 0 to 2");
    expect(errorOf(() => chip.offsetOf("FAN"), "gpio-not-found").message).toContain("no line that is called FAN");
  });

  test("that was given back is not used any more, nor is a chip", () => {
    const { chip } = withChip();
    const line = chip.request(0, input);
    line.release();
    for (const use of [() => line.read(), () => line.drive(true), () => line.configure({ direction: "input" })])
      errorOf(use, "gpio-released");
    chip.close();
    chip.close();
    errorOf(() => chip.request(0, input), "gpio-released");
  });

  test("what the system refuses is told with the request and the error", () => {
    const { system, chip } = withChip();
    const line = chip.request(0, input);
    system.failing.set("GPIO_V2_LINE_GET_VALUES", EIO);
    expect(errorOf(() => line.read(), "gpio-io").detail).toEqual({
      path: "/dev/gpiochip0",
      offset: 0,
      errno: EIO,
      syscall: "ioctl GPIO_V2_LINE_GET_VALUES",
    });
    system.failing.set("GPIO_V2_LINE_SET_CONFIG", ENOTSUP);
    errorOf(() => line.drive(true), "gpio-unsupported");
    system.failing.set("GPIO_V2_GET_LINE", ENOTTY);
    errorOf(() => chip.request(1, input), "gpio-unsupported");
    system.failing.set("GPIO_V2_GET_LINE", EIO);
    errorOf(() => chip.request(1, input), "gpio-io");
  });
});

function search(): { gpio: MemoryGpio; where: ChipSearch } {
  const gpio = new MemoryGpio();
  // As a Raspberry Pi 5 has them with Linux 6.6.
  gpio.addChip("/dev/gpiochip0", "gpio-brcmstb@107d508500", ["RP1_SDA"]);
  gpio.addChip("/dev/gpiochip4", "pinctrl-rp1", ["ID_SDA", "ID_SCL", "GPIO2"]);
  return { gpio, where: { system: gpio, list: () => [...gpio.chips.keys()] } };
}

describe("a chip", () => {
  test("that cannot be opened", () => {
    const { system } = withChip();
    errorOf(() => GpioChip.open("/dev/gpiochip7", system), "gpio-not-found");
    const before = system.openCount;
    expect(errorOf(() => GpioChip.open("/dev/null", system), "gpio-not-found").message).toBe(
      "/dev/null: this is no GPIO chip (ioctl GPIO_GET_CHIPINFO: ENOTTY)",
    );
    expect(system.openCount).toBe(before);
    system.failing.set("open", EACCES);
    errorOf(() => GpioChip.open("/dev/gpiochip0", system), "gpio-permission-denied");
    system.failing.set("open", EIO);
    errorOf(() => GpioChip.open("/dev/gpiochip0", system), "gpio-io");
    system.failing.delete("open");
    system.failing.set("GPIO_GET_CHIPINFO", EINVAL);
    errorOf(() => GpioChip.open("/dev/gpiochip0", system), "gpio-not-found");
  });

  test("that may not be opened: who may", () => {
    const groups = "root:x:0:\ndialout:x:20:pi\ngpio:x:997:pi\n";
    expect(permissionAdvice({ gid: 997, mode: 0o20660 }, groups)).toContain("usermod -aG gpio USER");
    expect(permissionAdvice({ gid: 0, mode: 0o20600 }, groups)).toContain("a udev rule");
    expect(permissionAdvice({ gid: 997, mode: 0o20640 }, groups)).toContain("a udev rule");
    expect(permissionAdvice({ gid: 12_345, mode: 0o20660 }, groups)).toContain("group 12345");
    expect(permissionAdvice({ gid: 65_534, mode: 0o20660 }, `${groups}nogroup:x:65534:\n`)).not.toContain("nogroup");
  });

  test("is found by path, name, number and label, and without any of it where it is a Raspberry Pi's", () => {
    const { gpio, where } = search();
    for (const which of ["/dev/gpiochip4", "gpiochip4", "4", "pinctrl-rp1", null]) {
      const chip = openChip(which, where);
      expect(chip.path).toBe("/dev/gpiochip4");
      chip.close();
    }
    expect(gpio.openCount).toBe(0);
  });

  test("that is none of the Raspberry Pi's is not taken for it", () => {
    const { gpio, where } = search();
    gpio.chips.delete("/dev/gpiochip4");
    const error = errorOf(() => openChip(null, where), "gpio-not-found");
    expect(error.message).toContain("/dev/gpiochip0 is gpio-brcmstb@107d508500");
    errorOf(() => openChip("pinctrl-bcm2711", where), "gpio-not-found");
    gpio.chips.clear();
    expect(errorOf(() => openChip(null, where), "gpio-not-found").message).toContain("it has none");
  });

  test("that may not be opened may be the one that is looked for", () => {
    const { gpio, where } = search();
    gpio.failing.set("open", EACCES);
    errorOf(() => openChip(null, where), "gpio-permission-denied");
  });
});

describe("where a line is", () => {
  test("by physical pin, by name, by its place", () => {
    const system = new MemoryGpio();
    system.addChip("/dev/gpiochip0", "pinctrl-bcm2711", ["ID_SDA", "ID_SCL", "GPIO2"]);
    const chip = GpioChip.open("/dev/gpiochip0", system);
    expect(offsetOn(chip, 3)).toBe(2);
    expect(offsetOn(chip, "GPIO2")).toBe(2);
    expect(offsetOn(chip, "offset 2")).toBe(2);
    for (const pin of [1, 2, 4, 6, 39, 41, 0]) errorOf(() => offsetOn(chip, pin), "gpio-not-found");
  });

  test("no physical pins but those of a Raspberry Pi", () => {
    const { chip } = withChip();
    expect(errorOf(() => offsetOn(chip, 13), "gpio-not-found").message).toContain('as "offset 4"');
    expect(offsetOn(chip, "offset 1")).toBe(1);
  });

  // The 40-pin header as pinout(1) prints it, row by row, with the BCM number of GPIO lines.
  const header = `
    3v3 5v  2 5v  3 -  4 14  - 15  17 18  27 -  22 23  3v3 24  10 -  9 25  11 8  - 7
    0 1  5 -  6 12  13 -  19 16  26 20  - 21`;

  test("the header's pins have the BCM numbers that they have", () => {
    const specified = header.trim().split(/\s+/);
    expect(specified).toHaveLength(40);
    for (const [index, text] of specified.entries())
      expect(bcmLineOf(index + 1)).toBe(/^\d+$/.test(text) ? Number(text) : undefined);
  });
});
