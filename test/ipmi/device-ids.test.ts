import { expect, test } from "bun:test";
import { array, assert, constantFrom, integer, property, record } from "fast-check";
import { assignDeviceIds, type DeviceIds } from "../../src/ipmi/device-ids.ts";

const sensor = (key: string, number: number) => ({ key, number });
const hex = (ids: DeviceIds) => Object.fromEntries([...ids].map(([key, id]) => [key, id.toString(16)]));

test("a sensor's id is its number; of those with the same number the later ones get free ids from 1000 up", () => {
  const ids = assignDeviceIds([sensor("a", 1), sensor("b", 0xfe), sensor("c", 1), sensor("d", 1)], new Map());
  expect(hex(ids)).toEqual({ a: "1", b: "fe", c: "1000", d: "1001" });
});

test("ids stay, whatever order the sensors come in and whichever come along", () => {
  const first = assignDeviceIds([sensor("a", 1), sensor("c", 1)], new Map());
  const second = assignDeviceIds([sensor("e", 1), sensor("c", 1), sensor("b", 2), sensor("a", 1)], first);
  expect(hex(second)).toEqual({ a: "1", c: "1000", e: "1001", b: "2" });
});

test("what one that is gone had from 1000 up is kept for it; its number is free for others", () => {
  const first = assignDeviceIds([sensor("a", 1), sensor("c", 1)], new Map());
  const without = assignDeviceIds([sensor("n", 1), sensor("m", 1)], first);
  expect(hex(without)).toEqual({ c: "1000", n: "1", m: "1001" });
  const back = assignDeviceIds([sensor("c", 1), sensor("n", 1), sensor("a", 1)], without);
  expect(hex(back)).toEqual({ c: "1000", n: "1", m: "1001", a: "1002" });
});

test("power, system and LED keep theirs", () => {
  const ids = assignDeviceIds([sensor("a", 0x100), sensor("b", 0x200), sensor("c", 0x300)], new Map());
  expect(hex(ids)).toEqual({ a: "1000", b: "1001", c: "1002" });
});

test("no two sensors ever have the same id, and none changes its own", () => {
  const sensors = array(
    record({ key: constantFrom("a", "b", "c", "d", "e", "f"), number: integer({ min: 0, max: 3 }) }),
  );
  assert(
    property(array(sensors, { maxLength: 6 }), (rounds) => {
      let ids: DeviceIds = new Map();
      for (const round of rounds) {
        const after = assignDeviceIds(round, ids);
        expect(new Set(after.values()).size).toBe(after.size);
        for (const { key } of round) {
          expect(after.has(key)).toBe(true);
          if (ids.has(key)) expect(after.get(key)).toBe(ids.get(key));
        }
        ids = after;
      }
    }),
  );
});
