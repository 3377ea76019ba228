import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bashCompletion } from "../../packaging/bash-completion.ts";
import { manuals } from "../../packaging/deb.ts";
import { debianVersion } from "../../packaging/debian-version.ts";
import { escapeRoff } from "../../packaging/man-page.ts";
import { opendcrePage } from "../../packaging/opendcre-8.ts";
import { opendcreJsonPage } from "../../packaging/opendcre-json-5.ts";
import { commands } from "../../src/cli/commands.ts";
import { settingSchemas } from "../../src/config/schema.ts";
import { root } from "../support/product.ts";

const title = { version: "2.0.0~alpha.1", epochS: Date.UTC(2026, 10, 24) / 1000 };
const pages = { "opendcre(8)": opendcrePage(title), "opendcre.json(5)": opendcreJsonPage(title) };

const withInput = (input: string, command: string, ...args: readonly string[]) => {
  const { stdout, stderr, status } = spawnSync(command, args, { input, encoding: "utf8" });
  return { stdout, stderr, status };
};

/** A page as people read it, without the strokes over strokes that make it bold. */
const read = (text: string) =>
  withInput(text, "mandoc", "-T", "utf8", "-O", "width=500")
    .stdout.split("\u0008")
    .map((part, index, { length }) => (index < length - 1 ? part.slice(0, -1) : part))
    .join("");

const hasMandoc = Bun.which("mandoc") !== null;

describe("man pages", () => {
  const names = Object.entries(pages).map(([name, text]) => ({ name, text }));

  test.skipIf(!hasMandoc).each(names)(
    `$name has nothing that mandoc warns of${hasMandoc ? "" : " (not here: mandoc)"}`,
    ({ text }) => {
      expect(withInput(text, "mandoc", "-T", "lint", "-W", "warning").stdout).toBe("");
    },
  );

  test.skipIf(!hasMandoc)("name every command with its options, and every setting", () => {
    const manual = read(pages["opendcre(8)"]);
    for (const { name, options } of commands) {
      expect(manual).toContain(name);
      for (const option of options) expect(manual).toContain(`--${option.name}`);
    }
    const settings = read(pages["opendcre.json(5)"]);
    expect(settingSchemas.size).toBeGreaterThan(20);
    for (const setting of settingSchemas.keys()) expect(settings).toContain(setting);
  });

  test.each([
    [".so /etc/passwd", String.raw`\&.so /etc/passwd`],
    ["'br", String.raw`\(aqbr`],
    [String.raw`C:\n`, String.raw`C:\en`],
    ["--host", String.raw`\-\-host`],
  ])("take %j for a text, not for a request", (text, escaped) => {
    expect(escapeRoff(text)).toBe(escaped);
  });
});

/** What bash offers for the last of the words. */
const offered = (...words: readonly string[]) => {
  const script = `${bashCompletion()}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _opendcre; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = withInput("", "bash", "-c", script, "bash", "opendcre", ...words);
  expect([stderr, status]).toEqual(["", 0]);
  return stdout.split("\n").filter((word) => word !== "");
};

test.each(manuals)("%s refers to no neighbour that is not in the package", (name) => {
  const text = readFileSync(join(root, "docs", name), "utf8");
  const neighbours = [...text.matchAll(/\]\((?<name>[\w.-]+\.md)\)/g)].map(({ groups }) => groups?.["name"]);
  expect(neighbours.filter((neighbour) => !manuals.some((manual) => manual === neighbour))).toEqual([]);
});

describe("completion", () => {
  test("offers commands, their second words, and options", () => {
    expect(offered("che")).toEqual(["check-config"]);
    expect(offered("token", "cr")).toEqual(["create"]);
    expect(offered("emulate", "--de")).toEqual(["--device"]);
    expect(offered("list-ports", "--")).toEqual(["--json", "--help"]);
    expect(offered("--vers")).toEqual(["--version"]);
    expect(offered("help", "emu")).toEqual(["emulate"]);
  });

  test("offers files where a file is expected, and nothing for what it does not know", () => {
    expect(offered("check-config", "/etc/passw")).toContain("/etc/passwd");
    expect(offered("serve", "--config", "/etc/passw")).toContain("/etc/passwd");
    expect(offered("serve", "--port", "5")).toEqual([]);
    expect(offered("nonsense", "--")).toEqual([]);
  });

  test("takes what is typed for nothing but a text", () => {
    expect(offered("$(touch /tmp/opendcre-completion)")).toEqual([]);
    expect(Bun.file("/tmp/opendcre-completion").size).toBe(0);
  });
});

/** What docs/operations.md has a line for: `warn tls`. */
function explained(): Set<string> {
  const text = readFileSync(join(root, "docs/operations.md"), "utf8");
  const rows = [...text.matchAll(/^\| (debug|info|warn|error|fatal) \|([^|]*)\|/gm)];
  return new Set(
    rows.flatMap(([, level, events = ""]) =>
      [...events.matchAll(/`([a-z-]+)`/g)].map(([, event]) => `${level} ${event}`),
    ),
  );
}

/** Everything that the program itself logs, as it stands in its sources. */
const logged = [...new Bun.Glob("src/**/*.ts").scanSync(root)]
  .map((path) => readFileSync(join(root, path), "utf8"))
  .join("\n");

const eventOf = (line: string) => line.split(" ")[1] ?? "";

describe("the table of log lines", () => {
  test("has every event, and none that there is not", () => {
    const names = [
      ...logged.matchAll(/\bevent(?::| =) "([a-z-]+)"(?! \|)/g),
      ...logged.matchAll(/\blog\.event\("([a-z-]+)"/g),
    ].map(([, name = ""]) => name);
    expect(names.length).toBeGreaterThan(20);
    expect([...new Set([...explained()].map(eventOf))].toSorted()).toEqual([...new Set(names)].toSorted());
  });

  test("has every event at its level", () => {
    const calls = [...logged.matchAll(/\blog\.(info|warn|error|fatal)\(\s*\{\s*event: "([a-z-]+)"/g)];
    const lines = new Set(calls.map(([, level = "", event = ""]) => `${level} ${event}`));
    expect(lines.size).toBeGreaterThan(20);
    expect([...lines].filter((line) => !explained().has(line))).toEqual([]);
  });
});

test.each([
  ["2.0.0-alpha.1", "2.0.0~alpha.1"],
  ["2.0.0", "2.0.0"],
])("version %s is Debian's %s, before what follows it", (version, debian) => {
  expect(debianVersion(version)).toBe(debian);
  if (Bun.which("dpkg") !== null)
    expect(spawnSync("dpkg", ["--compare-versions", debian, "lt", "2.0.1"]).status).toBe(0);
});
