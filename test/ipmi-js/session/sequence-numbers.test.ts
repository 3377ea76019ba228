import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { SequenceCounter, SequenceWindow } from "../../../src/ipmi-js/session/sequence-numbers.ts";

const LAST = 0xff_ff_ff_ff;

describe("numbers that are sent", () => {
  test("go up by one, and past the last comes 1", () => {
    const counter = new SequenceCounter(LAST - 1);
    expect([counter.next(), counter.next(), counter.next(), counter.next()]).toEqual([LAST - 1, LAST, 1, 2]);
  });

  test("begin with 1, also where a BMC wants 0", () => {
    expect(new SequenceCounter().next()).toBe(1);
    expect(new SequenceCounter(0).next()).toBe(1);
  });
});

describe("numbers that are received", () => {
  test("0 is never accepted", () => {
    expect(new SequenceWindow(32).accept(0)).toBe(false);
    const atTheEnd = new SequenceWindow(32, LAST);
    expect(atTheEnd.accept(LAST)).toBe(true);
    expect(atTheEnd.accept(0)).toBe(false);
  });

  test("late ones are accepted once, within the window", () => {
    const window = new SequenceWindow(32);
    expect(window.accept(40)).toBe(true);
    expect(window.accept(9)).toBe(true);
    expect(window.accept(9)).toBe(false);
    expect(window.accept(8)).toBe(false);
    expect(window.accept(40)).toBe(false);
    expect(window.accept(39)).toBe(true);
  });

  test("IPMI 1.5's window has 8", () => {
    const window = new SequenceWindow(8, 100);
    expect(window.accept(99)).toBe(false);
    expect(window.accept(100)).toBe(true);
    expect(window.accept(108)).toBe(true);
    expect(window.accept(101)).toBe(true);
    expect(window.accept(100)).toBe(false);
  });

  test("the window goes past the last number", () => {
    const window = new SequenceWindow(32, LAST - 1);
    for (const number of [LAST - 1, 3, LAST, 1]) expect(window.accept(number)).toBe(true);
    for (const number of [LAST - 1, 3, LAST, 1]) expect(window.accept(number)).toBe(false);
    expect(window.accept(2)).toBe(true);
  });

  test("as a list of all that was seen has it", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(8, 16, 32),
        fc.array(fc.integer({ min: -40, max: 80 }), { maxLength: 60 }),
        (size, moves) => {
          const window = new SequenceWindow(size);
          const seen = new Set<number>();
          let highest = 0;
          for (const move of moves) {
            const number = Math.max(0, highest + move);
            const isNew = number > highest || (number > highest - size && !seen.has(number));
            const expected = number > 0 && isNew;
            expect(window.accept(number)).toBe(expected);
            if (!expected) continue;
            seen.add(number);
            highest = Math.max(highest, number);
          }
        },
      ),
    );
  });
});
