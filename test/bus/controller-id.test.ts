import { expect, test } from "bun:test";
import { controllerIdOf } from "../../src/bus/controller-id.ts";

test("is the last two bytes of the MAC address", () => {
  expect(controllerIdOf("b8:27:eb:12:41:45")).toBe(0x4145);
  expect(controllerIdOf("B8:27:EB:12:FF:0A")).toBe(0xff0a);
});

test("is 0 where there is none", () => {
  for (const mac of [undefined, "", "00:00:00:00:00:00", "b8:27:eb:12:41", "b8:27:eb:12:41:45:46", "not a mac"]) {
    expect(controllerIdOf(mac)).toBe(0);
  }
});
