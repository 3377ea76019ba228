import { expect, test } from "bun:test";
import { closestName } from "../../src/lib/closest-name.ts";

test.each([
  ["prot", "port"],
  ["PORT", "port"],
  ["pot", "port"],
  ["hosts", "host"],
  ["emulatro", "emulator"],
  ["emulat", "emulator"],
  ["zzzz", undefined],
  ["x", undefined],
  ["", undefined],
  ["p".repeat(100_000), undefined],
])("%p was meant to be %p", (name, meant) => {
  expect(closestName(name, ["port", "host", "emulator"])).toBe(meant);
});
