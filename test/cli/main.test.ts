import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listPorts } from "bun-serialport";
import manifest from "../../package.json" with { type: "json" };
import { portTable } from "../../src/cli/list-ports.ts";

const main = join(import.meta.dir, "../../src/main.ts");

/** Runs the program from its sources. */
async function opendcre(...args: string[]) {
  const child = Bun.spawn([process.execPath, main, ...args], {
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: process.env["PATH"] },
  });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { stdout, stderr, exitCode };
}

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "opendcre-main-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("the program", () => {
  test("--version names version, commit, runtime and platform", async () => {
    expect(await opendcre("--version")).toEqual({
      stdout: `opendcre ${manifest.version} (commit development, Bun ${Bun.version}, ${process.platform} ${process.arch})\n`,
      stderr: "",
      exitCode: 0,
    });
  });

  test.each(["--help", "help", "help emulate", "serve --help"])("%s helps", async (line) => {
    const { stdout, stderr, exitCode } = await opendcre(...line.split(" "));
    expect([stderr, exitCode]).toEqual(["", 0]);
    expect(stdout).toMatch(/^Usage: opendcre /);
  });

  test.each([
    [["--prot", "80"], "opendcre: unknown option --prot; did you mean --port?\n"],
    [["emulat"], 'opendcre: unknown command "emulat"; did you mean emulate?\n'],
  ])("%p is refused in one line", async (args, stderr) => {
    expect(await opendcre(...args)).toEqual({ stdout: "", stderr, exitCode: 64 });
  });

  test("a missing configuration file is named", async () => {
    expect(await opendcre("--config", "/nowhere/o.json")).toEqual({
      stdout: "",
      stderr: "opendcre: /nowhere/o.json: the configuration file cannot be read: no such file\n",
      exitCode: 78,
    });
  });

  test("every mistake in a configuration gets a line", async () => {
    const path = file("wrong.json", '{ "server": { "port": "x" },\n  "bus": { "baud": 1 } }');
    expect(await opendcre("serve", "--config", path, "--log-level", "loud")).toEqual({
      stdout: "",
      stderr: [
        `opendcre: ${path}:1:23: server.port: found "x", expected a whole number from 0 to 65535\n`,
        `opendcre: ${path}:2:20: bus.baud: unknown key; expected device, hardware, baud_rate, timeout_ms, retry_limit, collision_pause_ms, time_slice, queue_limit, reopen_min_ms or reopen_max_ms\n`,
        'opendcre: option --log-level: found "loud", expected "trace", "debug", "info", "warn", "error" or "fatal"\n',
      ].join(""),
      exitCode: 78,
    });
  });

  test("why it does not start is an error in the journal, as sd-daemon(3) has it", async () => {
    const config = file("wrong-twice.json", '{ "server": { "port": "x", "host": 1 } }');
    const journal = file("journal", "");
    const { dev, ino } = statSync(journal, { bigint: true });
    const child = Bun.spawn([process.execPath, main, "serve", "--config", config], {
      stdio: ["ignore", "ignore", Bun.file(journal)],
      env: { PATH: process.env["PATH"], JOURNAL_STREAM: `${dev}:${ino}` },
    });
    expect(await child.exited).toBe(78);
    const lines = (await Bun.file(journal).text()).trim().split("\n");
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toStartWith(`<3>opendcre: ${config}:1:`);
  });

  test("the network is not opened by mistake", async () => {
    const { stderr, exitCode } = await opendcre("--emulator", "--host", "0.0.0.0");
    expect(exitCode).toBe(78);
    expect(stderr).toMatch(/^opendcre: option --host: found "0\.0\.0\.0", expected a loopback address[^\n]*\n$/);
  });
});

describe("check-config", () => {
  test("says what a configuration comes to", async () => {
    const rack = file("rack.json", '{"boards": []}');
    const path = file(
      "good.json",
      `{ "server": { "port": 80 }, "emulator": { "enabled": true, "file": "rack.json" } }`,
    );
    expect(await opendcre("check-config", path)).toEqual({
      stdout: `ok: ${path}
  listens on http://127.0.0.1:80/opendcre/
  serves the emulated rack in ${rack}
  logs from info on; requests: commands
`,
      stderr: "",
      exitCode: 0,
    });
  });

  test("shows what serving would warn of", async () => {
    const path = file("open.json", '{ "server": { "host": "::", "allow_unauthenticated_network": true } }');
    const { stdout, exitCode } = await opendcre("check-config", "--config", path);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("listens on http://[::]:5000/opendcre/");
    expect(stdout).toContain("  warn: listening on :: without credentials");
  });

  test("finds mistakes in the board file that is named, enabled or not", async () => {
    const rack = file("bad-rack.json", '{"boards": [{"board_id": 5}, {"board_id": "xyz"}]}');
    const path = file("names-bad-rack.json", '{ "emulator": { "file": "bad-rack.json" } }');
    const { stdout, stderr, exitCode } = await opendcre("check-config", path);
    expect([stdout, exitCode]).toEqual(["", 78]);
    expect(stderr.trimEnd().split("\n")).toEqual([
      expect.stringContaining(`opendcre: ${rack}:1:26: boards[0].board_id: `),
      expect.stringContaining(`opendcre: ${rack}:1:43: boards[1].board_id: `),
    ]);
  });

  test("finds that the board file is missing", async () => {
    const path = file("names-no-rack.json", '{ "emulator": { "file": "no-rack.json" } }');
    const { stderr, exitCode } = await opendcre("check-config", path);
    expect(exitCode).toBe(78);
    expect(stderr).toMatch(/^opendcre: [^\n]*no-rack\.json[^\n]*; correct the name, or create the file\n$/);
  });

  test("looks for passwords where systemd takes the service's from", async () => {
    const names = ["opendcre_no-such-file", "rack7"];
    const bmcs = names.map((name) => ({ bmc_ip: name, username: "u", password_credential: name }));
    file("bmcs.json", JSON.stringify({ bmcs }));
    const { stderr, exitCode } = await opendcre(
      "check-config",
      file("names-bmcs.json", '{ "ipmi": { "bmc_config": "bmcs.json" } }'),
    );
    expect(exitCode).toBe(78);
    expect(stderr).toContain("open '/etc/opendcre/credentials/no-such-file'");
    expect(stderr).toContain("the service is handed opendcre_FILE for each FILE in /etc/opendcre/credentials");
  });

  test("takes one file", async () => {
    expect(await opendcre("check-config", "--config", "a", "b")).toEqual({
      stdout: "",
      stderr: "opendcre: the configuration file is named twice; expected FILE or --config FILE\n",
      exitCode: 64,
    });
  });
});

describe("list-ports", () => {
  test("--json is what bun-serialport knows", async () => {
    const { stdout, stderr, exitCode } = await opendcre("list-ports", "--json");
    expect([stderr, exitCode]).toEqual(["", 0]);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(await listPorts())));
  });

  test("is a table without it", async () => {
    const { stdout, exitCode } = await opendcre("list-ports");
    expect(exitCode).toBe(0);
    expect(stdout).toBe(portTable(await listPorts()));
  });
});
