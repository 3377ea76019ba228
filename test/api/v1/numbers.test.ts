import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseDecimal, parseHexadecimal, quote, type SpelledInteger } from "../../../src/api/v1/numbers.ts";
import python10 from "../../fixtures/python-int10.json";
import python16 from "../../fixtures/python-int16.json";

/** The value, in decimal digits, as Python prints it; null where the text is no integer. */
function valueOf(parsed: SpelledInteger | undefined, prefix: "" | "0x"): string | null {
  if (!parsed) return null;
  const { isNegative, significant } = parsed;
  return `${isNegative ? "-" : ""}${BigInt(`${prefix}${significant || "0"}`)}`;
}

const hexValueOf = (text: string) => valueOf(parseHexadecimal(text), "0x");
const decimalValueOf = (text: string) => valueOf(parseDecimal(text), "");

describe("integers are those that Python reads", () => {
  for (const [table, parse, name] of [
    [python16, hexValueOf, "hexadecimal"],
    [python10, decimalValueOf, "decimal"],
  ] as const) {
    test(`${name}: every text of the table`, () => {
      expect(table.length).toBeGreaterThan(150);
      const ours = table.map(([text]) => [text, parse(text ?? "")]);
      expect(ours).toEqual(table);
    });
  }

  const spaces = fc.string({ unit: fc.constantFrom(" ", "\t", "\n", "\u00a0", "\u3000", "\u0085"), maxLength: 3 });

  test("hexadecimal: any number, however it is spelled", () => {
    const spelled = fc.record({
      value: fc.bigInt({ min: 0n, max: 2n ** 80n }),
      zeros: fc.nat(40),
      prefix: fc.constantFrom("", "0x", "0X"),
      sign: fc.constantFrom("", "+", "-"),
      isUpper: fc.boolean(),
      before: spaces,
      after: spaces,
    });
    fc.assert(
      fc.property(spelled, ({ value, zeros, prefix, sign, isUpper, before, after }) => {
        const hex = value.toString(16);
        const digits = "0".repeat(zeros) + (isUpper ? hex.toUpperCase() : hex);
        const expected = sign === "-" ? -value : value;
        expect(hexValueOf(`${before}${sign}${prefix}${digits}${after}`)).toBe(expected.toString());
      }),
    );
  });

  test("decimal: the digits stay as they were spelled", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(40), spaces, fc.constantFrom("", "+"), (value, zeros, space, sign) => {
        const digits = "0".repeat(zeros) + value;
        expect(parseDecimal(`${space}${sign}${digits}${space}`)?.digits).toBe(digits);
      }),
    );
  });

  test("what is not digits all through is no number", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string({ unit: fc.constantFrom("_", "g", ".", "\u0661", "\uff11", " 1") }),
        (a, b) => {
          if (b === "") return;
          expect(parseHexadecimal(`1${a}${b}1`.replaceAll(/[0-9a-f]/gi, "1"))).toBeUndefined();
        },
      ),
    );
  });
});

test.skipIf(Bun.which("python3") === null)("python3, where it is there, reads random texts as we do", () => {
  const unit = fc.constantFrom(...Array.from("0123456789abcdefABCDEFxX+- \t\n\u00a0\u0085\u001d\u200bgL.é"));
  const texts = fc.sample(fc.string({ unit, maxLength: 6 }), 3000);
  const program = `import json,sys
def value(text,base):
  try: return str(int(text,base))
  except ValueError: return None
print(json.dumps([[value(t,16),value(t,10)] for t in json.load(sys.stdin)]))`;
  const { stdout } = Bun.spawnSync(["python3", "-c", program], { stdin: Buffer.from(JSON.stringify(texts)) });
  const python: unknown = JSON.parse(stdout.toString());
  const ours: unknown = texts.map((text) => [hexValueOf(text), decimalValueOf(text)]);
  expect(ours).toEqual(python);
});

test("messages repeat a text in quotes, and not endlessly", () => {
  expect(quote('a"b\n')).toBe('"a\\"b\\n"');
  expect(quote("x".repeat(65))).toBe(`"${"x".repeat(64)}…"`);
});
