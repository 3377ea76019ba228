import type { CommandContext } from "./command.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { parseArguments } from "./parse-arguments.ts";

/** Does what a command line asks for. Failures end up on standard error, and in the exit code. */
export async function run(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  try {
    return await dispatch(argv, context);
  } catch (error) {
    const { describeFailure, formatFailure } = await import("./failures.ts");
    const report = describeFailure(error);
    await context.complain(formatFailure(report, await errorPrefix(context)));
    return report.exitCode;
  }
}

const STANDARD_ERROR = 2;

/** Why a service does not start is to be among what the journal shows of errors. */
async function errorPrefix({ env }: CommandContext): Promise<string> {
  const { journalPrefix, leadsToJournal } = await import("../telemetry/journal.ts");
  return leadsToJournal(STANDARD_ERROR, env["JOURNAL_STREAM"]) ? journalPrefix("error") : "";
}

async function dispatch(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  const request = parseArguments(argv);
  if (request.kind === "command") {
    const runner = await request.invocation.command.load();
    return runner(request.invocation, context);
  }
  if (request.kind === "version") {
    const { versionLine } = await import("../version.ts");
    await context.print(`${versionLine()}\n`);
  } else {
    const { commandHelp, generalHelp, groupHelp } = await import("./help.ts");
    if (request.kind === "group-help") await context.print(groupHelp(request.group));
    else await context.print(request.command ? commandHelp(request.command) : generalHelp());
  }
  return exitCodes.ok;
}
