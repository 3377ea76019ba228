import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../support/command.ts";
import { fromSources } from "../support/product.ts";

const folder = mkdtempSync(join(tmpdir(), "opendcre-cli-credentials-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
});

const env = { OPENDCRE_STATE_DIRECTORY: folder };
const run = (line: string, input?: string) =>
  runCommand(line.split(" "), { env, ...(input !== undefined && { input }) });
const file = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), "utf8"));
const trail = () => readFileSync(join(folder, "audit", "audit.jsonl"), "utf8");

/** Every file below the folder, as one text. */
const everything = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
    .join("\n");

/** Types on a terminal whenever the program asks; returns everything that is seen there. */
async function onTerminal(answers: readonly string[]): Promise<{ exitCode: number; seen: string }> {
  const left = [...answers];
  let seen = "";
  const child = Bun.spawn([...fromSources, "user", "add", "alice", "--role", "reader"], {
    env: { ...Bun.env, ...env },
    terminal: {
      data(terminal, bytes) {
        seen += new TextDecoder().decode(bytes);
        if (/(?:alice|more): $/.test(seen)) terminal.write(left.shift() ?? "\u0003");
      },
    },
  });
  return { exitCode: await child.exited, seen };
}

describe("opendcre token", () => {
  test("creates, lists and revokes; the token is printed alone, and kept nowhere", async () => {
    const created = await run("token create deploy --role operator --boards 0x2,1 --expires 90d");
    expect(created).toEqual({
      exitCode: 0,
      out: expect.stringMatching(/^dcre_[\w-]{43}\n$/),
      err: expect.stringContaining("deploy: operator of boards 00000001, 00000002; expires 2"),
    });
    expect(everything()).not.toContain(created.out.trim());
    const listed = await run("token list");
    expect(listed.out).toMatch(
      /^NAME +ROLES +CREATED +EXPIRES +LAST USED\ndeploy +operator@00000001,00000002 +2\S+Z +2\S+Z +-\n$/,
    );
    const [entry] = JSON.parse((await run("token list --json")).out);
    expect(Object.keys(entry)).toEqual(["name", "grants", "created", "expires"]);
    expect(Date.parse(entry.expires) - Date.parse(entry.created)).toBe(90 * 86_400_000);
    expect((await run("token revoke deploy")).exitCode).toBe(0);
    expect((await run("token revoke deploy")).err).toBe("opendcre: there is no deploy\n");
    expect(file("tokens.json")).toEqual({ version: 1, tokens: [] });
    for (const action of ["token-create", "token-revoke"]) expect(trail()).toContain(`"${action}"`);
  }, 30_000);

  test("takes several roles, some for some boards alone, and lists them as they are given", async () => {
    const line = "token create night --role reader --role operator@0x11,40000001 --role admin@1";
    expect((await run(line)).err).toContain(
      "night: reader and operator of boards 00000011, 40000001 and admin of boards 00000001; never expires",
    );
    expect((await run("token list")).out).toMatch(/^night +reader operator@00000011,40000001 admin@00000001 +2\S+Z/m);
    const [entry] = JSON.parse((await run("token list --json")).out);
    expect(entry.grants).toEqual([
      { role: "reader" },
      { role: "operator", boards: ["00000011", "40000001"] },
      { role: "admin", boards: ["00000001"] },
    ]);
    // The first one stands where programs look that know of no others.
    expect(file("tokens.json")).toMatchObject({ tokens: [{ role: "reader", further: entry.grants.slice(1) }] });
    expect(trail()).toContain('"reader and operator of boards 00000011, 40000001 and admin of boards 00000001"');
    await run("user add alice --role operator@2 --role reader", "correct horse");
    expect((await run("user list")).out).toMatch(/^alice +operator@00000002 reader +2/m);
  }, 30_000);

  test.each([
    ["token create", "needs a name"],
    ["token create x", "--role has to be given"],
    ["token create x --role king", "expected reader, operator, admin"],
    ["token create x --role reader --boards 1,zz", "expected hexadecimal board ids"],
    ["token create x --role reader --boards 123456789", "expected hexadecimal board ids"],
    ["token create x --role operator@", "as in operator@10"],
    ["token create x --role operator@zz", "as in operator@10"],
    ["token create x --role king@1", "as in operator@10"],
    ["token create x --role reader --role operator --boards 1", "--boards: expected one --role beside it"],
    ["token create x --role operator@1 --boards 2", "--boards: expected one --role beside it"],
    ["token create x --role reader --expires 1d --expires 2d", "--expires is given twice"],
    ["token create x --role reader --expires 0d", "expected a number of hours, days or weeks"],
    ["token create x --role reader --expires 90", "expected a number of hours, days or weeks"],
    ["token create x --role reader --expires 999999999w", "expected a number of hours, days or weeks"],
    ["token create x y --role reader", "unexpected argument"],
    ["token create .x --role reader", "the name .*x.* cannot be taken"],
    ["token", "expected opendcre token create or opendcre token list or opendcre token revoke"],
    ["token nosuch", "expected opendcre token create"],
    ["toke create", "did you mean token?"],
  ])("%s: exit code 64, and no token", async (line, message) => {
    const { exitCode, out, err } = await run(line);
    expect([exitCode, out]).toEqual([64, ""]);
    expect(err).toMatch(new RegExp(message.replaceAll("?", String.raw`\?`)));
    expect(readdirSync(folder)).not.toContain("tokens.json");
  });

  test("does nothing with a file that everybody can read", async () => {
    await run("token create x --role reader");
    chmodSync(join(folder, "tokens.json"), 0o644);
    const { exitCode, err } = await run("token create y --role reader");
    expect([exitCode, err]).toEqual([78, expect.stringContaining("chmod 640")]);
    expect((await run("token list")).exitCode).toBe(78);
  });
});

describe("opendcre user", () => {
  test("adds, lists, gives other passwords and removes; passwords come from standard input, and are kept nowhere", async () => {
    expect(await run("user add alice --role admin", "correct horse\nnot this\n")).toMatchObject({
      exitCode: 0,
      out: "",
    });
    const before = file("users.json");
    expect((await run("user password alice", "battery staple")).exitCode).toBe(0);
    expect(file("users.json")).not.toEqual(before);
    expect(everything()).not.toMatch(/correct horse|battery staple|not this/);
    expect((await run("user list")).out).toMatch(/^NAME +ROLES +CREATED +PASSWORD SET\nalice +admin +2\S+Z +2\S+Z\n$/);
    expect((await run("user list --json")).out).not.toContain("hash");
    expect((await run("user add alice --role reader", "correct horse")).err).toContain("there is a alice already");
    const [hash = "none"] = /\$argon2id[^"\s]+/.exec(everything()) ?? [];
    expect(await run("user role alice --role reader --role operator@1,2")).toMatchObject({ exitCode: 0, out: "" });
    expect((await run("user list")).out).toMatch(/^alice +reader operator@00000001,00000002 +2/m);
    expect(await run("user role alice --role operator")).toMatchObject({ exitCode: 0 });
    expect((await run("user list")).out).toMatch(/^alice +operator +2/m);
    expect(everything()).toContain(hash);
    expect(await run("user role alice")).toMatchObject({ exitCode: 64, err: expect.stringContaining("--role") });
    expect((await run("user role bob --role admin")).err).toContain("there is no bob");
    expect((await run("user remove alice")).exitCode).toBe(0);
    expect((await run("user password alice", "battery staple")).err).toContain("there is no alice");
    for (const action of ["user-add", "user-password", "user-role", "user-remove"])
      expect(trail()).toContain(`"${action}"`);
  }, 30_000);

  test("takes no password that is too short, and none from the command line", async () => {
    for (const input of ["", "\n", "short\n", "\nlong enough\n"])
      expect(await run("user add alice --role admin", input)).toMatchObject({
        exitCode: 64,
        err: expect.stringContaining("8 characters"),
      });
    expect((await run("user add alice secret-password --role admin", "")).exitCode).toBe(64);
    expect(readdirSync(folder)).not.toContain("users.json");
  });

  test("asks on a terminal, twice, and shows nothing of what is typed", async () => {
    const { exitCode, seen } = await onTerminal(["correct hors\u007fse\r", "correct horse\r"]);
    expect([exitCode, seen]).toEqual([0, "New password for alice: \r\nOnce more: \r\nalice: reader.\r\n"]);
    expect(everything()).not.toContain("correct horse");
  });

  test.each([
    ["two that differ", ["correct horse\r", "correct hose\r"], "not the same"],
    ["one that is too short", ["short\r"], "8 characters"],
    ["Ctrl-C", ["correct\u0003"], "interrupted"],
    ["Ctrl-D", ["\u0004"], "8 characters"],
  ])("on a terminal, %s: nothing has changed", async (_, answers, message) => {
    const { exitCode, seen } = await onTerminal(answers);
    expect([exitCode, seen]).toEqual([64, expect.stringContaining(message)]);
    expect(readdirSync(folder)).not.toContain("users.json");
  });
});
