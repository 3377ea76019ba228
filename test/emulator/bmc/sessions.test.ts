import { describe, expect, test } from "bun:test";
import type { EmulatedBmc } from "../../../src/emulator/bmc/emulated-bmc.ts";
import { hasFreeIpmi, hasIpmitool } from "../../support/ipmi-sim.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { startUdpProxy } from "../../support/udp-proxy.ts";
import { fields, freeIpmi, ipmitool, run, START, startBmc, still } from "./foreign-clients.ts";

const ON = "Chassis Power is on\n";

/** An ipmitool that keeps its session open until it is let go. */
async function openShell(bmc: EmulatedBmc, user = "admin", password = "lantern-7") {
  const { host, port } = bmc;
  const shell = Bun.spawn(
    // Without a terminal it would keep back what it says.
    [
      "stdbuf",
      "-oL",
      "ipmitool",
      "-I",
      "lanplus",
      "-C",
      "17",
      "-H",
      host,
      "-p",
      String(port),
      "-U",
      user,
      "-P",
      password,
      "shell",
    ],
    { stdin: "pipe", stdout: "pipe", stderr: "pipe" },
  );
  const decoder = new TextDecoder();
  const reader = shell.stdout.getReader();
  /** What it says to a command, up to `end`. */
  const ask = async (command: string, end: string) => {
    await shell.stdin.write(`${command}\n`);
    await shell.stdin.flush();
    let said = "";
    while (!said.includes(end)) {
      const { value, done } = await reader.read();
      if (done) break;
      said += decoder.decode(value, { stream: true });
    }
    return said;
  };
  await ask("power status", "Chassis Power is");
  return {
    ask,
    /** Ends it without a word to the BMC. */
    async kill() {
      shell.kill();
      await shell.exited;
    },
    async [Symbol.asyncDispose]() {
      if (shell.exitCode === null && shell.signalCode === null) {
        await shell.stdin.write("exit\n");
        await shell.stdin.end();
      }
      await shell.exited;
    },
  };
}

describe.skipIf(!hasIpmitool)("sessions (needs ipmitool)", () => {
  // ipmitool does not know MD5-128: suites 11 and 12.
  const offered = [1, 2, 3, 6, 7, 8, 15, 16, 17] as const;

  test.each(offered)("cipher suite %p, where the file enables it", async (suite) => {
    await using started = await startBmc({ ...still, cipherSuites: offered });
    const { out, err } = await ipmitool(started.bmc, ["power", "status"], { suite });
    expect({ out, err }).toEqual({ out: ON, err: "" });
  });

  test.each([0, 1, 2, 6, 16])("cipher suite %p is refused where it is not offered", async (suite) => {
    await using started = await startBmc();
    const { code } = await ipmitool(started.bmc, ["power", "status"], { suite });
    expect(code).toBe(1);
    expect(started.bmc.counters.sessions.opened).toBe(0);
  });

  test.each([
    ["NONE", "none"],
    ["MD5", "md5"],
    ["PASSWORD", "password"],
  ] as const)("IPMI 1.5 with authentication %s, where the file enables it", async (name, type) => {
    await using started = await startBmc({ ...still, ipmi15: [type] });
    const { host, port } = started.bmc;
    const login = ["-H", host, "-p", String(port), "-U", "admin", "-P", "lantern-7"];
    const { out, err } = await run(["ipmitool", "-I", "lan", "-A", name, ...login, "power", "status"]);
    expect({ out, err }).toEqual({ out: ON, err: "" });
    expect(started.bmc.counters.sessions).toMatchObject({ opened: 1, closed: 1 });
  });

  test("a reply that has no room in an IPMI 1.5 packet is refused", async () => {
    await using started = await startBmc({ ...still, ipmi15: ["md5"] });
    const { host, port } = started.bmc;
    const login = ["-H", host, "-p", String(port), "-U", "admin", "-P", "lantern-7"];
    const read = (count: number) =>
      run([
        "ipmitool",
        "-I",
        "lan",
        "-A",
        "MD5",
        ...login,
        "-R",
        "1",
        "raw",
        "0x0a",
        "0x11",
        "0",
        "0",
        "0",
        String(count),
      ]);
    // A length of 8 bits for the message: 7 bytes around completion code, count and data. IPMI 2.0, table 13-8.
    expect((await read(246)).out.trim()).toStartWith("f6 01 00 01");
    // CAh: cannot return number of requested data bytes. IPMI 2.0, table 5-2.
    expect((await read(247)).err).toContain("rsp=0xca");
  });

  test("a password of 20 bytes opens no IPMI 1.5 session, nor do its first 16", async () => {
    // Only one that is stored as 16 bytes is compatible with IPMI 1.5. IPMI 2.0, section 22.30.
    await using started = await startBmc({ ...still, ipmi15: ["md5"] });
    const { host, port } = started.bmc;
    const user = ["-H", host, "-p", String(port), "-U", "abcdefghijklmnop", "-R", "1"];
    const { code } = await run([
      "ipmitool",
      "-I",
      "lan",
      "-A",
      "MD5",
      ...user,
      "-P",
      "abcdefghijklmnop",
      "power",
      "status",
    ]);
    expect(code).toBe(1);
    expect(started.bmc.counters.sessions.opened).toBe(0);
  });

  test("IPMI 1.5 is refused where the file does not enable it", async () => {
    await using started = await startBmc();
    const { host, port } = started.bmc;
    const login = ["-H", host, "-p", String(port), "-U", "admin", "-P", "lantern-7"];
    const { code } = await run(["ipmitool", "-I", "lan", "-A", "MD5", ...login, "power", "status"]);
    expect(code).toBe(1);
    expect(started.bmc.counters.sessions.opened).toBe(0);
  });

  test("K_g, and without it no session", async () => {
    const kG = Uint8Array.from({ length: 20 }, (_, index) => 0xa0 + index);
    await using started = await startBmc({ ...still, kG });
    const right = await ipmitool(started.bmc, ["-y", kG.toHex(), "power", "status"], { suite: 17 });
    expect(right.out).toBe(ON);
    const wrong = await ipmitool(started.bmc, ["power", "status"], { suite: 17 });
    expect(wrong.code).toBe(1);
  });

  test("names of 16 and passwords of 20 characters", async () => {
    await using started = await startBmc();
    const login = { user: "abcdefghijklmnop", password: "abcdefghijklmnopqrst" };
    expect((await ipmitool(started.bmc, ["power", "status"], login)).out).toBe(ON);
    const short = await ipmitool(started.bmc, ["power", "status"], { ...login, password: "abcdefghijklmnop" });
    expect(short.code).toBe(1);
  });

  test("a BMC that keeps 16 bytes of a password takes those", async () => {
    await using started = await startBmc({ ...still, quirks: { ...still.quirks, passwordBytes: 16 } });
    const login = { user: "abcdefghijklmnop", password: "abcdefghijklmnop" };
    expect((await ipmitool(started.bmc, ["power", "status"], login)).out).toBe(ON);
    const whole = await ipmitool(started.bmc, ["power", "status"], { ...login, password: "abcdefghijklmnopqrst" });
    expect(whole.code).toBe(1);
  });

  test.each([
    ["a wrong password", { user: "admin", password: "wrong" }, /RAKP 2 HMAC is invalid/],
    ["an unknown name", { user: "nobody", password: "wrong" }, /unauthorized name/],
    ["a disabled user", { user: "ghost", password: "gone-now" }, /unauthorized name/],
    ["no name", { user: "", password: "" }, /unauthorized name/],
    ["more than the user's level", { user: "viewer", password: "glass-1" }, /unauthorized role/],
  ])("%s is refused, and the reason said", async (_, login, reason) => {
    await using started = await startBmc();
    const { code, out, err } = await ipmitool(started.bmc, ["-v", "power", "status"], { ...login, suite: 3 });
    expect(code).toBe(1);
    expect(out + err).toMatch(reason);
    expect(started.bmc.sessions).toBe(0);
  });

  test("levels are enforced", async () => {
    await using started = await startBmc();
    const viewer = { user: "viewer", password: "glass-1" };
    const oper = { user: "oper", password: "wrench-42" };
    expect((await ipmitool(started.bmc, ["-L", "USER", "power", "status"], viewer)).out).toBe(ON);
    const off = await ipmitool(started.bmc, ["-L", "USER", "power", "off"], viewer);
    expect(off.err).toContain("Insufficient privilege level");
    const identify = await ipmitool(started.bmc, ["-L", "OPERATOR", "chassis", "identify", "5"], oper);
    expect(identify.code).toBe(0);
    // Cold Reset.
    const reset = await ipmitool(started.bmc, ["-L", "OPERATOR", "raw", "0x06", "0x02"], oper);
    expect(reset.err).toContain("rsp=0xd4");
    // An administrator's session that was opened as a user's is no more than that.
    const low = await ipmitool(started.bmc, ["-L", "USER", "chassis", "identify", "5"]);
    expect(low.code).toBe(1);
    expect(started.bmc.counters.controls.off).toBe(0);
  });

  test("Set Session Privilege Level goes no higher than the session and the user", async () => {
    await using started = await startBmc();
    const viewer = { user: "viewer", password: "glass-1" };
    const ofUser = await ipmitool(started.bmc, ["-L", "USER", "raw", "0x06", "0x3b", "4"], viewer);
    expect(ofUser.err).toContain("rsp=0x80");
    const ofSession = await ipmitool(started.bmc, ["-L", "USER", "raw", "0x06", "0x3b", "4"]);
    expect(ofSession.err).toContain("rsp=0x81");
  });

  test("a user's name and password can be set, and used", async () => {
    await using started = await startBmc();
    expect((await ipmitool(started.bmc, ["user", "set", "name", "9", "newcomer"])).code).toBe(0);
    expect((await ipmitool(started.bmc, ["user", "set", "password", "9", "first-secret", "20"])).code).toBe(0);
    expect((await ipmitool(started.bmc, ["user", "priv", "9", "3", "1"])).code).toBe(0);
    expect((await ipmitool(started.bmc, ["user", "enable", "9"])).code).toBe(0);
    const login = { user: "newcomer", password: "first-secret" };
    expect((await ipmitool(started.bmc, ["-L", "OPERATOR", "power", "status"], login)).out).toBe(ON);
    const tested = await ipmitool(started.bmc, ["user", "test", "9", "20", "first-secret"]);
    expect(tested.out).toContain("Success");
  });

  test("a user without IPMI messaging does not get in, until it is given back", async () => {
    await using started = await startBmc();
    const { bmc } = started;
    const login = { user: "oper", password: "wrench-42", suite: 17 };
    const listed = async () => (await ipmitool(bmc, ["user", "list", "1"])).out.split("\n")[3];
    // ipmitool's own "ipmi=off" says on. Byte 1: the three are to change; callback only, link authentication, no messaging; channel 1.
    expect((await ipmitool(bmc, ["raw", "0x06", "0x43", "0xe1", "3", "3", "0"])).code).toBe(0);
    // Columns: id, name, more than callback, link authentication, IPMI messaging, level.
    expect(await listed()).toMatch(/^3 +oper +false +true +false +OPERATOR$/);
    const refused = await ipmitool(bmc, ["-v", "-L", "OPERATOR", "power", "status"], login);
    expect(refused.out + refused.err).toContain("unauthorized name");
    // Another level leaves the three as they are. IPMI 2.0, table 22-26, byte 1, bit 7.
    expect((await ipmitool(bmc, ["user", "priv", "3", "4", "1"])).code).toBe(0);
    expect(await listed()).toMatch(/^3 +oper +false +true +false +ADMINISTRATOR$/);
    expect((await ipmitool(bmc, ["channel", "setaccess", "1", "3", "ipmi=on"])).code).toBe(0);
    expect((await ipmitool(bmc, ["power", "status"], login)).out).toBe(ON);
  });

  test("no more sessions than there are slots, and a slot is free again after a close", async () => {
    await using started = await startBmc();
    const { bmc } = started;
    {
      await using shells = new AsyncDisposableStack();
      for (let shell = 0; shell < 3; shell++) shells.use(await openShell(bmc));
      const last = await openShell(bmc);
      expect(bmc.sessions).toBe(4);
      const fifth = await ipmitool(bmc, ["-v", "power", "status"], { suite: 17 });
      expect(fifth.code).toBe(1);
      expect(fifth.out + fifth.err).toContain("insufficient resources");
      expect(bmc.counters.sessions.refused).toBeGreaterThan(0);
      await last[Symbol.asyncDispose]();
      expect((await ipmitool(bmc, ["power", "status"])).out).toBe(ON);
    }
    expect(bmc.sessions).toBe(0);
  });

  test("no more sessions than the user may have", async () => {
    await using started = await startBmc();
    const { bmc } = started;
    await using shells = new AsyncDisposableStack();
    shells.use(await openShell(bmc, "single", "only-one"));
    const second = await ipmitool(bmc, ["-v", "power", "status"], { user: "single", password: "only-one", suite: 17 });
    expect(second.code).toBe(1);
    expect(second.out + second.err).toContain("insufficient resources");
    expect((await ipmitool(bmc, ["power", "status"])).out).toBe(ON);
  });

  test("a session that is not heard of for 60 s is gone; each request gives it 60 s more", async () => {
    const clock = new ManualClock(START);
    await using started = await startBmc(still, clock);
    const { bmc } = started;
    await using shell = await openShell(bmc);
    await clock.advance(59_000);
    expect(await shell.ask("power status", "Chassis Power is on")).toContain("Chassis Power is on");
    await clock.advance(59_999);
    expect(bmc.sessions).toBe(1);
    await clock.advance(1);
    expect(bmc.sessions).toBe(0);
    expect(bmc.counters.sessions.expired).toBe(1);
    await shell.kill();
  });

  test("what the network doubles is done once", async () => {
    await using started = await startBmc();
    const { host, port } = started.bmc;
    const always = { duplication: 1 };
    await using proxy = await startUdpProxy({ host, port, toBmc: always });
    const login = ["-H", proxy.host, "-p", String(proxy.port), "-U", "admin", "-P", "lantern-7", "-C", "17"];
    const { out } = await run(["ipmitool", "-I", "lanplus", ...login, "power", "reset"]);
    expect(out).toContain("Reset");
    expect(proxy.counters.toBmc.duplicated).toBeGreaterThan(5);
    expect(started.bmc.counters.controls.reset).toBe(1);
  });

  test("what is asked for again because the answer was lost is done once", async () => {
    await using started = await startBmc();
    const { bmc } = started;
    bmc.model.faults.add({ fault: "lost-answer", commands: ["Chassis Control"], requests: 1 });
    const { out } = await ipmitool(bmc, ["power", "reset"], { suite: 17 });
    expect(out).toContain("Reset");
    expect(bmc.counters).toMatchObject({ repeated: 1, controls: { reset: 1 } });
  });
});

test.skipIf(!hasIpmitool)("answers that are delayed go out when the clock says so (needs ipmitool)", async () => {
  const clock = new ManualClock(START);
  await using started = await startBmc(still, clock);
  const { bmc } = started;
  bmc.model.faults.add({ fault: "delay", delayMs: 300, commands: ["Get Chassis Status"] });
  const status = ipmitool(bmc, ["power", "status"], { suite: 17 });
  while (clock.timers === 0) await new Promise((resolve) => void setImmediate(resolve));
  await clock.advance(300);
  expect((await status).out).toBe(ON);
});

test.skipIf(!hasIpmitool)("sessions that are lost are gone (needs ipmitool)", async () => {
  await using started = await startBmc();
  const { bmc } = started;
  const shell = await openShell(bmc);
  expect(bmc.sessions).toBe(1);
  bmc.loseSessions();
  expect(bmc.sessions).toBe(0);
  await shell.kill();
  expect((await ipmitool(bmc, ["power", "status"])).out).toBe(ON);
});

/** What FreeIPMI reads over IPMI 1.5. */
const power15 = async ({ host, port }: EmulatedBmc, authentication: string) => {
  const login = ["-D", "LAN", "-h", `${host}:${port}`, "-u", "admin", "-p", "lantern-7", "-l", "ADMIN"];
  const { out, err } = await run(["ipmi-chassis", ...login, "-a", authentication, "--get-chassis-status"]);
  return { power: fields(out)["System Power"], err };
};

describe.skipIf(!hasFreeIpmi)("sessions of FreeIPMI (needs freeipmi-tools)", () => {
  const offered = [1, 2, 3, 6, 7, 8, 11, 12, 15, 16, 17] as const;

  test.each(offered)("cipher suite %p, where the file enables it", async (suite) => {
    await using started = await startBmc({ ...still, cipherSuites: offered });
    const { out, err, code } = await freeIpmi(started.bmc, "ipmi-chassis", ["--get-chassis-status"], { suite });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(fields(out)["System Power"]).toBe("on");
  });

  test.each([
    ["NONE", "none"],
    ["MD5", "md5"],
    ["STRAIGHT_PASSWORD_KEY", "password"],
  ] as const)("IPMI 1.5 with authentication %s, where the file enables it", async (name, type) => {
    await using started = await startBmc({ ...still, ipmi15: [type] });
    expect(await power15(started.bmc, name)).toEqual({ power: "on", err: "" });
    expect(started.bmc.counters.sessions).toMatchObject({ opened: 1, closed: 1 });
  });

  test("IPMI 1.5: an activation whose answer is lost is answered again, and not made again", async () => {
    await using started = await startBmc({ ...still, ipmi15: ["md5"] });
    const { bmc } = started;
    bmc.model.faults.add({ fault: "lost-answer", commands: ["Activate Session"], requests: 1 });
    expect(await power15(bmc, "MD5")).toEqual({ power: "on", err: "" });
    expect(bmc.counters).toMatchObject({ commands: { "Activate Session": 2 }, sessions: { opened: 1, closed: 1 } });
  });

  test("hashes with the answered privilege: taken with the work-around for it, and only then", async () => {
    // FreeIPMI asks for the highest level, 0, in its Open Session request.
    const quirks = { ...still.quirks, hashWithAnsweredPrivilege: true, repeatAskedPrivilege: true };
    await using started = await startBmc({ ...still, quirks });
    const command = ["--get-chassis-status"];
    expect((await freeIpmi(started.bmc, "ipmi-chassis", command, { suite: 3 })).code).toBe(1);
    const around = await freeIpmi(started.bmc, "ipmi-chassis", ["-W", "opensesspriv", ...command], { suite: 3 });
    expect({ code: around.code, err: around.err }).toEqual({ code: 0, err: "" });
  });
});
