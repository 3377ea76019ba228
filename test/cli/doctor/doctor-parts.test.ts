import { describe, expect, test } from "bun:test";
import { fail, findingsAsJson, formatFindings, isWell, ok, warn } from "../../../src/cli/doctor/finding.ts";
import { mayAccess, userIn, wishes } from "../../../src/cli/doctor/service-user.ts";
import { parseEnvironmentFile, wordsOf } from "../../../src/cli/doctor/unit-environment.ts";

describe("findings", () => {
  const findings = [ok("clock", "right"), warn("disk", "little room", "make room"), fail("BMCs", "one\ntwo")];

  test("in words", () => {
    expect(formatFindings(findings)).toBe(
      [
        "ok    clock: right",
        "warn  disk: little room",
        "      to do: make room",
        "FAIL  BMCs: one",
        "      two",
        "1 thing fails, 1 warning",
        "",
      ].join("\n"),
    );
    expect(formatFindings([ok("clock", "right")])).toEndWith("everything is as it should be\n");
  });

  test("for programs", () => {
    expect(JSON.parse(findingsAsJson(findings))).toEqual({
      ok: false,
      findings: [
        { subject: "clock", level: "ok", message: "right" },
        { subject: "disk", level: "warn", message: "little room", advice: "make room" },
        { subject: "BMCs", level: "fail", message: "one\ntwo" },
      ],
    });
    expect(isWell(findings.slice(0, 2))).toBe(true);
  });

  test("do not steer the terminal", () => {
    expect(formatFindings([ok("BMCs", "a\u001B[2Jb\rc\u202Ed")])).toStartWith(
      "ok    BMCs: a\u{FFFD}[2Jb\u{FFFD}c\u{FFFD}d\n",
    );
  });
});

describe("who may do what", () => {
  const passwd = "root:x:0:0::/root:/bin/sh\nopendcre:x:990:991::/:/bin/false\nbroken\n";
  const group = "dialout:x:20:pi,opendcre\ngpio:x:30:pi\nopendcre:x:991:\n";
  const user = userIn(passwd, group, "opendcre")!;

  test("a user, with all groups", () => {
    expect(user).toEqual({ name: "opendcre", uid: 990, gids: new Set([991, 20]) });
    expect(userIn(passwd, group, 990)?.name).toBe("opendcre");
    expect(userIn(passwd, group, "nobody")).toBeUndefined();
    expect(userIn("", "", "broken")).toBeUndefined();
  });

  test.each([
    [0o600, 990, 0, wishes.read, true],
    [0o060, 0, 20, wishes.read | wishes.write, true],
    [0o040, 0, 20, wishes.read | wishes.write, false],
    [0o006, 0, 30, wishes.read | wishes.write, true],
    // The owner's rights are those of the owner, though the group has more.
    [0o077, 990, 20, wishes.read, false],
    [0o707, 0, 20, wishes.read, false],
  ])("mode %o of user %d and group %d, wanted %d: %p", (mode, uid, gid, wanted, expected) => {
    expect(mayAccess({ mode, uid, gid }, user, wanted)).toBe(expected);
  });

  test("root may everything", () => {
    expect(mayAccess({ mode: 0, uid: 5, gid: 5 }, { name: "root", uid: 0, gids: new Set() }, 6)).toBe(true);
  });
});

describe("the unit's environment", () => {
  test("as people write it", () => {
    const text = `# comment\n;another\nOPENDCRE_OPTS="--emulator --port 8080"\n A='b c'\nB=plain # kept\nnonsense\n__proto__=x\nC=\n`;
    expect({ ...parseEnvironmentFile(text) }).toEqual({
      OPENDCRE_OPTS: "--emulator --port 8080",
      A: "b c",
      B: "plain # kept",
      C: "",
      ["__proto__"]: "x",
    });
  });

  test("words", () => {
    expect(wordsOf("  --port  1 ")).toEqual(["--port", "1"]);
    expect(wordsOf(undefined)).toEqual([]);
  });
});
