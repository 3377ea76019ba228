import { describe, expect, test } from "bun:test";
import { checkBmcs } from "../../../src/cli/doctor/check-bmcs.ts";
import { checkCertificates } from "../../../src/cli/doctor/check-certificates.ts";
import { checkClock } from "../../../src/cli/doctor/check-clock.ts";
import { checkHat, checkSerialPort } from "../../../src/cli/doctor/check-devices.ts";
import { checkDisk } from "../../../src/cli/doctor/check-disk.ts";
import { checkFiles } from "../../../src/cli/doctor/check-files.ts";
import { checkService, testUrlOf } from "../../../src/cli/doctor/check-service.ts";
import { checkUnit } from "../../../src/cli/doctor/check-unit.ts";
import type { Finding } from "../../../src/cli/doctor/finding.ts";
import type { BmcHealth } from "../../../src/cli/doctor/machine.ts";
import { boardId } from "../../../src/devices/ids.ts";
import { GpioError } from "../../../src/gpio/errors.ts";
import type { BmcDefinition } from "../../../src/ipmi/bmc-definition.ts";
import { Secret } from "../../../src/ipmi/secret.ts";
import { TlsError } from "../../../src/tls/errors.ts";
import { configWith, deviceOf, fakeMachine, fileOf, folderOf, NOW_MS } from "./fake-machine.ts";

/** `fail serial port: message | advice`, one line for each. */
const inWords = (findings: readonly Finding[]) =>
  findings.map(({ subject, level, message, advice = "" }) => `${level} ${subject}: ${message} | ${advice}`);

/** The only finding. */
function only(findings: readonly Finding[]): string {
  expect(findings).toHaveLength(1);
  return inWords(findings)[0]!;
}

/** A machine without GPIO. */
const findGpio = () => {
  throw new GpioError("gpio-not-found", "no GPIO chip of this machine is that of a Raspberry Pi's header");
};

/** What is known of a certificate that ends so many days from now. */
const served = (days: number) => ({
  path: "/etc/opendcre/rack.crt",
  expiresMs: NOW_MS + days * 86_400_000,
});

const given = (days: number, warnings: string[] = []) => ({
  main: served(days),
  further: [],
  clientCa: undefined,
  warnings,
});

const readExpired = () => {
  throw new TlsError("tls-expired", "/etc/opendcre/rack.crt", "CN=rack has been valid until yesterday");
};

/** One of many BMCs. */
const bmc = (index: number): BmcDefinition => ({
  board: boardId(0x4000_0000 + index),
  host: `192.0.2.${index}`,
  port: 623,
  name: index === 1 ? "rack 7" : `192.0.2.${index}`,
  username: "dcre",
  password: new Secret("hunter2hunter2"),
  privilege: "operator",
  cipherSuite: "auto",
});

/** A server that answers like this. */
const answering = (status: number, text: string) => ({ get: () => Promise.resolve({ status, text }) });

const refuse = () => Promise.reject(new TypeError("connect ECONNREFUSED"));

describe("the serial port", () => {
  const config = configWith({ BUS_DEVICE: "/dev/ttyAMA0" });
  const port = { "/dev/ttyAMA0": deviceOf(0o660, 0, 20) };

  test("is there, and the service may use it", () => {
    expect(only(checkSerialPort(config, fakeMachine(port)))).toStartWith("ok serial port: /dev/ttyAMA0 is there");
  });

  test("is not there", () => {
    expect(only(checkSerialPort(config, fakeMachine({})))).toMatch(/^fail .*ttyAMA0 is not there \|.*list-ports/);
  });

  test("is not there and not missed, where nobody has named it and there are BMCs", () => {
    const withBmcs = configWith({ IPMI_BMC_CONFIG: "/bmcs.json" });
    expect(only(checkSerialPort(withBmcs, fakeMachine({})))).toMatch(/^ok .*there is no \/dev\/ttyAMA0/);
    expect(only(checkSerialPort(withBmcs, fakeMachine(port)))).toStartWith("ok serial port: /dev/ttyAMA0 is there");
  });

  test("is a file", () => {
    const machine = fakeMachine({ "/dev/ttyAMA0": fileOf(0o666) });
    expect(only(checkSerialPort(config, machine))).toMatch(/^fail .*no serial port/);
  });

  test("belongs to a group that the service is not in", () => {
    const machine = fakeMachine({ "/dev/ttyAMA0": deviceOf(0o660, 0, 30) });
    expect(only(checkSerialPort(config, machine))).toBe(
      "fail serial port: the user opendcre may not read and write /dev/ttyAMA0 (mode 0660, group gpio) | sudo usermod -aG gpio opendcre, and restart the service",
    );
  });

  test("belongs to root alone: a group would not help", () => {
    const machine = fakeMachine({ "/dev/ttyAMA0": deviceOf(0o600) });
    expect(only(checkSerialPort(config, machine))).toMatch(/^fail .*\| let a udev rule/);
  });

  test("has a login prompt on it", () => {
    const machine = fakeMachine(port, { holdersOf: () => [{ pid: 412, name: "agetty" }] });
    expect(only(checkSerialPort(config, machine))).toMatch(
      /^fail .*in use by agetty \(process 412\) \|.*disable --now serial-getty@ttyAMA0,/,
    );
  });

  test("is in use by another program, beside the service", () => {
    const holders = [
      { pid: 7, name: "opendcre" },
      { pid: 8, name: "minicom" },
    ];
    const machine = fakeMachine(port, { holdersOf: () => holders });
    expect(only(checkSerialPort(config, machine))).toMatch(/^fail .*by minicom \(process 8\) \| stop that program$/);
  });

  test("is in use by the service, as it should be", () => {
    const machine = fakeMachine(port, { holdersOf: () => [{ pid: 7, name: "opendcre" }] });
    expect(only(checkSerialPort(config, machine))).toMatch(/^ok .*in use by opendcre \(process 7\)/);
  });

  test("is looked at behind its other name", () => {
    const machine = fakeMachine(
      { "/dev/serial0": deviceOf(0o660, 0, 20), "/dev/ttyS0": deviceOf(0o600) },
      { realPath: () => "/dev/ttyS0" },
    );
    expect(only(checkSerialPort(configWith({ BUS_DEVICE: "/dev/serial0" }), machine))).toContain(
      "/dev/ttyS0 (mode 0600",
    );
  });

  test("is not needed where the rack is emulated", () => {
    expect(only(checkSerialPort(configWith({ EMULATOR_ENABLED: "true" }), fakeMachine({})))).toStartWith("ok");
  });
});

describe("the HAT", () => {
  const config = configWith({ BUS_HARDWARE: "hat", BUS_BAUD_RATE: "115200", HAT_FREQUENCY_PAIR: "5.5/10.5" });

  test("is not looked for where there is none", () => {
    expect(checkHat(configWith({}), fakeMachine({}))).toEqual([]);
  });

  test("has its lines, and the service may use them", () => {
    const machine = fakeMachine({ "/dev/gpiochip0": deviceOf(0o666) });
    expect(only(checkHat(config, machine))).toStartWith("ok HAT: its lines are on /dev/gpiochip0");
  });

  test("has a line that somebody else has", () => {
    const taken = [
      { offset: 27, consumer: "opendcre" },
      { offset: 10, consumer: "spi0 CS1" },
    ];
    const machine = fakeMachine(
      { "/dev/gpiochip0": deviceOf(0o666) },
      { findGpio: () => ({ path: "/dev/gpiochip0", taken }) },
    );
    expect(only(checkHat(config, machine))).toMatch(
      /^fail HAT: line 10 of \/dev\/gpiochip0 is in use by "spi0 CS1" \| stop that program/,
    );
  });

  test("is on a chip that the service may not open, though root may", () => {
    const machine = fakeMachine({ "/dev/gpiochip0": deviceOf(0o660, 0, 30) });
    expect(only(checkHat(config, machine))).toMatch(/^fail .*\| sudo usermod -aG gpio opendcre/);
  });

  test("is on no chip of this machine", () => {
    expect(only(checkHat(config, fakeMachine({}, { findGpio })))).toMatch(/^fail HAT: no GPIO chip/);
  });
});

describe("certificates", () => {
  const config = configWith({ TLS_ENABLED: "true" });

  test("that are good for long", () => {
    expect(only(checkCertificates(config, NOW_MS, () => given(90)))).toStartWith(
      "ok certificates: /etc/opendcre/rack.crt",
    );
  });

  test("that end soon", () => {
    expect(only(checkCertificates(config, NOW_MS, () => given(10)))).toMatch(
      /^warn .*2026-12-04, 10 days from now \| renew/,
    );
  });

  test("of authorities for clients that end soon", () => {
    const clientCa = { ...served(10), path: "/etc/opendcre/clients.crt" };
    expect(inWords(checkCertificates(config, NOW_MS, () => ({ ...given(90), clientCa })))).toContainEqual(
      expect.stringMatching(/^warn certificates: \/etc\/opendcre\/clients\.crt .*10 days from now \| renew/),
    );
  });

  test("that clients would refuse", () => {
    expect(only(checkCertificates(config, NOW_MS, readExpired))).toMatch(
      /^fail certificates: .*rack\.crt: CN=rack has been/,
    );
  });

  test("whose oddities are told", () => {
    expect(inWords(checkCertificates(config, NOW_MS, () => given(90, ["it stands alone"])))).toContain(
      "warn certificates: it stands alone | ",
    );
  });

  test("that are missing on the network", () => {
    const open = configWith({ SERVER_HOST: "0.0.0.0", SERVER_ALLOW_UNAUTHENTICATED_NETWORK: "true" });
    expect(only(checkCertificates(open, NOW_MS, () => given(1)))).toMatch(/^warn .*in clear \| set tls\.enabled/);
  });
});

describe("the clock", () => {
  const config = configWith({ TLS_ENABLED: "true" });

  test("is from before the program was made", async () => {
    const machine = fakeMachine({}, { builtMs: NOW_MS + 1 });
    expect(only(await checkClock(config, machine))).toMatch(/^fail clock: .*certificates are valid hang on it \|/);
  });

  test("is set by nobody", async () => {
    const machine = fakeMachine({}, { isClockSynchronised: () => Promise.resolve(false) });
    expect(only(await checkClock(config, machine))).toMatch(/^warn clock: .*nobody synchronises it.*\| .*timedatectl/);
  });

  test("is right", async () => {
    expect(only(await checkClock(undefined, fakeMachine({})))).toMatch(/^ok clock: .*is synchronised/);
  });

  test("is not known to be right", async () => {
    const machine = fakeMachine({}, { builtMs: undefined, isClockSynchronised: () => Promise.resolve(undefined) });
    expect(only(await checkClock(undefined, machine))).toMatch(/^ok clock: .*is not known here/);
  });
});

describe("the disk", () => {
  const config = configWith({ STATE_DIRECTORY: "/var/lib/opendcre", AUDIT_MODE: "off" });
  const paths = { "/var/lib/opendcre": folderOf(0o700, 990, 990) };

  test("has room, and the service may write", () => {
    expect(only(checkDisk(config, {}, fakeMachine(paths)))).toMatch(/^ok disk: \/var\/lib\/opendcre, .*953 MB free/);
  });

  test("is nearly full, and full", () => {
    expect(only(checkDisk(config, {}, fakeMachine(paths, { freeBytes: () => 20_000_000 })))).toStartWith("warn");
    expect(only(checkDisk(config, {}, fakeMachine(paths, { freeBytes: () => 1_000_000 })))).toMatch(
      /^fail .*will be refused \| make room/,
    );
  });

  test("belongs to somebody else", () => {
    const machine = fakeMachine({ "/var/lib/opendcre": folderOf(0o755, 0, 0) });
    expect(only(checkDisk(config, {}, machine))).toMatch(/^fail .*may not write and search .*\| sudo chown opendcre:/);
  });

  test("has the folder nowhere, and it cannot be made", () => {
    expect(only(checkDisk(config, {}, fakeMachine({ "/var/lib/x": folderOf(0o755) })))).toMatch(
      /^fail .*not there yet.*\| sudo install -d -m 700 -o opendcre \/var\/lib\/opendcre/,
    );
  });

  test("is mounted read-only", () => {
    expect(only(checkDisk(config, {}, fakeMachine(paths, { isReadOnly: () => true })))).toMatch(/^fail .*read-only/);
  });

  test("says once of a folder that another will be made in", () => {
    const both = configWith({ STATE_DIRECTORY: "/var/lib/opendcre", AUDIT_MODE: "on" });
    const machine = fakeMachine({ "/var/lib/opendcre": folderOf(0o755, 0, 0) });
    expect(only(checkDisk(both, {}, machine))).toContain("(state.directory)");
  });

  test("has a file where a folder should be", () => {
    const machine = fakeMachine({ "/var/lib/opendcre": fileOf(0o600, 990) });
    expect(only(checkDisk(config, {}, machine))).toMatch(/^fail .*is no folder/);
  });

  test("has all folders that are written to", () => {
    const all = configWith({
      STATE_DIRECTORY: "/s",
      AUDIT_FILE: "/a/audit.jsonl",
      LOG_DIRECTORY: "/l",
      AUDIT_MODE: "on",
    });
    const machine = fakeMachine({ "/s": folderOf(0o777), "/a": folderOf(0o777), "/l": folderOf(0o777) });
    expect(checkDisk(all, {}, machine).map(({ message }) => message.slice(0, 2))).toEqual(["/s", "/a", "/l"]);
  });
});

describe("what the service's unit permits", () => {
  const state = { STATE_DIRECTORY: "/var/lib/opendcre" };

  test("is enough for the folders that it names", () => {
    const config = configWith({ LOG_DIRECTORY: "/var/log/opendcre", IPMI_BMC_CONFIG: "/etc/opendcre/bmcs.json" });
    expect(checkUnit(config, state, fakeMachine({}))).toEqual([]);
  });

  test("is nothing without the user that it names", () => {
    const user = { name: "root", uid: 0, gids: new Set([0]) };
    expect(only(checkUnit(configWith({}), state, { user }))).toBe(
      "fail service: the user opendcre, whose it is, is not there | sudo systemd-sysusers opendcre.conf",
    );
  });

  test("is not enough for homes and for other folders to write to", () => {
    const config = configWith({
      LOG_DIRECTORY: "/var/log/opendcre-of-mine",
      IPMI_BMC_CONFIG: "/home/pi/bmcs.json",
      AUTH_HTPASSWD: "/homes/htpasswd",
    });
    expect(inWords(checkUnit(config, state, fakeMachine({})))).toEqual([
      expect.stringMatching(/^warn files: .* hides \/home\/pi\/bmcs.json .* \| move it to \/etc\/opendcre$/),
      expect.stringMatching(
        /^warn disk: \/var\/log\/opendcre-of-mine, .* \|.* ReadWritePaths=\/var\/log\/opendcre-of-mine /,
      ),
    ]);
  });
});

describe("files", () => {
  const config = configWith({
    STATE_DIRECTORY: "/s",
    IPMI_BMC_CONFIG: "/etc/opendcre/bmcs.json",
    AUTH_HTPASSWD: "/h/passwd",
  });

  test("that the service may read, and others may not", () => {
    const machine = fakeMachine({ "/etc/opendcre/bmcs.json": fileOf(0o640, 0, 990) });
    expect(only(checkFiles(config, {}, machine))).toBe(
      "ok files: the user opendcre may read /etc/opendcre/bmcs.json | ",
    );
  });

  test("that the service may not read, though root may", () => {
    const machine = fakeMachine({ "/h/passwd": fileOf(0o600) });
    expect(only(checkFiles(config, {}, machine))).toMatch(
      /^fail files: the user opendcre may not read \/h\/passwd \(mode 0600, group root\) \| sudo chgrp opendcre/,
    );
  });

  test("that the service keeps, and that have come into other hands", () => {
    const machine = fakeMachine({ "/s": folderOf(0o700, 990, 990), "/s/tokens.json": fileOf(0o600) });
    expect(only(checkFiles(config, {}, machine))).toEndWith("| sudo chown opendcre: /s/tokens.json");
    const withTls = configWith({ STATE_DIRECTORY: "/s", TLS_ENABLED: "true" });
    const folders = { "/s": folderOf(0o700, 990, 990), "/s/tls": folderOf(0o750, 990, 990) };
    const restored = fakeMachine({ ...folders, "/s/tls/self-signed.pem": fileOf(0o600) });
    expect(only(checkFiles(withTls, {}, restored))).toEndWith("| sudo chown opendcre: /s/tls/self-signed.pem");
    expect(only(checkFiles(configWith({ STATE_DIRECTORY: "/s" }), {}, restored))).toStartWith("ok ");
  });

  test("in a folder that the service may not enter", () => {
    const machine = fakeMachine({ "/h": folderOf(0o700), "/h/passwd": fileOf(0o644) });
    expect(only(checkFiles(config, {}, machine))).toMatch(/^fail .*may not get into \/h \(mode 0700\)/);
  });

  test("with passwords that everybody may read", () => {
    const machine = fakeMachine({ "/etc/opendcre/bmcs.json": fileOf(0o644) });
    expect(only(checkFiles(config, {}, machine))).toMatch(/^warn .*everybody .*\| .*chmod 640/);
  });
});

describe("BMCs", () => {
  test.each<[BmcHealth, RegExp]>([
    [
      { kind: "ok", cipherSuite: 17 },
      /^ok BMCs: rack 7 at 192\.0\.2\.1:623, board 40000001: lets dcre in \(cipher suite 17\)/,
    ],
    [{ kind: "silent", message: "no answer" }, /^fail .*does not answer: no answer \| .*power and network/],
    [{ kind: "no-session", message: "no answer" }, /^fail .*is there, and sets no session up.*\| .*IPMI over LAN/],
    [
      { kind: "refused", message: "the password of dcre is wrong" },
      /^fail .*password of dcre is wrong \| correct the BMC file/,
    ],
    [{ kind: "full", message: "no room" }, /^warn .*no room \| close other sessions/],
  ])("%j", async (health, expected) => {
    const text = only(await checkBmcs([bmc(1)], { tryBmc: () => Promise.resolve(health) }));
    expect(text).toMatch(expected);
    expect(text).not.toContain("hunter2");
  });

  test("are asked side by side, not all at once, and told in their order", async () => {
    let [underWay, most] = [0, 0];
    const tryBmc = async (): Promise<BmcHealth> => {
      most = Math.max(most, ++underWay);
      await Promise.resolve();
      underWay--;
      return { kind: "ok", cipherSuite: 3 };
    };
    const bmcs = Array.from({ length: 100 }, (_, index) => bmc(index + 1));
    const findings = await checkBmcs(bmcs, { tryBmc });
    expect(most).toBe(32);
    expect(findings.map(({ message }) => /board 400000(..)/.exec(message)?.[1])).toEqual(
      bmcs.map((_, index) => (index + 1).toString(16).padStart(2, "0")),
    );
  });
});

describe("the service", () => {
  const config = configWith({ SERVER_PORT: "5000" });

  test("is up", async () => {
    expect(only(await checkService(config, answering(200, '{"status":"ok"}')))).toStartWith(
      "ok service: http://127.0.0.1:5000",
    );
  });

  test("is another program", async () => {
    expect(only(await checkService(config, answering(200, "<html>")))).toMatch(/^fail .*another program.*\| ss -tlnp/);
    expect(only(await checkService(config, answering(404, '{"status":"ok"}')))).toStartWith("fail");
    expect(only(await checkService(config, answering(200, "null")))).toStartWith("fail");
  });

  test("is overloaded", async () => {
    expect(only(await checkService(config, answering(503, "")))).toStartWith("warn");
  });

  test("is down", async () => {
    expect(only(await checkService(config, { get: refuse }))).toMatch(
      /^fail .*nobody answers.*\| sudo systemctl start opendcre/,
    );
  });

  test("is asked where it is on this machine", () => {
    const open = { SERVER_ALLOW_UNAUTHENTICATED_NETWORK: "true" };
    expect(testUrlOf(configWith({ ...open, SERVER_HOST: "::", TLS_ENABLED: "true", SERVER_PORT: "443" }))).toBe(
      "https://[::1]:443/opendcre/1.2/test",
    );
    expect(testUrlOf(configWith({ ...open, SERVER_HOST: "0.0.0.0" }))).toStartWith("http://127.0.0.1:5000/");
  });
});
