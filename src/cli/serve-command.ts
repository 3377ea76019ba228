import type { CommandSpec } from "./command.ts";
import { baudDelay, config, logLevel } from "./common-options.ts";

/** `opendcre serve`, which the unit of the package also runs. */
export const serve: CommandSpec = {
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
