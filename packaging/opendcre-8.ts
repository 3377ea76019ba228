import type { CommandSpec } from "../src/cli/command.ts";
import { commands, defaultCommand } from "../src/cli/commands.ts";
import { exitCodes } from "../src/cli/exit-codes.ts";
import { spelling, usageOf } from "../src/cli/help.ts";
import { item, literal, page, paragraph, section, subsection, type PageTitle } from "./man-page.ts";

const sentence = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;

function commandSection(command: CommandSpec): string {
  const { name, summary, argument, options, examples } = command;
  return subsection(
    name,
    literal(usageOf(command)),
    paragraph(sentence(summary)),
    argument ? item(argument.placeholder, sentence(argument.summary)) : "",
    ...options.map((option) => item(spelling(option), sentence(option.summary))),
    examples.length > 0 ? paragraph(examples.length > 1 ? "Examples:" : "Example:") : "",
    ...examples.map(([commandLine, meaning]) => item(commandLine, sentence(meaning))),
  );
}

/** What each exit code means, for people. */
const meanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: "Everything was done. A server that was told to stop has stopped.",
  unwell: "opendcre doctor has found something that fails.",
  usage: "The command line was wrong.",
  damaged: "What was looked at is not as it should be, the audit trail for one.",
  unavailable: "The TCP port is taken, or the serial port is not there.",
  software: "A mistake in the program.",
  io: "Reading or writing failed.",
  noPermission: "The system does not permit it.",
  config: "The configuration, or a file that it names, is wrong.",
};

const isExitCodeName = (name: string): name is keyof typeof exitCodes => name in exitCodes;

/** opendcre(8), from the table of commands. */
export function opendcrePage(title: Pick<PageTitle, "version" | "epochS">): string {
  const exits = Object.keys(exitCodes).filter(isExitCodeName);
  return page(
    { name: "opendcre", volume: "8", summary: "one HTTP API over everything in a rack", ...title },
    section("synopsis", ...commands.map((command) => literal(usageOf(command)))),
    section(
      "description",
      paragraph(
        "OpenDCRE serves boards on a serial device bus, and servers by their BMCs (IPMI over LAN), over one HTTP API: power, sensors, fans, LEDs, boot targets, asset data. The package runs it as the service opendcre, with the user opendcre.",
      ),
      paragraph(
        `Where no command is given, it is "${defaultCommand.name}". Each setting of the configuration file also has an environment variable: OPENDCRE_SERVER_PORT for server.port. Options go before variables, these before the file.`,
      ),
      paragraph(
        "--help after a command, or --help and --version alone, say how it is used, and what is installed. Options may be written --name VALUE or --name=VALUE.",
      ),
    ),
    section("commands", ...commands.map(commandSection)),
    section(
      "signals",
      item("SIGTERM, SIGINT", "What waits is refused, what is under way is finished, for five seconds at most."),
      item(
        "SIGHUP",
        "Reads again what may change while the server runs: credentials, certificates, the BMC file, limits, the level of the log; log files are opened anew. What is wrong changes nothing, and is logged. systemctl reload opendcre sends it.",
      ),
    ),
    section("exit status", ...exits.map((name) => item(`${exitCodes[name]}`, meanings[name]))),
    section(
      "files",
      item("/etc/opendcre/opendcre.json", "The configuration; see opendcre.json(5)."),
      item(
        "/etc/opendcre/credentials/",
        "Credentials for the service, one a file, for root alone: FILE there is the credential opendcre_FILE.",
      ),
      item("/etc/default/opendcre", "Options of the service, in OPENDCRE_OPTS."),
      item(
        "/var/lib/opendcre/",
        "What is kept: tokens, users, the self-signed certificate, the audit trail, what is known of BMCs.",
      ),
      item(
        "/var/log/opendcre/",
        "Log files, where log.directory names this folder. The journal has everything as well, with fields to look for: journalctl -u opendcre OPENDCRE_BOARD=00000010.",
      ),
      item("/usr/share/doc/opendcre/operations.md", "How to install, run, back up and repair it."),
    ),
    section("see also", paragraph("opendcre.json(5), systemctl(1), journalctl(1), ipmitool(1)")),
  );
}
