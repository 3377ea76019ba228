import type { OptionSpec } from "./command.ts";

/** Where the configuration is. */
export const config: OptionSpec = {
  name: "config",
  value: { placeholder: "FILE" },
  summary: "read this configuration file, not /etc/opendcre/opendcre.json",
};

export const logLevel: OptionSpec = {
  name: "log-level",
  value: { placeholder: "LEVEL" },
  summary: "write lines from this level on: trace, debug, info, warn, error or fatal",
  setting: "log.level",
};

export const baudDelay: OptionSpec = {
  name: "baud-delay",
  value: { placeholder: "BAUD", optional: /^\d+$/ },
  summary: "let emulated bytes take as long as on a line of this speed (without BAUD: the bus's)",
  setting: "emulator.baud_delay",
};
