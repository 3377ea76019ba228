import { describe, expect, test } from "bun:test";
import { describeFailure, formatFailure } from "../../src/cli/failures.ts";

const failure = (code: string, message: string) => Object.assign(new Error(message), { code });

describe("a failure that is foreseen", () => {
  // Exit codes from sysexits.h: 64 EX_USAGE, 69 EX_UNAVAILABLE, 74 EX_IOERR, 77 EX_NOPERM, 78 EX_CONFIG.
  test.each([
    ["usage", 64],
    ["invalid-config", 78],
    ["unreadable-config", 78],
    ["invalid-board-file", 78],
    ["address-in-use", 69],
    ["address-not-available", 69],
    ["permission-denied", 77],
    ["not-found", 69],
    ["busy", 69],
    ["unplugged", 69],
    ["not-a-tty", 78],
    ["unsupported-rate", 78],
    ["unsupported-setting", 78],
    ["io", 74],
    ["gpio-not-found", 78],
    ["gpio-permission-denied", 77],
    ["gpio-busy", 69],
    ["gpio-unsupported", 69],
    ["gpio-io", 74],
    ["ENOENT", 78],
    ["EISDIR", 78],
    ["EACCES", 77],
    ["EPERM", 77],
    ["EIO", 74],
  ])("%s ends with %i", (code, exitCode) => {
    const report = describeFailure(failure(code, "what happened"));
    expect<number>(report.exitCode).toBe(exitCode);
    expect(report.lines).toEqual([expect.stringMatching(/^what happened/)]);
  });

  test("says what to do", () => {
    expect(formatFailure(describeFailure(failure("address-in-use", "port 5000 of 127.0.0.1 is taken")))).toBe(
      "opendcre: port 5000 of 127.0.0.1 is taken; stop the other program, or choose another port with --port\n",
    );
  });

  test("has a line for each mistake in a file", () => {
    expect(formatFailure(describeFailure(failure("invalid-config", "a:1:1: x\na:2:1: y")))).toBe(
      "opendcre: a:1:1: x\nopendcre: a:2:1: y\n",
    );
  });
});

describe("a failure that is not foreseen", () => {
  test.each([
    ["an error", new RangeError("too\nfar"), "unexpected failure: RangeError: too far"],
    ["an error with a code", failure("ODD", "odd"), "unexpected failure: Error: odd"],
    ["a text", "text", "unexpected failure: string: text"],
    ["nothing", undefined, "unexpected failure: undefined: undefined"],
  ])("%s is ours, in one line without a stack", (_, thrown, start) => {
    const report = describeFailure(thrown);
    expect<number>(report.exitCode).toBe(70);
    expect(report.lines).toEqual([`${start} (--log-level debug shows where it comes from)`]);
  });
});
