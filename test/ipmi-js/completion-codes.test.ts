import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { activateSession, setSessionPrivilegeLevel } from "../../src/ipmi-js/commands/session.ts";
import { findCommand } from "../../src/ipmi-js/commands/table.ts";
import { describeCompletionCode } from "../../src/ipmi-js/completion-codes.ts";

const python = "/usr/bin/python3";
const constants = "/usr/lib/python3/dist-packages/pyghmi/ipmi/private/constants.py";
const hasPyghmi = existsSync(python) && existsSync(constants);

/** Numbers that a Python expression over pyghmi's constants has, `c`. */
const ask = async (expression: string) => {
  const script = `from pyghmi.ipmi.private import constants as c; print(${expression})`;
  const child = Bun.spawn([python, "-c", script], { stdio: ["ignore", "pipe", "inherit"] });
  return (await new Response(child.stdout).text()).trim().split(" ").map(Number);
};

describe("completion codes in words", () => {
  test("what the user may not do", () => {
    expect(describeCompletionCode(0xd4)).toBe(
      "insufficient privilege: the user, or the level that the session was opened with, may not do this (D4h)",
    );
    expect(describeCompletionCode(0x81, setSessionPrivilegeLevel)).toBe(
      "the requested privilege level exceeds the user's or the channel's limit (81h)",
    );
  });

  test("the same code says something else with each command", () => {
    expect(describeCompletionCode(0x81, activateSession)).toBe("no session slot is free (81h)");
    expect(describeCompletionCode(0x81)).toBe("error of this command's own (81h)");
  });

  test("codes without words of their own", () => {
    expect(describeCompletionCode(0x01)).toBe("error of the manufacturer's own (01h)");
    expect(describeCompletionCode(0xbf)).toBe("reserved code (BFh)");
    expect(describeCompletionCode(0xe0)).toBe("reserved code (E0h)");
  });

  test("constructor, toString and the like are no commands", () => {
    for (const name of ["constructor", "toString", "__proto__"])
      expect(describeCompletionCode(0x80, { name })).toBe("error of this command's own (80h)");
  });

  test.skipIf(!hasPyghmi)("pyghmi has words for no generic code that we have none for", async () => {
    // It has one of more than a byte for timeouts of its own.
    const codes = (await ask("*c.ipmi_completion_codes")).filter((code) => code <= 0xff);
    expect(codes.length).toBeGreaterThan(20);
    for (const code of codes) expect(describeCompletionCode(code)).not.toMatch(/own|reserved/);
  });

  test.skipIf(!hasPyghmi)("nor for one of a command that we have", async () => {
    const triples = await ask("*(n for k, v in c.command_completion_codes.items() for code in v for n in (*k, code))");
    let known = 0;
    for (let at = 0; at < triples.length; at += 3) {
      const [netFn = 0, code = 0, completionCode = 0] = triples.slice(at, at + 3);
      const command = findCommand(netFn & ~1, code);
      if (!command) continue;
      known++;
      expect(describeCompletionCode(completionCode, command)).not.toMatch(/command's own/);
    }
    expect(known).toBe(16);
  });
});
