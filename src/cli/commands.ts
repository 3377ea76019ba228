import { auditCommands } from "./audit-commands.ts";
import type { CommandSpec, OptionSpec } from "./command.ts";
import { credentialCommands } from "./credential-commands.ts";

const config: OptionSpec = {
  name: "config",
  value: { placeholder: "FILE" },
  summary: "read this configuration file, not /etc/opendcre/opendcre.json",
};

const logLevel: OptionSpec = {
  name: "log-level",
  value: { placeholder: "LEVEL" },
  summary: "write lines from this level on: trace, debug, info, warn, error or fatal",
  setting: "log.level",
};

const baudDelay: OptionSpec = {
  name: "baud-delay",
  value: { placeholder: "BAUD", optional: /^\d+$/ },
  summary: "let emulated bytes take as long as on a line of this speed (without BAUD: the bus's)",
  setting: "emulator.baud_delay",
};

const serve: CommandSpec = {
  name: "serve",
  summary: "serve the rack over HTTP; the command that is taken where none is given",
  options: [
    config,
    {
      name: "emulator",
      value: { placeholder: "FILE", optional: /^[^-]/ },
      summary: "serve an emulated rack: the one in this board file, or the one that is built in",
      setting: "emulator.file",
      enables: "emulator.enabled",
    },
    {
      name: "device",
      value: { placeholder: "TTY" },
      summary: "the serial port of the device bus, such as /dev/ttyUSB0",
      setting: "bus.device",
    },
    {
      name: "bmc-config",
      value: { placeholder: "FILE" },
      summary: "the file that lists the BMCs to serve",
      setting: "ipmi.bmc_config",
    },
    { name: "host", value: { placeholder: "ADDR" }, summary: "listen on this address", setting: "server.host" },
    { name: "port", value: { placeholder: "N" }, summary: "listen on this TCP port", setting: "server.port" },
    logLevel,
    baudDelay,
    {
      name: "allow-unauthenticated-network",
      summary:
        "listen on other than loopback addresses although nobody is asked for credentials: anyone who reaches the port can switch off servers",
      setting: "server.allow_unauthenticated_network",
    },
  ],
  examples: [
    ["opendcre --emulator", "try it without hardware"],
    ["curl http://127.0.0.1:5000/opendcre/1.2/scan", "ask it what is in the rack"],
    ["opendcre --device /dev/ttyUSB0 --port 8080", "serve the bus behind a USB adapter"],
    ["opendcre serve --config /etc/opendcre/opendcre.json", "as a service does"],
  ],
  load: async () => (await import("./serve.ts")).serve,
};

const emulate: CommandSpec = {
  name: "emulate",
  summary: "be a rack at the other end of a serial line, or a BMC",
  argument: { placeholder: "FILE", summary: "the board file; without it, the rack that is built in" },
  options: [
    {
      name: "device",
      value: { placeholder: "TTY" },
      summary: "the serial port to answer on",
      setting: "bus.device",
    },
    {
      name: "baud-rate",
      value: { placeholder: "BAUD" },
      summary: "the speed of the serial port; 115200 where it is not given",
      setting: "bus.baud_rate",
    },
    { ...baudDelay, summary: "let bytes take as long as on a line of this speed (without BAUD: the port's)" },
    { name: "hat", summary: "be the modem of the power-line HAT, too: its registers can be written and read" },
    {
      name: "bmc",
      value: { placeholder: "FILE", optional: /^[^-]/ },
      summary: "answer as the BMC in this file, or as one that is built in, in place of the rack",
    },
    { name: "host", value: { placeholder: "ADDR" }, summary: "the BMC's address; 127.0.0.1 where it is not given" },
    { name: "port", value: { placeholder: "N" }, summary: "the BMC's UDP port; 623 where it is not given" },
    logLevel,
  ],
  examples: [
    ["opendcre emulate --device /dev/ttyUSB1", "the rack that is built in"],
    ["opendcre emulate --device /tmp/bus --baud-delay 115200 rack.json", "as slow as a real line, over a PTY"],
    ["opendcre emulate --bmc --port 9623", "a BMC for ipmitool -H 127.0.0.1 -p 9623"],
  ],
  load: async () => (await import("./emulate.ts")).emulate,
};

const checkConfig: CommandSpec = {
  name: "check-config",
  summary: "check the configuration, and the board and BMC files that it names, and list all mistakes",
  argument: { placeholder: "FILE", summary: "the configuration file; the same as --config FILE" },
  options: [config],
  examples: [["opendcre check-config my.json", "before the service is restarted with it"]],
  load: async () => (await import("./check-config.ts")).checkConfig,
};

const listPorts: CommandSpec = {
  name: "list-ports",
  summary: "list the serial ports of this machine",
  options: [{ name: "json", summary: "as JSON, for programs" }],
  examples: [["opendcre list-ports", "find the name for --device"]],
  load: async () => (await import("./list-ports.ts")).printPorts,
};

const doctor: CommandSpec = {
  name: "doctor",
  summary: "say what is wrong with this machine and its configuration, and what to do",
  options: [config, { name: "json", summary: "as JSON, for programs" }],
  examples: [
    ["sudo opendcre doctor", "the service as it is installed; ends with 1 where something fails"],
    ["opendcre doctor --config my.json", "with another configuration"],
  ],
  load: async () => (await import("./doctor.ts")).doctor,
};

/** The command that is taken where none is given. */
export const defaultCommand = serve;

/** Every command, in the order in which help names them. */
export const commands: readonly CommandSpec[] = [
  serve,
  emulate,
  checkConfig,
  listPorts,
  doctor,
  ...auditCommands,
  ...credentialCommands,
];
