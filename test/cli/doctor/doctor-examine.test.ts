import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkAudit } from "../../../src/cli/doctor/check-audit.ts";
import { examine } from "../../../src/cli/doctor/examine.ts";
import { loadBmcs } from "../../../src/cli/doctor/load-bmcs.ts";
import { patientOf } from "../../../src/cli/doctor/patient.ts";
import type { CommandContext } from "../../../src/cli/command.ts";
import { parseArguments } from "../../../src/cli/parse-arguments.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { openAuditTrail } from "../../../src/telemetry/audit/audit-trail.ts";
import { configWith, fakeMachine, fileOf } from "./fake-machine.ts";

let folder = "";
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "opendcre-doctor-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const say = () => Promise.resolve();
const nothing = () => undefined;

const closed = () => {
  throw Object.assign(new Error("EACCES: permission denied, stat '/closed/x'"), { code: "EACCES" });
};

async function makeTrail(name: string): Promise<string> {
  const path = join(folder, name, "audit.jsonl");
  const events = {
    repaired: nothing,
    changed: nothing,
    cut: nothing,
    rotated: nothing,
    unavailable: nothing,
    available: nothing,
  };
  const trail = openAuditTrail({ path, rotateBytes: 10 ** 6, clock: systemClock, events });
  const entry = await trail.begin({ kind: "admin", who: { name: "alice", via: "cli" }, action: "token-create" });
  await entry.end("ok");
  await trail.close();
  return path;
}

const checkTrail = (path: string) =>
  checkAudit(configWith({ AUDIT_MODE: "on", AUDIT_FILE: path }), {}, { facts: () => fileOf(0o600) }, systemClock);

const load = (path: string, env = {}) =>
  loadBmcs(configWith({ IPMI_BMC_CONFIG: path }), env, fakeMachine({ [path]: fileOf(0o600) }));

function contextOf(env: CommandContext["env"]): CommandContext {
  return { env, print: say, complain: say };
}

function invocationOf(...words: readonly string[]) {
  const request = parseArguments(["doctor", ...words]);
  if (request.kind !== "command") throw new TypeError("no command");
  return request.invocation;
}

describe("what is looked at", () => {
  test("is the service with its options, where its unit is there", () => {
    const config = write("service.json", '{ "server": { "port": 7001 } }');
    const environmentFile = write(
      "default",
      `OPENDCRE_CONFIG=${config}\nOPENDCRE_OPTS="--emulator"\nOPENDCRE_LOG_LEVEL=debug\n`,
    );
    const unit = write("opendcre.service", "");
    const patient = patientOf(invocationOf(), contextOf({ PATH: "/bin" }), { units: [unit], environmentFile });
    expect(patient).toMatchObject({ isService: true, env: { STATE_DIRECTORY: "/var/lib/opendcre" } });
    expect(patient.load()).toMatchObject({
      fileName: config,
      server: { port: 7001 },
      emulator: { enabled: true },
      log: { level: "debug" },
    });
  });

  test("is what is named, where something is", () => {
    const unit = write("opendcre.service", "");
    const places = { units: [unit], environmentFile: join(folder, "none") };
    const config = write("own.json", '{ "server": { "port": 7002 } }');
    const named = patientOf(invocationOf("--config", config), contextOf({}), places);
    expect(named.isService).toBe(false);
    expect(named.load().server.port).toBe(7002);
    expect(patientOf(invocationOf(), contextOf({ OPENDCRE_SERVER_PORT: "7003" }), places).load().server.port).toBe(
      7003,
    );
    expect(patientOf(invocationOf(), contextOf({}), { ...places, units: [] }).isService).toBe(false);
  });

  test("is wrong in the service's options: that is a finding", async () => {
    const environmentFile = write("wrong-default", "OPENDCRE_OPTS=--colour\n");
    const places = { units: [write("opendcre.service", "")], environmentFile };
    const findings = await examine(patientOf(invocationOf(), contextOf({}), places), fakeMachine({}), systemClock);
    expect(findings.map(({ level, subject }) => `${level} ${subject}`)).toEqual(["fail configuration", "ok clock"]);
    expect(findings[0]?.message).toContain("unknown option --colour");
  });
});

test("a wrong configuration has a finding for each mistake", async () => {
  const path = write("wrong.json", '{ "server": { "port": "x" }, "bus": { "baud": 1 } }');
  const patient = patientOf(invocationOf("--config", path), contextOf({}));
  const findings = await examine(patient, fakeMachine({}), systemClock);
  expect(findings.filter(({ level }) => level === "fail").map(({ message }) => message)).toEqual([
    expect.stringContaining("server.port: found"),
    expect.stringContaining("bus.baud: unknown key"),
  ]);
});

test("what a user may not look at is told, and does not end the others", async () => {
  const config = configWith({ STATE_DIRECTORY: join(folder, "closed"), AUDIT_MODE: "off", EMULATOR_ENABLED: "true" });
  const patient = { isService: false, env: {}, load: () => config };
  const machine = fakeMachine({}, { isRoot: false, facts: closed });
  const findings = await examine(patient, machine, systemClock);
  const of = (subject: string) => findings.filter((finding) => finding.subject === subject);
  expect(of("disk")).toEqual([
    expect.objectContaining({ level: "warn", advice: "try again as root: sudo opendcre doctor" }),
  ]);
  expect(of("service")).toEqual([expect.objectContaining({ level: "ok" })]);
  const asRoot = await examine(patient, fakeMachine({}, { facts: closed }), systemClock);
  expect(asRoot.find(({ subject }) => subject === "disk")).toMatchObject({ level: "fail" });
});

describe("the audit trail", () => {
  test("is sound", async () => {
    expect(await checkTrail(await makeTrail("sound"))).toMatchObject([{ level: "ok" }]);
  });

  test("was changed", async () => {
    const path = await makeTrail("changed");
    writeFileSync(path, readFileSync(path, "utf8").replace("alice", "mallo"));
    expect(await checkTrail(path)).toMatchObject([
      { level: "fail", message: expect.stringContaining(`${path}:1 is not`) },
    ]);
  });

  test("is not kept, or not begun", async () => {
    const off = configWith({ AUDIT_MODE: "off" });
    expect(await checkAudit(off, {}, fakeMachine({}), systemClock)).toMatchObject([{ level: "ok" }]);
    const on = configWith({ AUDIT_MODE: "on", AUDIT_FILE: "/nowhere/audit.jsonl" });
    expect(await checkAudit(on, {}, fakeMachine({}), systemClock)).toMatchObject([
      { level: "ok", message: "/nowhere/audit.jsonl is not begun yet" },
    ]);
  });
});

describe("the BMC file", () => {
  const entry = { bmc_ip: "192.0.2.1", username: "dcre" };

  test("is not there", () => {
    const path = join(folder, "no-bmcs.json");
    const { file, findings } = loadBmcs(configWith({ IPMI_BMC_CONFIG: path }), {}, fakeMachine({}));
    expect(file).toBeUndefined();
    expect(findings).toMatchObject([{ level: "fail", message: `${path} is not there` }]);
  });

  test("has mistakes, which are told without the passwords in it", () => {
    const path = write("wrong-bmcs.json", JSON.stringify({ bmcs: [{ ...entry, password: "hunter2".repeat(4) }] }));
    const { findings } = load(path);
    expect(findings).toMatchObject([{ level: "fail", message: expect.stringContaining("a password") }]);
    expect(JSON.stringify(findings)).not.toContain("hunter2");
  });

  test("takes its passwords from where systemd would hand them to the service", () => {
    const bmcs = [{ ...entry, password_credential: "opendcre_bmc" }];
    const path = write("credential-bmcs.json", JSON.stringify({ bmcs }));
    write("opendcre_bmc", "hunter2\n");
    expect(load(path, { CREDENTIALS_DIRECTORY: folder }).file?.bmcs).toHaveLength(1);
    expect(load(path).findings).toMatchObject([{ message: expect.stringContaining("/etc/opendcre/credentials/bmc") }]);
  });

  test("names a file with a password that the service may not read", () => {
    const passwordFile = write("bmc-password", "hunter2\n");
    const bmcs = [{ ...entry, password_file: "bmc-password" }];
    const path = write("file-bmcs.json", JSON.stringify({ bmcs }));
    const machine = fakeMachine({ [path]: fileOf(0o644), [passwordFile]: fileOf(0o600) });
    const { file, findings } = loadBmcs(configWith({ IPMI_BMC_CONFIG: path }), {}, machine);
    expect(file?.bmcs).toHaveLength(1);
    expect(findings).toMatchObject([{ level: "fail", message: expect.stringContaining(passwordFile) }]);
  });
});
