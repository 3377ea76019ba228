/**
 * Records what foreign clients and the simulated BMC say to each other, datagram by datagram, into test/fixtures/ipmi: see the README there.
 *
 *     bun test/support/record-ipmi.ts [NAME...]      as root: the two pings know port 623 only
 */
import { createSocket, type Socket } from "node:dgram";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startIpmiSim, type IpmiSim, type IpmiSimSettings } from "./ipmi-sim.ts";

const fixtures = join(import.meta.dirname, "..", "fixtures", "ipmi");

/** A session to record. In `command`, {host}, {port}, {user}, {password}, {kg} and {folder} (a temporary one) are filled in. */
interface Recording {
  readonly name: string;
  readonly client: "ipmitool" | "FreeIPMI" | "pyghmi";
  readonly user: string;
  /** The one that is used where it is not the BMC's. */
  readonly password?: string;
  /** Of IPMI 2.0 sessions. */
  readonly suite?: number;
  /** Of IPMI 1.5 sessions. */
  readonly authType?: "none" | "md5" | "straight";
  readonly kg?: string;
  readonly command: readonly string[];
  readonly options?: IpmiSimSettings["options"];
  /** Before the client starts; what is said meanwhile is not recorded. */
  readonly prepare?: (sim: IpmiSim, folder: string) => void | Promise<void>;
}

interface Packet {
  readonly from: "client" | "bmc";
  readonly hex: string;
}

const ADMIN = "admin";
/** Where the pings find port 623. */
const PING_ADDRESS = "127.9.9.9";
/** The simulator cuts one of twenty bytes. */
const KG = "a-key-of-nineteen-b";

const where = ["-H", "{host}", "-p", "{port}", "-U", "{user}", "-P", "{password}", "-R", "2", "-N", "1"];

/** Several commands in one session: ipmitool reads them from a file. */
function ipmitoolScript(...lines: readonly string[]): Pick<Recording, "prepare"> {
  return { prepare: (_sim, folder) => writeFileSync(join(folder, "script"), `${lines.join("\n")}\n`) };
}

const EXEC = ["exec", "{folder}/script"];

function lanplus(name: string, suite: number, command: readonly string[], more: Partial<Recording> = {}): Recording {
  const user = more.user ?? ADMIN;
  const front = ["ipmitool", "-I", "lanplus", "-C", String(suite), ...where];
  const kg = more.kg === undefined ? [] : ["-k", "{kg}"];
  return { client: "ipmitool", name, user, suite, ...more, command: [...front, ...kg, ...command] };
}

function lan(
  name: string,
  authType: "none" | "md5" | "straight",
  command: readonly string[],
  more: Partial<Recording> = {},
): Recording {
  const word = { none: "NONE", md5: "MD5", straight: "PASSWORD" }[authType];
  const user = more.user ?? ADMIN;
  return {
    client: "ipmitool",
    name,
    user,
    authType,
    ...more,
    command: ["ipmitool", "-I", "lan", "-A", word, ...where, ...command],
  };
}

function free(
  name: string,
  suite: number,
  program: string,
  command: readonly string[],
  more: Partial<Recording> = {},
): Recording {
  const user = more.user ?? ADMIN;
  const who = ["-h", "{host}:{port}", "-u", "{user}", "-p", "{password}", "-l", "ADMIN", "-W", "opensesspriv"];
  const kg = more.kg === undefined ? [] : ["-k", "{kg}"];
  return {
    client: "FreeIPMI",
    name,
    user,
    suite,
    ...more,
    command: [program, "-D", "LAN_2_0", "-I", String(suite), ...who, ...kg, ...command],
  };
}

function free15(
  name: string,
  authType: "none" | "md5" | "straight",
  program: string,
  command: readonly string[],
): Recording {
  const word = { none: "NONE", md5: "MD5", straight: "STRAIGHT_PASSWORD_KEY" }[authType];
  const who = ["-h", "{host}:{port}", "-u", "{user}", "-p", "{password}", "-l", "ADMIN"];
  return {
    client: "FreeIPMI",
    name,
    user: ADMIN,
    authType,
    command: [program, "-D", "LAN", "-a", word, ...who, ...command],
  };
}

function python(name: string, lines: readonly string[], more: Partial<Recording> = {}): Recording {
  const opened =
    "c=command.Command(bmc='{host}',port={port},userid='{user}',password='{password}',verifycallback=None)";
  const text = ["from pyghmi.ipmi import command", opened, ...lines, "c.ipmi_session.logout()"].join("; ");
  return { client: "pyghmi", name, user: ADMIN, suite: 3, ...more, command: ["/usr/bin/python3", "-c", text] };
}

/** Has ipmitool fetch what `sdr` needs, so that the session that is recorded holds the readings alone. */
async function cacheSdrs(sim: IpmiSim, folder: string): Promise<void> {
  const who = ["-H", sim.host, "-p", String(sim.port), "-U", ADMIN, "-P", sim.passwordOf(ADMIN)];
  await outputOf(["ipmitool", "-I", "lanplus", "-C", "3", ...who, "sdr", "dump", join(folder, "sdr")]);
}

async function cacheSdrsOfFreeIpmi(sim: IpmiSim, folder: string): Promise<void> {
  const who = [
    "-h",
    `${sim.host}:${sim.port}`,
    "-u",
    ADMIN,
    "-p",
    sim.passwordOf(ADMIN),
    "-l",
    "ADMIN",
    "-W",
    "opensesspriv",
  ];
  await outputOf(["ipmi-sensors", "-D", "LAN_2_0", "-I", "3", ...who, `--sdr-cache-file=${folder}/sdr`]);
}

/** The simulator has few sessions, and half-open ones count: opens them until it refuses with status 01h. */
async function fillSessions(sim: IpmiSim): Promise<void> {
  const socket = createSocket("udp4");
  const algorithms = "000000080100000001000008010000000200000801000000";
  const request = Uint8Array.fromHex(`0600ff0706100000000000000000200000040000f0000000${algorithms}`);
  const refused = Promise.withResolvers<void>();
  socket.on("message", (reply) => {
    if (reply[17] === 1) refused.resolve();
    request[21] = (request[21] ?? 0) + 1;
    socket.send(request, sim.port, sim.host);
  });
  socket.send(request, sim.port, sim.host);
  await refused.promise;
  socket.close();
}

/** A key for the BMC, which the simulator takes at its start only. */
async function giveKey(sim: IpmiSim): Promise<void> {
  const path = join(sim.dir, "lan.conf");
  writeFileSync(path, readFileSync(path, "utf8").replace("  endlan", `    bmc_key "${KG}"\n  endlan`));
  await sim.restart();
}

const SUITES = [0, 1, 2, 3, 6];
const ABOUT = ["mc info", "chassis status", "mc guid"];

const recordings: readonly Recording[] = [
  ...SUITES.map((suite) => lanplus(`ipmitool-suite-${suite}`, suite, EXEC, ipmitoolScript(...ABOUT))),
  lanplus(
    "ipmitool-power",
    3,
    EXEC,
    ipmitoolScript(
      "power status",
      "power off",
      "power status",
      "power on",
      "power cycle",
      "power reset",
      "power soft",
      "power diag",
      "power status",
    ),
  ),
  lanplus(
    "ipmitool-identify",
    3,
    EXEC,
    ipmitoolScript("chassis identify", "chassis identify 30", "chassis identify force", "chassis identify 0"),
  ),
  lanplus(
    "ipmitool-boot",
    3,
    EXEC,
    ipmitoolScript(
      "chassis bootdev pxe",
      "chassis bootparam get 5",
      "chassis bootdev disk options=efiboot,persistent",
      "chassis bootparam get 5",
      "chassis bootdev none",
    ),
  ),
  lanplus(
    "ipmitool-chassis-rest",
    3,
    EXEC,
    ipmitoolScript("chassis restart_cause", "chassis poh", "chassis policy list", "chassis selftest", "mc selftest"),
  ),
  lanplus("ipmitool-sensors-get", 3, EXEC, ipmitoolScript('sdr get "CPU0 Temp"', 'sensor get "CPU0 Temp"')),
  lanplus("ipmitool-thresholds", 3, ["sensor", "thresh", "CPU0 Temp", "unc", "80"]),
  lanplus("ipmitool-readings-cached", 0, ["-S", "{folder}/sdr", "sdr", "elist", "all"], { prepare: cacheSdrs }),
  lanplus("ipmitool-sdr-dump", 0, ["sdr", "dump", "{folder}/sdr-again"]),
  lanplus("ipmitool-sdr-dump-device", 0, ["sdr", "dump", "{folder}/sdr-again"], { options: ["device", "dynamic"] }),
  lanplus("ipmitool-sdr-info", 3, ["sdr", "info"]),
  lanplus("ipmitool-fru", 3, ["fru", "print", "0"]),
  lanplus("ipmitool-fru-1", 3, ["fru", "print", "1"]),
  lanplus("ipmitool-sel", 3, EXEC, ipmitoolScript("sel info", "sel list", "sel time get")),
  lanplus("ipmitool-sel-clear", 3, EXEC, ipmitoolScript("sel time set 01/02/2026 03:04:05", "sel clear", "sel info")),
  lanplus("ipmitool-lan", 3, ["lan", "print", "1"]),
  lanplus(
    "ipmitool-channel",
    3,
    EXEC,
    ipmitoolScript("channel info 1", "channel getaccess 1 2", "raw 6 0x46 2", "session info active"),
  ),
  lanplus("ipmitool-watchdog", 3, EXEC, ipmitoolScript("mc watchdog get", "mc watchdog off")),
  lanplus("ipmitool-name-16-password-16", 3, ["power", "status"], { user: "abcdefghijklmnop" }),
  lanplus("ipmitool-password-20", 3, ["power", "status"], { user: "long20" }),
  lanplus("ipmitool-password-empty", 3, ["-L", "USER", "power", "status"], { user: "nopass" }),
  lanplus("ipmitool-kg", 3, ["power", "status"], { kg: KG, prepare: giveKey }),
  lanplus("ipmitool-kg-missing", 3, ["power", "status"], { prepare: giveKey }),
  lanplus("ipmitool-operator", 3, ["-L", "OPERATOR", "power", "status"], { user: "oper" }),
  lanplus("ipmitool-privilege-too-low", 3, ["-L", "USER", "power", "off"], { user: "viewer" }),
  lanplus("ipmitool-wrong-password", 3, ["power", "status"], { password: "not-this-one" }),
  lanplus("ipmitool-unknown-user", 3, ["power", "status"], { user: "nobody", password: "x" }),
  lanplus("ipmitool-disabled-user", 3, ["power", "status"], { user: "ghost" }),
  lanplus("ipmitool-suite-refused", 17, ["power", "status"]),
  lanplus("ipmitool-sessions-full", 3, ["power", "status"], { prepare: fillSessions }),
  ...(["none", "md5", "straight"] as const).map((type) =>
    lan(`ipmitool-1.5-${type}`, type, EXEC, ipmitoolScript(...ABOUT)),
  ),
  lan("ipmitool-1.5-readings-cached", "md5", ["-S", "{folder}/sdr", "sdr", "list", "compact"], { prepare: cacheSdrs }),
  lan("ipmitool-1.5-wrong-password", "md5", ["power", "status"], { password: "not-this-one" }),
  lan("ipmitool-1.5-unknown-user", "md5", ["power", "status"], { user: "nobody", password: "x" }),
  lan("ipmitool-1.5-disabled-user", "md5", ["power", "status"], { user: "ghost" }),
  ...SUITES.map((suite) => free(`freeipmi-suite-${suite}`, suite, "bmc-info", ["--get-device-id"])),
  free("freeipmi-bmc-info", 3, "bmc-info", []),
  free("freeipmi-chassis", 3, "ipmi-chassis", ["--get-chassis-status"]),
  free("freeipmi-fru", 3, "ipmi-fru", ["--device-id=0", "--sdr-cache-file={folder}/sdr"], {
    prepare: cacheSdrsOfFreeIpmi,
  }),
  free(
    "freeipmi-readings-cached",
    3,
    "ipmi-sensors",
    ["-r", "4,6,8,11,12,20,22,30,39,40,50", "--sdr-cache-file={folder}/sdr"],
    { prepare: cacheSdrsOfFreeIpmi },
  ),
  free("freeipmi-sel-info", 3, "ipmi-sel", ["--info"]),
  free("freeipmi-sel", 3, "ipmi-sel", ["--ignore-sdr-cache"]),
  free("freeipmi-kg", 3, "bmc-info", ["--get-device-id"], { kg: KG, prepare: giveKey }),
  free("freeipmi-wrong-password", 3, "bmc-info", ["--get-device-id"], { password: "not-this-one" }),
  free("freeipmi-unknown-user", 3, "bmc-info", ["--get-device-id"], { user: "nobody", password: "x" }),
  free("freeipmi-disabled-user", 3, "bmc-info", ["--get-device-id"], { user: "ghost" }),
  ...(["none", "md5", "straight"] as const).map((type) =>
    free15(`freeipmi-1.5-${type}`, type, "bmc-info", ["--get-device-id"]),
  ),
  python("pyghmi-power", ["print(c.get_power()); print(c.set_power('off', wait=False)); print(c.get_power())"]),
  python("pyghmi-boot", ["print(c.set_bootdev('network')); print(c.get_bootdev())"]),
  python("pyghmi-device-id", ["print(bytes(c.xraw_command(6, 1)['data']).hex())"]),
  { name: "freeipmi-rmcpping", client: "FreeIPMI", user: "", command: ["rmcpping", "-c", "1", "{host}"] },
  { name: "freeipmi-ipmiping", client: "FreeIPMI", user: "", command: ["ipmiping", "-c", "1", "{host}"] },
];

async function outputOf(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { stdio: ["ignore", "pipe", "pipe"] });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  await child.exited;
  return out + err;
}

async function bound(port: number, address: string): Promise<Socket> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(port, address, resolve));
  return socket;
}

/** Stands between client and BMC, and notes what passes. */
async function relay(sim: IpmiSim, address: string, port: number) {
  const packets: Packet[] = [];
  const [near, far] = [await bound(port, address), await bound(0, "127.0.0.1")];
  let client = { address: "", port: 0 };
  near.on("message", (bytes, from) => {
    client = from;
    packets.push({ from: "client", hex: bytes.toString("hex") });
    far.send(bytes, sim.port, sim.host);
  });
  far.on("message", (bytes) => {
    packets.push({ from: "bmc", hex: bytes.toString("hex") });
    near.send(bytes, client.port, client.address);
  });
  const close = () => [near, far].forEach((socket) => void socket.close());
  return { packets, port: near.address().port, close };
}

const VERSIONS = {
  ipmitool: ["ipmitool", "-V"],
  FreeIPMI: ["ipmi-sensors", "--version"],
  pyghmi: ["dpkg-query", "-W", "-f", "pyghmi ${Version}", "python3-pyghmi"],
};

async function record(recording: Recording): Promise<void> {
  const { name, client, user, suite, authType, kg, command, options = [], prepare } = recording;
  const folder = mkdtempSync(join(tmpdir(), "record-ipmi-"));
  await using sim = await startIpmiSim({ options });
  await prepare?.(sim, folder);
  const isPing = user === "";
  const line = await relay(sim, isPing ? PING_ADDRESS : "127.0.0.1", isPing ? 623 : 0);
  const known = sim.expected.users.find((one) => one.name === user)?.password ?? "";
  const password = recording.password ?? known;
  const fill: Readonly<Record<string, string>> = {
    host: isPing ? PING_ADDRESS : "127.0.0.1",
    port: String(line.port),
    user,
    password,
    kg: kg ?? "",
    folder,
  };
  const filled = command.map((word) => word.replaceAll(/\{(\w+)\}/g, (all, key: string) => fill[key] ?? all));
  const output = (await outputOf(filled)).replaceAll(folder, "{folder}").replaceAll(`127.0.0.1:${line.port}`, "{host}");
  line.close();
  const [version = ""] = (await outputOf(VERSIONS[client])).split("\n");
  const script =
    prepare && command.includes("{folder}/script")
      ? readFileSync(join(folder, "script"), "utf8").trim().split("\n")
      : undefined;
  rmSync(folder, { recursive: true });
  const head = {
    client,
    version,
    command: command.join(" "),
    script,
    user,
    password,
    rightPassword: password === known ? undefined : known,
    kg,
    suite,
    authType,
    output: output.split("\n"),
  };
  const fields = Object.entries(head)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},\n`);
  const lines = line.packets.map((packet) => `    ${JSON.stringify(packet)}`).join(",\n");
  writeFileSync(join(fixtures, `${name}.json`), `{\n${fields.join("")}  "packets": [\n${lines}\n  ]\n}\n`);
  console.log(`${name}: ${line.packets.length} datagrams\n${output.split("\n").slice(0, 3).join("\n")}`);
}

const wanted = process.argv.slice(2);
for (const recording of recordings) if (wanted.length === 0 || wanted.includes(recording.name)) await record(recording);
