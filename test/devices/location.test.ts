import { expect, test } from "bun:test";
import { deviceId } from "../../src/devices/ids.ts";
import { chassisLocation } from "../../src/devices/location.ts";

/** The specification's table, written out: the two bits of an axis, the higher one first. */
const depths = { "00": "unknown", "10": "front", "01": "rear", "11": "middle" } as const;
const horizontals = { "00": "unknown", "10": "left", "01": "right", "11": "middle" } as const;
const verticals = { "00": "unknown", "10": "top", "01": "bottom", "11": "middle" } as const;
const pairs = ["00", "01", "10", "11"] as const;

test("every combination of the three axes, whatever the other bits", () => {
  for (const depth of pairs) {
    for (const horizontal of pairs) {
      for (const vertical of pairs) {
        for (const others of ["000000000", "111111111"]) {
          const id = deviceId(Number.parseInt(`0${depth}${horizontal}${vertical}${others}`, 2));
          expect(chassisLocation(id)).toEqual({
            depth: depths[depth],
            horizontal: horizontals[horizontal],
            vertical: verticals[vertical],
          });
        }
      }
    }
  }
});

test("every node of a microserver, whatever the other bits", () => {
  for (let node = 0; node < 32; node++) {
    for (const others of ["00000000", "11111111"]) {
      for (const unused of ["00", "11"]) {
        const id = Number.parseInt(`1${unused}${node.toString(2).padStart(5, "0")}${others}`, 2);
        expect(chassisLocation(deviceId(id))).toEqual({
          depth: "unknown",
          horizontal: "unknown",
          vertical: "unknown",
          node,
        });
      }
    }
  }
});

test("ids of the golden trace: 2000 is rear, 4000 front, 8301 node 3", () => {
  expect(chassisLocation(deviceId(0x2000))).toEqual({ depth: "rear", horizontal: "unknown", vertical: "unknown" });
  expect(chassisLocation(deviceId(0x4000))).toEqual({ depth: "front", horizontal: "unknown", vertical: "unknown" });
  expect(chassisLocation(deviceId(0x8301)).node).toBe(3);
});
