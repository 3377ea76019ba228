import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { commands } from "../../src/cli/commands.ts";
import { commandHelp, generalHelp, groupHelp } from "../../src/cli/help.ts";
import { parseArguments } from "../../src/cli/parse-arguments.ts";
import { UsageError } from "../../src/cli/usage-error.ts";

/** What a command line asks for, in short: the command, its options and its argument. */
function parsed(line: string): unknown {
  const request = parseArguments(line === "" ? [] : line.split(" "));
  if (request.kind === "version") return "version";
  if (request.kind === "group-help") return `help ${request.group.name} group`;
  if (request.kind === "help") return `help ${request.command?.name ?? ""}`.trim();
  const { command, options, argument } = request.invocation;
  return {
    command: command.name,
    options: Object.fromEntries(options.map(({ spec, value }) => [spec.name, value ?? true])),
    ...(argument !== undefined && { argument }),
  };
}

describe("a command line is understood", () => {
  test.each([
    ["", { command: "serve", options: {} }],
    ["serve", { command: "serve", options: {} }],
    ["--emulator", { command: "serve", options: { emulator: true } }],
    ["--emulator rack.json", { command: "serve", options: { emulator: "rack.json" } }],
    ["--emulator --port 80", { command: "serve", options: { emulator: true, port: "80" } }],
    ["--emulator=rack.json", { command: "serve", options: { emulator: "rack.json" } }],
    ["serve --config=a=b", { command: "serve", options: { config: "a=b" } }],
    ["serve --baud-delay --emulator", { command: "serve", options: { "baud-delay": true, emulator: true } }],
    ["serve --baud-delay 9600", { command: "serve", options: { "baud-delay": "9600" } }],
    [
      "serve --host ::1 --device /dev/ttyS0 --log-level debug --allow-unauthenticated-network",
      {
        command: "serve",
        options: { host: "::1", device: "/dev/ttyS0", "log-level": "debug", "allow-unauthenticated-network": true },
      },
    ],
    ["emulate --device /dev/ttyS0", { command: "emulate", options: { device: "/dev/ttyS0" } }],
    [
      "emulate --baud-delay rack.json --device /dev/ttyS0",
      { command: "emulate", options: { "baud-delay": true, device: "/dev/ttyS0" }, argument: "rack.json" },
    ],
    ["emulate -- --odd-name", { command: "emulate", options: {}, argument: "--odd-name" }],
    ["emulate -- --help", { command: "emulate", options: {}, argument: "--help" }],
    ["check-config my.json", { command: "check-config", options: {}, argument: "my.json" }],
    ["check-config --config my.json", { command: "check-config", options: { config: "my.json" } }],
    ["list-ports --json", { command: "list-ports", options: { json: true } }],
    [
      "token create monitoring --role reader",
      { command: "token create", options: { role: "reader" }, argument: "monitoring" },
    ],
    ["token list", { command: "token list", options: {} }],
    ["help token revoke", "help token revoke"],
    ["user add --help", "help user add"],
    ["token --help", "help token group"],
    ["user -h", "help user group"],
    ["audit --config x --help", "help audit group"],
    ["help token", "help token group"],
    ["help audit", "help audit group"],
    ["token --version", "version"],
    ["--version", "version"],
    ["list-ports --version", "version"],
    ["--help", "help"],
    ["-h", "help"],
    ["--port 80 --help", "help"],
    ["help", "help"],
    ["help serve", "help serve"],
    ["emulate --help", "help emulate"],
    ["emulate --no-such-thing -h", "help emulate"],
  ])("%s", (line, expected) => {
    expect(parsed(line)).toEqual(expected);
  });
});

describe("a wrong command line gets one line", () => {
  test.each([
    ["srve", 'unknown command "srve"; did you mean serve?'],
    ["frobnicate", 'unknown command "frobnicate"; see opendcre --help'],
    ["help srve", 'unknown command "srve"; did you mean serve?'],
    ["help serve emulate", 'unexpected argument "emulate"; expected opendcre help COMMAND'],
    ["--prot 80", "unknown option --prot; did you mean --port?"],
    ["--prot=80", "unknown option --prot; did you mean --port?"],
    ["--frobnicate", "unknown option --frobnicate; see opendcre help serve"],
    ["list-ports --device x", "unknown option --device; see opendcre help list-ports"],
    ["--verson", "unknown option --verson; did you mean --version?"],
    ["serve -p 80", "unknown option -p; did you mean -h?"],
    ["serve --port", "option --port needs a value: --port N"],
    [
      "user",
      "expected opendcre user add or opendcre user list or opendcre user password or opendcre user role or opendcre user remove",
    ],
    ["audit nosuch --help", "expected opendcre audit verify or opendcre audit show"],
    ["audit -- --help", "expected opendcre audit verify or opendcre audit show"],
    ["help audit nosuch", "expected opendcre audit verify or opendcre audit show"],
    ["serve --port --emulator", "option --port needs a value: --port N"],
    ["serve --port 1 --port=2", "option --port is given twice"],
    ["list-ports --json=yes", "option --json takes no value"],
    ["serve rack.json", 'unexpected argument "rack.json"; see opendcre help serve'],
    ["emulate a b", 'unexpected argument "b"; see opendcre help emulate'],
  ])("%s", (line, message) => {
    expect(() => parsed(line)).toThrow(new UsageError(message));
  });

  test("whatever it is", () => {
    const words = fc.oneof(
      fc.constantFrom("serve", "emulate", "--", "-", "--port", "--emulator", "--baud-delay=", "help", "-h"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 6 }), (argv) => {
        try {
          parseArguments(argv);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
    );
  });
});

describe("help", () => {
  test.each(commands)("$name names its options, all of them and no others", (command) => {
    const named = [...commandHelp(command).matchAll(/^ {2}--([\w-]+)/gm)].map((found) => found[1]);
    expect(named).toEqual(command.options.map((option) => option.name));
  });

  test.each([
    ["token", ["token create", "token list", "token revoke"]],
    ["user", ["user add", "user list", "user password", "user role", "user remove"]],
    ["audit", ["audit verify", "audit show"]],
  ])("%s names the commands of the group, and how they are used", (name, members) => {
    const request = parseArguments(["help", name]);
    if (request.kind !== "group-help") throw new TypeError(request.kind);
    const text = groupHelp(request.group);
    expect(text).toStartWith(`Usage: opendcre ${name} COMMAND`);
    const [list = "", examples = ""] = text.split("Examples:");
    expect([...list.matchAll(/^ {2}(\w+ \w+) {2,}\S/gm)].map((found) => found[1])).toEqual(members);
    for (const member of members) expect(examples).toContain(`  opendcre ${member}`);
  });

  test.each(commands)("$name has examples that are understood", ({ name, examples }) => {
    expect(examples.length).toBeGreaterThan(0);
    for (const [line] of examples) {
      if (!line.startsWith("opendcre")) continue;
      expect(parsed(line.split(" ").slice(1).join(" "))).toEqual(expect.objectContaining({ command: name }));
    }
  });

  test("in general names every command", () => {
    for (const { name } of commands) expect(generalHelp()).toMatch(new RegExp(`^  ${name} `, "m"));
  });

  test("fits a terminal", () => {
    for (const text of [generalHelp(), ...commands.map(commandHelp)])
      for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });

  test("says what the dangerous option does", () => {
    const serve = commands.find(({ name }) => name === "serve");
    expect(serve && commandHelp(serve).replaceAll(/\s+/g, " ")).toContain(
      "anyone who reaches the port can switch off servers",
    );
  });
});
