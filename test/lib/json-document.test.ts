import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { formatPath, JsonSyntaxError, parseJsonDocument, type JsonPath } from "../../src/lib/json-document.ts";

/** The mistakes found in a text, as `line:column place message`; undefined where there are none. */
function problemsOf(text: string, options?: { comments?: boolean }): string[] | undefined {
  try {
    parseJsonDocument(text, options);
    return undefined;
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return error.problems.map(
      ({ place, position, message }) => `${position.line}:${position.column} ${place} ${message}`,
    );
  }
}

describe("values", () => {
  test("are those of JSON.parse", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(0, 1, "\t"), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseJsonDocument(text).value).toEqual(JSON.parse(text));
      }),
    );
  });

  test("a text is well-formed where JSON.parse says so, and nowhere else", () => {
    const pieces = [
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"b"',
      "1",
      "-",
      "0",
      ".5",
      "e3",
      "true",
      "nul",
      "null",
      " ",
      "\n",
      '"',
      "\\",
      "\\u12",
      "\t",
      "//",
      "/*",
      "*/",
      "\u0000",
      "\u00a0",
      "'",
    ];
    const anyText = fc.oneof(
      fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join("")),
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.constantFrom(...pieces)).map(([text, at, piece]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + piece + text.slice(place + 1);
      }),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        const problems = problemsOf(text);
        if (problems?.every((problem) => problem.includes("named twice"))) return;
        let isJson = true;
        try {
          // A byte order mark, which JSON.parse does not know, is no mistake.
          JSON.parse(text.replace(/^\uFEFF/, ""));
        } catch {
          isJson = false;
        }
        expect([text, problems === undefined]).toEqual([text, isJson]);
      }),
      { numRuns: 2000 },
    );
  });

  test("names that are special elsewhere are names like others", () => {
    const { value } = parseJsonDocument('{"__proto__": {"a": 1}, "constructor": 2, "toString": 3}');
    expect(Object.keys(value ?? {})).toEqual(["__proto__", "constructor", "toString"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect({}).not.toHaveProperty("a");
  });

  test("a byte order mark is no part of it", () => {
    const document = parseJsonDocument('\uFEFF{"a": 1}');
    expect(document.value).toEqual({ a: 1 });
    expect(document.positionAt(["a"])).toEqual({ line: 1, column: 7 });
  });
});

describe("exact text", () => {
  const text = `{
  "numbers": [12345678901234567890, 30.0, 1e400, -0, 4100],
  "text": "a\\u00e9\\n",
  "object": { "in": [ ] }
}`;

  test.each<[JsonPath, string | undefined]>([
    [["numbers", 0], "12345678901234567890"],
    [["numbers", 1], "30.0"],
    [["numbers", 2], "1e400"],
    [["numbers", 3], "-0"],
    [["text"], '"a\\u00e9\\n"'],
    [["object"], '{ "in": [ ] }'],
    [["object", "in"], "[ ]"],
    [[], text],
    [["numbers", 5], undefined],
    [["numbers", -1], undefined],
    [["numbers", "0"], undefined],
    [["object", 0], undefined],
    [["nothing"], undefined],
    [["text", "length"], undefined],
    [["text", 0], undefined],
  ])("of %j is %j", (path, expected) => {
    expect(parseJsonDocument(text).textAt(path)).toBe(expected);
  });
});

describe("positions", () => {
  const document = parseJsonDocument('{\n  "a": [1,\n\n    {"b": 2}],\r\n\t"c": 3\n}');

  test.each<[JsonPath, number, number]>([
    [[], 1, 1],
    [["a"], 2, 8],
    [["a", 0], 2, 9],
    [["a", 1], 4, 5],
    [["a", 1, "b"], 4, 11],
    [["c"], 5, 7],
    // Where there is nothing, what is around it.
    [["a", 1, "x", "y"], 4, 5],
    [["a", 7], 2, 8],
    [["x"], 1, 1],
  ])("of %j is %d:%d", (path, line, column) => {
    expect(document.positionAt(path)).toEqual({ line, column });
  });
});

/** The ways to all values within a value, its own included. */
function pathsIn(value: unknown, path: JsonPath = []): JsonPath[] {
  if (typeof value !== "object" || value === null) return [path];
  const isArray = Array.isArray(value);
  const inside = Object.entries(value).flatMap(([key, part]) => pathsIn(part, [...path, isArray ? Number(key) : key]));
  return [path, ...inside];
}

test("a text with a comment has the same parts as without", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(0, 1, "\t\r\n"), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const bare = parseJsonDocument(text);
      const commented = parseJsonDocument(`${text}\n// comment`, { comments: true });
      expect(commented.value).toEqual(bare.value);
      for (const path of pathsIn(bare.value)) {
        expect(commented.textAt(path)).toBe(bare.textAt(path));
        expect(commented.positionAt(path)).toEqual(bare.positionAt(path));
        expect(JSON.parse(bare.textAt(path) ?? "")).toEqual(path.reduce<unknown>(stepInto, bare.value));
      }
    }),
  );
});

const stepInto = (value: unknown, step: string | number): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined;

describe("mistakes", () => {
  test("are named with their places, all of them", () => {
    expect(problemsOf('{"a": 1,\n "b" 2,\n "c": tru}')).toEqual([
      "2:6  not well-formed JSON: colon expected",
      "3:7  not well-formed JSON: invalid symbol",
      "3:10  not well-formed JSON: value expected",
    ]);
  });

  test("in thousands are cut short", () => {
    const problems = problemsOf(`[${"1\n".repeat(50_000)}]`);
    expect(problems?.length).toBeGreaterThan(1);
    expect(problems?.length).toBeLessThanOrEqual(20);
    expect(problems?.[0]).toBe("2:1  not well-formed JSON: comma expected");
  });

  test("the error's message has a line for each", () => {
    expect(() => parseJsonDocument('{"a": 1, "a": 2, "a": 3}')).toThrow(
      "1:10: named twice in the same object; expected each name once\n1:18: named twice in the same object",
    );
  });

  test("an empty text is one", () => {
    for (const text of ["", " \n", "\uFEFF"]) expect(problemsOf(text)).toHaveLength(1);
  });
});

describe("names given twice", () => {
  test("are mistakes, wherever they are, with their places", () => {
    expect(problemsOf('{"a": {"x": 1,\n"x": 1}, "b": [{"y y": 1, "y y": {"z": 1, "z": 2}}]}')).toEqual([
      "2:1 a.x named twice in the same object; expected each name once",
      '2:27 b[0]["y y"] named twice in the same object; expected each name once',
      '2:43 b[0]["y y"].z named twice in the same object; expected each name once',
    ]);
  });

  test("are the same name however they are spelled", () => {
    expect(problemsOf('{"a": 1, "\\u0061": 2}')).toHaveLength(1);
  });

  test("in different objects are none", () => {
    expect(problemsOf('[{"a": 1}, {"a": {"a": 2}}]')).toBeUndefined();
  });
});

describe("comments", () => {
  const text = '// before\n{ /* in\n between */ "a": 1, // after\n "b": "// no comment" }\n// at the end';

  test("are allowed where asked for", () => {
    const document = parseJsonDocument(text, { comments: true });
    expect(document.value).toEqual({ a: 1, b: "// no comment" });
    expect(document.positionAt(["a"])).toEqual({ line: 3, column: 18 });
  });

  test("are mistakes elsewhere", () => {
    expect(problemsOf(text)?.length).toBeGreaterThan(0);
    expect(problemsOf(text, { comments: false })?.length).toBeGreaterThan(0);
  });

  test("that do not end are mistakes", () => {
    expect(problemsOf('{"a": 1} /* and so on', { comments: true })).toHaveLength(1);
  });

  test("do not allow commas at the end", () => {
    expect(problemsOf('{"a": [1,],}', { comments: true })?.length).toBeGreaterThan(0);
  });
});

describe("depth", () => {
  test("of 100 is read, and not one more", () => {
    expect(problemsOf(`${"[".repeat(100)}${"]".repeat(100)}`)).toBeUndefined();
    expect(problemsOf(`${"[".repeat(101)}${"]".repeat(101)}`)).toEqual([
      "1:101  nested too deeply; expected at most 100 arrays and objects within each other",
    ]);
    expect(problemsOf('{"a":'.repeat(101))).toHaveLength(1);
  });

  test("is told from breadth, and from brackets in texts and comments", () => {
    expect(problemsOf(`[${"[],{},".repeat(1000)}0]`)).toBeUndefined();
    expect(problemsOf(`["${"[{".repeat(1000)}", "\\"${"[{".repeat(1000)}"]`)).toBeUndefined();
    expect(problemsOf(`// ${"[{".repeat(1000)}\n/* ${"[{".repeat(1000)} */ 1`, { comments: true })).toBeUndefined();
  });

  test.each(["[", '{"a":', "[{", "[},", '{"a":],', "[[}", "{[}", '{"a":[},', "[1 {", "[:"])(
    "of any height, begun with %j again and again, is refused and no more",
    (piece) => {
      expect(problemsOf(piece.repeat(50_000))?.length).toBeGreaterThan(0);
    },
  );

  test("of any height, whatever the brackets, ends in a value or in mistakes", () => {
    const anyPattern = fc.array(fc.constantFrom("{", "}", "[", "]", ",", ":", '"a"', "1"), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(anyPattern, (pattern) => {
        const text = pattern.join("").repeat(8000);
        expect(() => problemsOf(text)).not.toThrow();
      }),
      { numRuns: 60 },
    );
  });
});

test("paths are spelled as people write them", () => {
  expect(formatPath([])).toBe("");
  expect(formatPath(["boards", 1, "read"])).toBe("boards[1].read");
  expect(formatPath([0, "a", "b c", "d"])).toBe('[0].a["b c"].d');
  expect(formatPath(["", 'q"'])).toBe('[""]["q\\""]');
  expect(formatPath(["_comment", "$ref"])).toBe("_comment.$ref");
});
