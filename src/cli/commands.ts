import { auditCommands } from "./audit-commands.ts";
import type { CommandSpec } from "./command.ts";
import { baudDelay, config, logLevel } from "./common-options.ts";
import { credentialCommands } from "./credential-commands.ts";
import { serve } from "./serve-command.ts";

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
