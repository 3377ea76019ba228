import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { measurementOf, powerStatusOf, ReplyError, textOf } from "../../src/bus/replies.ts";
import { deviceTypes } from "../../src/devices/device-type.ts";
import fixture from "../fixtures/conversions.json";

const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** The raw integer that a text is taken for; undefined where it is refused. */
function integerOf(text: string): number | bigint | undefined {
  try {
    const measurement = measurementOf("pressure", bytesOf(text));
    return measurement.kind === "raw" ? measurement.value : undefined;
  } catch (error) {
    if (error instanceof ReplyError) return undefined;
    throw error;
  }
}

function decimalOf(text: string): number | undefined {
  try {
    const measurement = measurementOf("temperature", bytesOf(text));
    return measurement.kind === "temperature" ? measurement.temperatureC : undefined;
  } catch (error) {
    if (error instanceof ReplyError) return undefined;
    throw error;
  }
}

test("text has one character a byte, whatever the byte", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const text = textOf(all);
  expect(text).toHaveLength(256);
  for (let byte = 0; byte < 256; byte++) expect(text.charCodeAt(byte)).toBe(byte);
});

describe("texts of boards are taken as Python's int() and float() take them", () => {
  const cases = fixture.texts.map((entry) => [JSON.stringify(entry.text), entry] as const);
  test.each(cases)("%s", (_name, { text, int, float }) => {
    const integer = integerOf(text);
    expect(integer === undefined ? null : String(integer)).toBe(int);
    expect(decimalOf(text)).toBe(float === null ? undefined : Number(float));
  });

  test("but for numbers that JSON cannot say", () => {
    for (const text of ["nan", "NaN", "inf", "-inf", "Infinity", "-Infinity", "1e400"]) {
      expect(decimalOf(text)).toBeUndefined();
      expect(integerOf(text)).toBeUndefined();
    }
  });

  test("integers of any length come out digit for digit", () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.nat(3), (value, zeros) => {
        const sign = value < 0n ? "-" : "";
        const digits = String(value).replace("-", "");
        expect(String(integerOf(`${sign}${"0".repeat(zeros)}${digits}`))).toBe(String(value));
      }),
    );
  });

  test("integers that a number can hold are numbers, others are not", () => {
    expect(integerOf("9007199254740991")).toBe(9007199254740991);
    expect(integerOf("9007199254740992")).toBe(9007199254740992n);
    expect(integerOf("-9007199254740992")).toBe(-9007199254740992n);
    expect(integerOf("+9007199254740992")).toBe(9007199254740992n);
    expect(Object.is(integerOf("-0"), 0)).toBe(true);
  });
});

test("any bytes for any type are a measurement of finite numbers or a ReplyError with the evidence", () => {
  const anyReply = fc.oneof(
    fc.uint8Array({ maxLength: 246 }),
    fc.string({ unit: fc.constantFrom(...Array.from("0123456789+-. eE,")), maxLength: 246 }).map(bytesOf),
  );
  fc.assert(
    fc.property(fc.constantFrom(...deviceTypes), anyReply, (type, data) => {
      try {
        for (const value of Object.values(measurementOf(type, data))) {
          if (typeof value === "number") expect(Number.isFinite(value)).toBe(true);
        }
      } catch (error) {
        if (!(error instanceof ReplyError)) throw error;
        expect(error.received).toBe(textOf(data));
      }
    }),
  );
});

describe("power", () => {
  test("values of any length stay finite or are refused", () => {
    expect(powerStatusOf(bytesOf(`0,${"9".repeat(100)},0,0`)).inputPowerW).toBeGreaterThan(1e98);
    const tooLong = `0,${"9".repeat(400)},0,0`;
    expect(() => powerStatusOf(bytesOf(tooLong))).toThrow(ReplyError);
  });

  test("white space around the words is tolerated, and the text is handed on as it came", () => {
    const status = powerStatusOf(bytesOf(" 64, +0 ,0,0\r\n"));
    expect(status).toMatchObject({ raw: " 64, +0 ,0,0\r\n", on: false, inputPowerW: 0 });
  });

  test("words behind the fourth are ignored, as version 1.2 did", () => {
    expect(powerStatusOf(bytesOf("0,0,0,0,5,x"))).toMatchObject({ raw: "0,0,0,0,5,x", on: true });
  });

  test("a refusal shows the whole reply", () => {
    expect(() => powerStatusOf(bytesOf("64,0,0"))).toThrow(
      'expected status,power,voltage,current: four whole numbers, received "64,0,0"',
    );
  });
});
