import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../src/config/load-config.ts";
import { configSchema } from "../../src/config/schema.ts";
import { parseJsonDocument } from "../../src/lib/json-document.ts";

const path = join(import.meta.dir, "../../config/opendcre.json");
const text = readFileSync(path, "utf8");
const lines = text.split("\n");
const document = parseJsonDocument(text, { comments: true });

/** The comment that stands right above a line, as one text. */
function commentAbove(line: number): string {
  const comment: string[] = [];
  for (let at = line - 2; lines[at]?.trim().startsWith("//"); at--)
    comment.unshift(lines[at]?.trim().slice(2).trim() ?? "");
  return comment.join(" ");
}

describe("config/opendcre.json", () => {
  const sections = Object.entries(configSchema.properties);

  test("has every section and setting, and no others", () => {
    const names = sections.map(([section, { properties }]) => [section, Object.keys(properties)]);
    const shipped = Object.entries(Object(document.value)).map(([section, values]) => [
      section,
      Object.keys(Object(values)),
    ]);
    expect(shipped).toEqual(names);
  });

  test.each(
    sections.flatMap(([section, { properties }]) =>
      Object.entries(properties).map(([key, schema]) => ({ section, key, schema })),
    ),
  )("has $section.$key with its default and its description", ({ section, key, schema }) => {
    expect(document.textAt([section, key])).toBe(JSON.stringify(schema.default));
    expect(commentAbove(document.positionAt([section, key]).line)).toBe(schema.description ?? "");
  });

  test("is the same as no file", () => {
    const shipped = loadConfig({ fileName: path, env: {}, readFile: () => text });
    const none = loadConfig({ fileName: path, env: {}, readFile: () => "{}" });
    expect(shipped).toEqual(none);
  });
});
