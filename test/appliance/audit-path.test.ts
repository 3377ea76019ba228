import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { auditPathToRead, wantedAuditPlace } from "../../src/appliance/audit-path.ts";
import { loadConfig } from "../../src/config/load-config.ts";

let home = "";
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "opendcre-home-"))));
afterEach(() => rmSync(home, { recursive: true }));

const configWith = (settings: object = {}) =>
  loadConfig({ fileName: "/c.json", env: {}, readFile: () => JSON.stringify(settings) });
const emulated = { emulator: { enabled: true } };

/** What the folders of a machine can be written by whom the test is about: all but those below these. */
const closed =
  (...folders: readonly string[]) =>
  (path: string) =>
    folders.some((folder) => path.startsWith(folder)) ? `EACCES: ${path}` : undefined;

const usual = "/var/lib/opendcre/audit/audit.jsonl";

describe("the trail of a rack that is there", () => {
  test("is in the usual folder", () => {
    expect(wantedAuditPlace(configWith(), { HOME: home }, closed())).toEqual({
      path: usual,
      whyElsewhere: undefined,
      fault: undefined,
    });
  });

  // The XDG Base Directory Specification: "$HOME/.local/state should be used", relative paths are to be ignored.
  test.each([
    [{ HOME: "/home/ann" }, "/home/ann/.local/state/opendcre/audit/audit.jsonl"],
    [{ HOME: "/home/ann", XDG_STATE_HOME: "/data/state" }, "/data/state/opendcre/audit/audit.jsonl"],
    [{ HOME: "/home/ann", XDG_STATE_HOME: "state" }, "/home/ann/.local/state/opendcre/audit/audit.jsonl"],
    [{ HOME: "/home/ann", XDG_STATE_HOME: "" }, "/home/ann/.local/state/opendcre/audit/audit.jsonl"],
  ])("is in the user's own where that cannot be written: %o", (env, path) => {
    for (const mode of ["auto", "on"]) {
      const place = wantedAuditPlace(configWith({ audit: { mode } }), env, closed("/var"));
      expect(place).toEqual({ path, whyElsewhere: "EACCES: /var/lib/opendcre/audit", fault: undefined });
    }
  });

  test.each([{}, { HOME: "nowhere" }, { HOME: "/home/ann" }])(
    "is never nowhere: where no folder can be written, there is one that refuses: %o",
    (env) => {
      const place = wantedAuditPlace(configWith(), env, closed("/"));
      expect(place).toEqual({ path: usual, whyElsewhere: undefined, fault: "EACCES: /var/lib/opendcre/audit" });
    },
  );

  test("is where somebody has named a place, and nowhere else, even where that cannot be written", () => {
    const [env, closedEverywhere] = [{ HOME: home }, closed("/s", "/a")];
    const ofState = wantedAuditPlace(configWith({ state: { directory: "/s" } }), env, closedEverywhere);
    expect(ofState).toMatchObject({ path: "/s/audit/audit.jsonl", fault: "EACCES: /s/audit" });
    const ofSystemd = wantedAuditPlace(configWith(), { ...env, STATE_DIRECTORY: "/s" }, closedEverywhere);
    expect(ofSystemd).toMatchObject({ path: "/s/audit/audit.jsonl", fault: "EACCES: /s/audit" });
    const ofFile = wantedAuditPlace(configWith({ audit: { file: "/a/t.jsonl" } }), env, closedEverywhere);
    expect(ofFile).toMatchObject({ path: "/a/t.jsonl", fault: "EACCES: /a" });
  });

  test("is none where it is switched off, and only there", () => {
    expect(wantedAuditPlace(configWith({ audit: { mode: "off" } }), { HOME: home }, closed())).toBeUndefined();
  });
});

describe("the trail of an emulated rack", () => {
  test("is none where nobody has asked for one", () => {
    expect(wantedAuditPlace(configWith(emulated), { HOME: home }, closed())).toBeUndefined();
  });

  test.each([
    [{ audit: { mode: "on" } }, {}],
    [{ audit: { file: "/a/t.jsonl" } }, {}],
    [{ state: { directory: "/s" } }, {}],
    [{}, { STATE_DIRECTORY: "/s" }],
  ])("is there where somebody has: %o %o", (settings, env) => {
    expect(wantedAuditPlace(configWith({ ...emulated, ...settings }), env, closed())).toBeDefined();
  });
});

test("whoever looks at the trail of this machine finds their own where there is one, and else the usual one", () => {
  const [config, env] = [configWith(), { XDG_STATE_HOME: home }];
  expect(auditPathToRead(config, env, closed("/var"))).toBe(usual);
  mkdirSync(join(home, "opendcre", "audit"), { recursive: true });
  const own = join(home, "opendcre", "audit", "audit.jsonl");
  writeFileSync(own, "");
  expect(auditPathToRead(config, env, closed("/var"))).toBe(own);
  expect(auditPathToRead(config, env, closed())).toBe(usual);
});
