import { systemClock as clock } from "../lib/clock.ts";
import { optionOf, type CommandContext, type Invocation } from "./command.ts";
import { examine } from "./doctor/examine.ts";
import { findingsAsJson, formatFindings, isWell } from "./doctor/finding.ts";
import { linuxMachine } from "./doctor/linux-machine.ts";
import { patientOf } from "./doctor/patient.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";

/** `opendcre doctor`: says what is wrong with this machine and its configuration, and what to do. Changes nothing. */
export async function doctor(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const patient = patientOf(invocation, context);
  const findings = await examine(patient, linuxMachine(patient.isService), clock);
  await context.print(optionOf(invocation, "json") ? findingsAsJson(findings) : formatFindings(findings));
  return isWell(findings) ? exitCodes.ok : exitCodes.unwell;
}
