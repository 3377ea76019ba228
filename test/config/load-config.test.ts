import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Config } from "../../src/config/config.ts";
import { ConfigError, formatProblem } from "../../src/config/errors.ts";
import { loadConfig, type ConfigOption, type ConfigSources } from "../../src/config/load-config.ts";
import { sectionNames } from "../../src/config/schema.ts";

/** The sections as a message lists them. */
const sections = `${sectionNames.slice(0, -1).join(", ")} or ${sectionNames.at(-1)}`;

/** An operating system's error, as node:fs throws it. */
const systemError = (code: string, message: string) => Object.assign(new Error(message), { code });

function refuseToRead(path: string): never {
  throw systemError("EACCES", `EACCES: permission denied, open '${path}'`);
}

/** Loads a configuration from files that are only here. */
function load({ files = {}, ...sources }: Partial<ConfigSources> & { files?: Record<string, string> }): Config {
  return loadConfig({
    env: {},
    readFile(path) {
      const text = files[path];
      if (text === undefined) throw systemError("ENOENT", `ENOENT: no such file or directory, open '${path}'`);
      return text;
    },
    ...sources,
  });
}

const fromFile = (text: string, more: Partial<ConfigSources> = {}) =>
  load({ fileName: "/etc/o.json", files: { "/etc/o.json": text }, ...more });

/** What is wrong, one line for each mistake. */
function mistakes(action: () => Config): string[] {
  try {
    action();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).toBe(error.problems.map(formatProblem).join("\n"));
    return error.message.split("\n");
  }
  return [];
}

/** What is wrong with a host. */
const host = (name: string, more: Record<string, unknown> = {}) =>
  mistakes(() => fromFile(JSON.stringify({ server: { host: name, ...more } })));

/** True where it loads, or is refused with at least one mistake; everything else is thrown on. */
const isAnswered = (text: string) => {
  try {
    fromFile(text);
    return true;
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.length > 0;
    throw error;
  }
};

const option = (name: string, path: ConfigOption["path"], value: ConfigOption["value"] = true): ConfigOption => ({
  name,
  path,
  value,
});

/** The modem's frequency pairs, as a message lists them. */
const pairs =
  '"1.75/4.5", "1.75/5.5", "1.75/6", "1.75/6.5", "4.5/5.5", "4.5/6", "4.5/6.5", "4.5/10.5", "10.5/13", "5.5/10.5", "5.5/13", "6/10.5", "6/13", "6.5/10.5", "6.5/13" or "5.5/6.5"';

describe("defaults", () => {
  test("are those of OpenDCRE 1.2, on the loopback address", () => {
    expect(load({})).toEqual({
      fileName: null,
      server: {
        host: "127.0.0.1",
        port: 5000,
        endpointPrefix: "/opendcre/",
        allowUnauthenticatedNetwork: false,
        maxBodyBytes: 65_536,
        shutdownGraceMs: 4000,
        cors: "reads",
      },
      tls: {
        enabled: false,
        certificate: null,
        further: [],
        clientCa: null,
        minVersion: "1.2",
        redirectPort: null,
        selfSignedNames: [],
      },
      limits: {
        requestRate: 50,
        requestBurst: 200,
        concurrentRequests: 100,
        connections: 1000,
        connectionsPerAddress: 200,
        loopback: false,
      },
      api: { getControl: true },
      auth: {
        required: false,
        anonymousRole: "none",
        htpasswd: null,
        htpasswdRole: "reader",
        trustedProxies: [],
        proxyUserHeader: null,
        proxyRoleHeader: null,
        proxyRole: "reader",
      },
      ldap: null,
      oidc: null,
      bus: {
        device: "/dev/ttyAMA0",
        hardware: "tty",
        baudRate: 115_200,
        timeoutMs: 250,
        retryLimit: 3,
        collisionPauseMs: 150,
        timeSlice: 75,
        queueLimit: 1024,
        reopenMinMs: 250,
        reopenMaxMs: 10_000,
      },
      hat: {
        gpioChip: null,
        commandPin: 13,
        frequencySelectPin: 19,
        inhPin: 15,
        nsleepPin: 11,
        frequencyPair: "5.5/10.5",
        frequencyNumber: 1,
        interferenceHopping: false,
        longWakeUpMessage: true,
        autoSleep: true,
        autoWakeUpMessage: false,
      },
      emulator: { enabled: false, file: null, baudDelay: null },
      log: {
        level: "info",
        format: "auto",
        access: "commands",
        directory: null,
        maxFileBytes: 10_485_760,
        maxFileAgeH: 168,
        keepFiles: 5,
      },
      mayBusBeMissing: false,
      ipmi: { bmcConfig: null, mayBmcConfigBeMissing: false, queueLimit: 256 },
      control: { protectedBoards: [], cooldownMs: 2000 },
      state: { directory: null },
      audit: { mode: "auto", file: null, rotateBytes: 16_777_216 },
      notices: [],
    });
  });
});

describe("precedence", () => {
  const file = `{ "server": { "port": 1 }, "log": { "level": "debug" } }`;

  test("the file goes before the defaults", () => {
    expect(fromFile(file).server.port).toBe(1);
    expect(fromFile(file).server.host).toBe("127.0.0.1");
  });

  test("the environment goes before the file", () => {
    const config = fromFile(file, { env: { OPENDCRE_SERVER_PORT: "2" } });
    expect([config.server.port, config.log.level]).toEqual([2, "debug"]);
  });

  test("options go before the environment", () => {
    const options = [option("--port", "server.port", "3")];
    expect(fromFile(file, { env: { OPENDCRE_SERVER_PORT: "2" }, options }).server.port).toBe(3);
  });
});

describe("which file", () => {
  const files = {
    "/etc/opendcre/opendcre.json": `{ "server": { "port": 1 } }`,
    "/a.json": `{ "server": { "port": 2 } }`,
    "/b.json": `{ "server": { "port": 3 } }`,
  };

  test.each([
    ["the default one", {}, 1, "/etc/opendcre/opendcre.json"],
    ["the one in OPENDCRE_CONFIG", { env: { OPENDCRE_CONFIG: "/a.json" } }, 2, "/a.json"],
    [
      "the default one where OPENDCRE_CONFIG is empty",
      { env: { OPENDCRE_CONFIG: "" } },
      1,
      "/etc/opendcre/opendcre.json",
    ],
    ["the one that is named", { fileName: "/b.json", env: { OPENDCRE_CONFIG: "/a.json" } }, 3, "/b.json"],
  ])("%s", (_, sources, port, fileName) => {
    const config = load({ files, ...sources });
    expect([config.server.port, config.fileName]).toEqual([port, fileName]);
  });

  test.each([
    ["by an option", { fileName: "/c.json" }],
    ["by OPENDCRE_CONFIG", { env: { OPENDCRE_CONFIG: "/c.json" } }],
  ])("one that is named %s must be there", (_, sources) => {
    expect(() => load({ files, ...sources })).toThrow(
      expect.objectContaining({
        code: "unreadable-config",
        message: "/c.json: the configuration file cannot be read: no such file",
      }),
    );
  });

  test("none, where none is wanted", () => {
    const config = load({ files, fileName: null, env: { OPENDCRE_CONFIG: "/a.json" } });
    expect([config.server.port, config.fileName]).toEqual([5000, null]);
  });

  test("the default one must be readable where it exists", () => {
    expect(() => load({ readFile: refuseToRead })).toThrow(
      expect.objectContaining({ code: "unreadable-config", message: expect.stringContaining("permission denied") }),
    );
  });
});

describe("mistakes in a file", () => {
  const at = "/etc/o.json:1:";
  const lines: [file: string, ...mistakes: string[]][] = [
    ["", "/etc/o.json:1:1: not well-formed JSON: value expected"],
    ["[]", `${at}1: found an array, expected an object`],
    ["null", `${at}1: found null, expected an object`],
    [`{"server": 5}`, `${at}12: server: found 5, expected an object`],
    [`{"servre": {}}`, `${at}12: servre: unknown key; did you mean "server"?`],
    [`{"prot": 1}`, `${at}10: prot: unknown key; did you mean "port"?`],
    [`{"xyzzy": {}}`, `${at}11: xyzzy: unknown key; expected ${sections}`],
    [`{"server": {"prot": 1}}`, `${at}21: server.prot: unknown key; did you mean "port"?`],
    [`{"emulator": {"zz": 1}}`, `${at}21: emulator.zz: unknown key; expected enabled, file or baud_delay`],
    [`{"server": {"port": 65536}}`, `${at}21: server.port: found 65536, expected a whole number from 0 to 65535`],
    [`{"server": {"port": 1e400}}`, `${at}21: server.port: found 1e400, expected a whole number from 0 to 65535`],
    [`{"server": {"port": 80.5}}`, `${at}21: server.port: found 80.5, expected a whole number from 0 to 65535`],
    [`{"server": {"port": "80"}}`, `${at}21: server.port: found "80", expected a whole number from 0 to 65535`],
    [`{"server": {"port": {}}}`, `${at}21: server.port: found an object, expected a whole number from 0 to 65535`],
    [
      `{"server": {"port": 1, "port": 2}}`,
      `${at}24: server.port: named twice in the same object; expected each name once`,
    ],
    [`{"server": {"host": ""}}`, `${at}21: server.host: found "", expected an IP address or a host name`],
    [`{"server": {"cors": "all"}}`, `${at}21: server.cors: found "all", expected "reads" or "off"`],
    [
      `{"server": {"endpoint_prefix": "/a/../b"}}`,
      `${at}32: server.endpoint_prefix: found "/a/../b", expected a URL path of letters, digits, and the characters - . _ ~ /`,
    ],
    [
      `{"server": {"shutdown_grace_ms": 5000}}`,
      `${at}34: server.shutdown_grace_ms: found 5000, expected a whole number from 0 to 4500`,
    ],
    [`{"bus": {"hardware": "modem"}}`, `${at}22: bus.hardware: found "modem", expected "tty" or "hat"`],
    [
      `{"bus": {"hardware": "hat", "baud_rate": 9600}}`,
      `${at}42: bus.baud_rate: found bus.baud_rate 9600 with the frequency of 10.5 MHz, expected 19200, 38400, 57600 or 115200, which the modem of the HAT has there`,
    ],
    [
      `{"bus": {"hardware": "hat"}, "hat": {"frequency_number": 0}}`,
      `${at}58: hat.frequency_number: found bus.baud_rate 115200 with the frequency of 5.5 MHz, expected 9600, 19200, 38400 or 57600, which the modem of the HAT has there`,
    ],
    [
      `{"bus": {"hardware": "hat"}, "hat": {"inh_pin": 13}}`,
      `${at}49: hat.inh_pin: found hat.inh_pin 13, expected another than that of hat.command_pin`,
    ],
    [
      `{"hat": {"inh_pin": 41}}`,
      `${at}21: hat.inh_pin: found 41, expected a physical pin from 1 to 40, the name of a line, or a line of the chip as "offset 4"`,
    ],
    [`{"hat": {"frequency_pair": "1/2"}}`, `${at}28: hat.frequency_pair: found "1/2", expected ${pairs}`],
    [`{"bus": {"device": ""}}`, `${at}20: bus.device: found "", expected the path of a serial port, or null`],
    [
      `{"bus": {"reopen_min_ms": 500, "reopen_max_ms": 400}}`,
      `${at}27: bus.reopen_min_ms: found bus.reopen_min_ms 500, expected at most bus.reopen_max_ms, 400`,
    ],
    [`{"emulator": {"enabled": 1}}`, `${at}26: emulator.enabled: found 1, expected true or false`],
    [
      `{"emulator": {"baud_delay": 1}}`,
      `${at}29: emulator.baud_delay: found 1, expected a whole number from 50 to 4000000, true, false or null`,
    ],
    [
      `{"log": {"level": "verbose"}}`,
      `${at}19: log.level: found "verbose", expected "trace", "debug", "info", "warn", "error" or "fatal"`,
    ],
    [
      `{"log": {"level": "${"x".repeat(100)}"}}`,
      `${at}19: log.level: found "${"x".repeat(59)}..., expected "trace", "debug", "info", "warn", "error" or "fatal"`,
    ],
    [
      `{"port": 80, "bus": {}}`,
      `${at}10: port: a key of OpenDCRE 1.2's flat format in a file with sections; expected server.port`,
    ],
    [
      `{"lockfile": "/tmp/l", "bus": {}}`,
      `${at}14: lockfile: a key of OpenDCRE 1.2's flat format in a file with sections; expected nothing in its place`,
    ],
    [`{"port": "80"}`, `${at}10: port: found "80", expected a whole number from 0 to 65535`],
    [`{"port": 80, "bus_bod": 1}`, `${at}25: bus_bod: unknown key; did you mean "bus_baud"?`],
    [
      `{"lockfile": 1, "ssl_enable": "no"}`,
      `${at}14: lockfile: found 1, expected a path`,
      `${at}31: ssl_enable: found "no", expected true or false`,
    ],
  ];

  test.each(lines)("%s", (file, ...expected) => {
    expect(mistakes(() => fromFile(file))).toEqual(expected);
  });

  test("are all named at once, in the order of the file, those of other sources after them", () => {
    const file = `{
  // Everything here is wrong.
  "server": { "port": -1, "hots": "::1" },
  "nothing": 1,
  "bus": { "baud_rate": "fast" }
}`;
    const sources = {
      env: { OPENDCRE_LOG_LEVEL: "loud", OPENDCRE_SERVER_HOST: "192.0.2.1" },
      options: [option("--port", "server.port", "http")],
    };
    expect(mistakes(() => fromFile(file, sources))).toEqual([
      "/etc/o.json:3:23: server.port: found -1, expected a whole number from 0 to 65535",
      '/etc/o.json:3:35: server.hots: unknown key; did you mean "host"?',
      `/etc/o.json:4:14: nothing: unknown key; expected ${sections}`,
      '/etc/o.json:5:25: bus.baud_rate: found "fast", expected a whole number from 50 to 4000000',
      'environment variable OPENDCRE_LOG_LEVEL: found "loud", expected "trace", "debug", "info", "warn", "error" or "fatal"',
      'option --port: found "http", expected a whole number from 0 to 65535',
      'environment variable OPENDCRE_SERVER_HOST: found "192.0.2.1", expected a loopback address such as 127.0.0.1: nobody need be asked for credentials, and anyone who reaches the port could switch off servers (auth.required and tls.enabled together permit it; so does --allow-unauthenticated-network or server.allow_unauthenticated_network)',
    ]);
  });

  test("are named also where another source overrides them", () => {
    const options = [option("--port", "server.port", "80")];
    expect(mistakes(() => fromFile(`{"server": {"port": "x"}}`, { options }))).toHaveLength(1);
  });
});

describe("the environment", () => {
  test("has a variable for every kind of value", () => {
    const { server, bus, emulator, log } = load({
      env: {
        OPENDCRE_SERVER_HOST: "localhost",
        OPENDCRE_SERVER_ENDPOINT_PREFIX: "dcre",
        OPENDCRE_BUS_DEVICE: "",
        OPENDCRE_BUS_RETRY_LIMIT: "0",
        OPENDCRE_EMULATOR_ENABLED: "true",
        OPENDCRE_EMULATOR_BAUD_DELAY: "true",
        OPENDCRE_LOG_ACCESS: "off",
        PATH: "/bin",
      },
    });
    expect([server.host, server.endpointPrefix, bus.device, bus.retryLimit]).toEqual(["localhost", "/dcre/", null, 0]);
    expect([emulator.enabled, emulator.baudDelay, log.access]).toEqual([true, 115_200, "off"]);
  });

  test("gets a warning, not a refusal, for a variable with our prefix that is no setting", () => {
    const env = { OPENDCRE_SERVER_PROT: "1", OPENDCRE_PORT_5000_TCP_ADDR: "10.0.0.1" };
    expect(load({ env }).notices).toEqual([
      {
        level: "warn",
        message:
          "environment variable OPENDCRE_SERVER_PROT is not a setting and is ignored; did you mean OPENDCRE_SERVER_PORT?",
      },
      {
        level: "warn",
        message: expect.stringContaining("OPENDCRE_PORT_5000_TCP_ADDR is not a setting and is ignored"),
      },
    ]);
  });
});

describe("values", () => {
  test.each([
    ["", "/"],
    ["/", "/"],
    ["opendcre", "/opendcre/"],
    ["/opendcre", "/opendcre/"],
    ["a/b", "/a/b/"],
  ])("the prefix %p is %p", (given, normal) => {
    expect(fromFile(JSON.stringify({ server: { endpoint_prefix: given } })).server.endpointPrefix).toBe(normal);
  });

  test("relative paths in a file are relative to its folder, others to where the program was started", () => {
    const file = `{"emulator": {"file": "racks/a.json"}, "ipmi": {"bmc_config": "/b.json"}}`;
    const { emulator, ipmi } = fromFile(file);
    expect([emulator.file, ipmi.bmcConfig]).toEqual(["/etc/racks/a.json", "/b.json"]);
    expect(load({ env: { OPENDCRE_EMULATOR_FILE: "racks/a.json" } }).emulator.file).toBe("racks/a.json");
  });

  test.each([
    ["null", null],
    ["false", null],
    ["9600", 9600],
    ["true", 19_200],
  ])("a baud_delay of %s is %p", (given, baudDelay) => {
    const file = `{"bus": {"baud_rate": 19200}, "emulator": {"baud_delay": ${given}}}`;
    expect(fromFile(file).emulator.baudDelay).toBe(baudDelay);
  });
});

describe("the network", () => {
  test.each(["127.0.0.1", "127.9.9.9", "::1", "0:0:0:0:0:0:0:1", "localhost", "LocalHost"])(
    "%s is this machine alone",
    (name) => {
      expect(host(name)).toEqual([]);
    },
  );

  test.each(["0.0.0.0", "::", "192.0.2.1", "128.0.0.1", "rack7.example.org", "127.example.org", "::ffff:192.0.2.1"])(
    "%s is refused without credentials, unless they are waived",
    (name) => {
      expect(host(name)).toEqual([expect.stringContaining("server.host: found")]);
      expect(host(name, { allow_unauthenticated_network: true })).toEqual([]);
    },
  );

  test("what is waived is said in the log", () => {
    const env = { OPENDCRE_SERVER_HOST: "::", OPENDCRE_SERVER_ALLOW_UNAUTHENTICATED_NETWORK: "true" };
    expect(load({ env }).notices).toEqual([
      {
        level: "warn",
        message: "listening on :: without credentials: anyone who reaches the port can switch off servers",
      },
    ]);
  });

  const credentials = { OPENDCRE_SERVER_HOST: "::", OPENDCRE_AUTH_REQUIRED: "true" };

  test("credentials and encryption together open it", () => {
    const config = load({ env: { ...credentials, OPENDCRE_TLS_ENABLED: "true" } });
    expect([config.server.host, config.notices]).toEqual(["::", []]);
  });

  test("credentials without encryption do not, unless that is waived, and said in the log", () => {
    expect(mistakes(() => load({ env: credentials }))).toEqual([
      expect.stringContaining("credentials would go over the network for anyone to read"),
    ]);
    const waived = load({ env: { ...credentials, OPENDCRE_SERVER_ALLOW_UNAUTHENTICATED_NETWORK: "true" } });
    expect(waived.notices).toEqual([
      { level: "warn", message: "listening on :: without encryption: anyone may read credentials" },
    ]);
  });

  test("encryption without credentials does not", () => {
    const env = { OPENDCRE_SERVER_HOST: "::", OPENDCRE_TLS_ENABLED: "true" };
    expect(mistakes(() => load({ env }))).toEqual([expect.stringContaining("nobody need be asked for credentials")]);
  });

  test("a wrong waiver is one mistake, not two", () => {
    expect(host("::", { allow_unauthenticated_network: "yes" })).toEqual([
      expect.stringContaining("server.allow_unauthenticated_network"),
    ]);
  });
});

const auth = (settings: object) => fromFile(JSON.stringify({ auth: settings }));

describe("proxies", () => {
  test("are addresses and networks; a variable has commas between them", () => {
    const { trustedProxies } = auth({ trusted_proxies: ["192.0.2.1", "10.0.0.0/8", "fd00::/8", "::1"] }).auth;
    expect(trustedProxies).toEqual(["192.0.2.1", "10.0.0.0/8", "fd00::/8", "::1"]);
    const env = { OPENDCRE_AUTH_TRUSTED_PROXIES: "192.0.2.1, fd00::/8" };
    expect(load({ env }).auth.trustedProxies).toEqual(["192.0.2.1", "fd00::/8"]);
  });

  test.each(["rack7", "", "192.0.2.256", "192.0.2.1/33", "::1/129", "1::2::3", "10.0.0.0/", "10.0.0.0/8/8", "*"])(
    "%p is none",
    (proxy) => {
      expect(mistakes(() => auth({ trusted_proxies: [proxy] }))).toEqual([
        expect.stringContaining("auth.trusted_proxies: found"),
      ]);
    },
  );

  test("a header that says who someone is takes proxies that are believed", () => {
    expect(mistakes(() => auth({ proxy_user_header: "X-Forwarded-User" }))).toEqual([
      expect.stringContaining("auth.proxy_user_header: given without auth.trusted_proxies"),
    ]);
    expect(mistakes(() => auth({ proxy_role_header: "X-Role" }))).toEqual([
      expect.stringContaining("auth.proxy_role_header: given without auth.proxy_user_header"),
    ]);
    expect(mistakes(() => auth({ trusted_proxies: ["::1"], proxy_user_header: "X-User:" }))).toEqual([
      expect.stringContaining("auth.proxy_user_header: found"),
    ]);
  });
});

describe("emulator and serial port", () => {
  const device = `{"bus": {"device": "/dev/ttyUSB0"}}`;
  const both = `{"bus": {"device": "/dev/ttyUSB0"}, "emulator": {"enabled": true}}`;
  const byOption = option("--device", "bus.device", "/dev/ttyUSB1");
  const emulate = option("--emulator", "emulator.enabled");

  test.each([
    ["both in the file", both, [], true],
    ["the emulator as an option", device, [emulate], true],
    ["the serial port as an option", both, [byOption], false],
  ])("%s", (_, file, options, enabled) => {
    const config = fromFile(file, { options });
    expect(config.emulator.enabled).toBe(enabled);
    expect(config.notices).toEqual([{ level: "info", message: expect.stringMatching(/serial port \/dev\/ttyUSB\d/) }]);
  });

  test("both as options are a mistake", () => {
    expect(mistakes(() => load({ options: [emulate, byOption] }))).toEqual([
      "option --device: given together with --emulator; expected one or the other",
    ]);
  });

  test("the emulator alone needs no words", () => {
    expect(load({ options: [emulate] }).notices).toEqual([]);
  });

  test("neither is said in the log", () => {
    expect(fromFile(`{"bus": {"device": null}}`).notices).toEqual([
      {
        level: "warn",
        message: "bus.device and ipmi.bmc_config are null and the emulator is off: there are no boards",
      },
    ]);
  });
});

describe("a bus that may be missing", () => {
  const bmcs: ConfigOption = { name: "--bmc-config", path: "ipmi.bmc_config", value: "bmcs.json" };

  test("is one that nobody has named, beside BMCs", () => {
    expect(load({ options: [bmcs] }).mayBusBeMissing).toBe(true);
    expect(load({}).mayBusBeMissing).toBe(false);
  });

  test.each([
    ["its port in the file", { fileName: "/o.json", files: { "/o.json": '{ "bus": { "device": "/dev/ttyAMA0" } }' } }],
    ["its port in the environment", { env: { OPENDCRE_BUS_DEVICE: "/dev/ttyAMA0" } }],
    ["the HAT", { env: { OPENDCRE_BUS_HARDWARE: "hat" } }],
  ])("is none where somebody has named %s", (_, sources) => {
    expect(load({ ...sources, options: [bmcs] }).mayBusBeMissing).toBe(false);
  });
});

describe("a configuration of OpenDCRE 1.2", () => {
  // Every key that its opendcre_config.json had, with values other than the defaults.
  const legacy = {
    endpoint_prefix: "/rack7/",
    port: 5001,
    lockfile: "/tmp/OpenDCRE.lock",
    serial_default: "/dev/ttyUSB3",
    bus_baud: 57_600,
    ssl_enable: false,
    retry_limit: 5,
    time_slice: 80,
    bmc_config: "bmc_config.json",
  };

  test("is understood as it stands", () => {
    const { server, bus, ipmi, notices } = fromFile(JSON.stringify(legacy));
    expect([server.endpointPrefix, server.port, server.host]).toEqual(["/rack7/", 5001, "127.0.0.1"]);
    expect([bus.device, bus.baudRate, bus.retryLimit, bus.timeSlice]).toEqual(["/dev/ttyUSB3", 57_600, 5, 80]);
    expect([ipmi.bmcConfig, ipmi.mayBmcConfigBeMissing]).toEqual(["/etc/bmc_config.json", true]);
    expect(notices).toEqual([
      { level: "info", message: "/etc/o.json is a configuration of OpenDCRE 1.2; it is understood as it stands" },
      { level: "info", message: expect.stringContaining("lockfile is not used") },
    ]);
  });

  test("that asks for TLS gets it", () => {
    expect(fromFile(JSON.stringify({ ssl_enable: true })).tls.enabled).toBe(true);
    expect(fromFile(JSON.stringify(legacy)).tls.enabled).toBe(false);
  });
});

describe("TLS", () => {
  const paths = {
    certificate: "c.pem",
    key: "/k.pem",
    further: [{ certificate: "f.pem", key: "g.pem", names: ["a.b"] }],
  };

  test("has its files looked for in the folder of the configuration", () => {
    const { tls } = fromFile(JSON.stringify({ tls: { ...paths, enabled: true } }));
    expect(tls.certificate).toEqual({ certificate: "/etc/c.pem", key: "/k.pem" });
    expect(tls.further).toEqual([{ certificate: "/etc/f.pem", key: "/etc/g.pem", names: ["a.b"] }]);
  });

  test("needs certificate and key, and a port of its own to redirect from", () => {
    expect(mistakes(() => fromFile('{"tls": {"enabled": true, "key": "k", "redirect_port": 5000}}'))).toEqual([
      "/etc/o.json:1:34: tls.key: found tls.key alone, expected tls.certificate and tls.key, or neither",
      "/etc/o.json:1:56: tls.redirect_port: found 5000, which is server.port; expected another port, or null",
    ]);
  });

  test("that is configured and not enabled gets a warning", () => {
    expect(fromFile(JSON.stringify({ tls: paths })).notices).toContainEqual({
      level: "warn",
      message: "tls.certificate, tls.further: not used, because tls.enabled is false",
    });
  });

  test("refuses what is no list of certificates or names", () => {
    const file = {
      tls: { further: [{ certificate: "c", key: "k", names: [] }], self_signed_names: ["a b"], min_version: "1.1" },
    };
    expect(mistakes(() => fromFile(JSON.stringify(file)))).toEqual([
      expect.stringContaining("tls.further: found an array, expected a list of objects such as"),
      expect.stringContaining("tls.self_signed_names: found an array, expected a list of names"),
      expect.stringContaining('tls.min_version: found "1.1", expected "1.2" or "1.3"'),
    ]);
  });
});

describe("anything as a configuration", () => {
  const keys = fc.constantFrom(
    "server",
    "bus",
    "port",
    "host",
    "ssl_enable",
    "lockfile",
    "emulator",
    "enabled",
    "__proto__",
  );
  const documents = fc.letrec((tie) => ({
    value: fc.oneof(fc.jsonValue(), fc.dictionary(fc.oneof(keys, fc.string()), tie("value"), { maxKeys: 4 })),
  })).value;

  test("any JSON", () => {
    fc.assert(fc.property(documents, (value) => isAnswered(JSON.stringify(value))));
  });

  test("any text", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" })), isAnswered));
  });
});
