import { exitCodes, type ExitCode } from "./exit-codes.ts";

/** How a failure is told to people, and to the one who started the program. */
export interface FailureReport {
  readonly exitCode: ExitCode;
  /** One line for each thing that is wrong. */
  readonly lines: readonly string[];
}

interface Treatment {
  readonly exitCode: ExitCode;
  /** What to do about it, where the message does not say so itself. */
  readonly advice?: string;
}

/** What is done about the failures that are foreseen, by the code that their error bears. */
const treatments: ReadonlyMap<string, Treatment> = new Map<string, Treatment>([
  ["usage", { exitCode: exitCodes.usage }],

  ["invalid-config", { exitCode: exitCodes.config }],
  ["unreadable-config", { exitCode: exitCodes.config }],
  ["invalid-board-file", { exitCode: exitCodes.config }],
  ["invalid-bmc-file", { exitCode: exitCodes.config }],

  // Their messages say what to do.
  ["tls-missing", { exitCode: exitCodes.config }],
  ["tls-unreadable", { exitCode: exitCodes.config }],
  ["tls-key-exposed", { exitCode: exitCodes.config }],
  ["tls-invalid", { exitCode: exitCodes.config }],
  ["tls-key-mismatch", { exitCode: exitCodes.config }],
  ["tls-chain", { exitCode: exitCodes.config }],
  ["tls-expired", { exitCode: exitCodes.config }],
  ["tls-other-names", { exitCode: exitCodes.config }],
  ["invalid-credential-file", { exitCode: exitCodes.config }],
  ["name-taken", { exitCode: exitCodes.usage }],
  ["no-such-name", { exitCode: exitCodes.usage }],
  ["invalid-name", { exitCode: exitCodes.usage }],
  ["invalid-password", { exitCode: exitCodes.usage }],
  ["locked", { exitCode: exitCodes.unavailable }],

  [
    "address-in-use",
    {
      exitCode: exitCodes.unavailable,
      advice: "stop the other program, or choose another port with --port",
    },
  ],
  ["address-not-available", { exitCode: exitCodes.unavailable, advice: "give an address of this machine with --host" }],

  [
    "not-found",
    {
      exitCode: exitCodes.unavailable,
      advice: "opendcre list-ports shows what is there; --emulator needs no hardware",
    },
  ],
  ["busy", { exitCode: exitCodes.unavailable, advice: "stop the program that has it open" }],
  ["unplugged", { exitCode: exitCodes.unavailable, advice: "plug it in again" }],
  ["unsupported-platform", { exitCode: exitCodes.unavailable }],
  ["permission-denied", { exitCode: exitCodes.noPermission }],
  ["not-a-tty", { exitCode: exitCodes.config, advice: "opendcre list-ports shows the serial ports" }],
  ["unsupported-rate", { exitCode: exitCodes.config, advice: "set bus.baud_rate to a speed that the port has" }],
  ["unsupported-setting", { exitCode: exitCodes.config }],
  ["io", { exitCode: exitCodes.io }],

  ["gpio-not-found", { exitCode: exitCodes.config, advice: "hat.gpio_chip and hat.…_pin say where the HAT is" }],
  ["gpio-permission-denied", { exitCode: exitCodes.noPermission }],
  ["gpio-busy", { exitCode: exitCodes.unavailable, advice: "stop the program that has it" }],
  ["gpio-unsupported", { exitCode: exitCodes.unavailable }],
  ["gpio-io", { exitCode: exitCodes.io }],

  ["audit-unavailable", { exitCode: exitCodes.io, advice: "nothing was done" }],
  ["no-audit-trail", { exitCode: exitCodes.config }],
  ["audit-locked", { exitCode: exitCodes.unavailable, advice: "try again, or stop that process" }],

  ["ENOENT", { exitCode: exitCodes.config, advice: "correct the name, or create the file" }],
  ["EISDIR", { exitCode: exitCodes.config, advice: "name a file, not a folder" }],
  ["EACCES", { exitCode: exitCodes.noPermission, advice: "let the user that runs this program read it" }],
  ["EPERM", { exitCode: exitCodes.noPermission }],
  ["ENOSPC", { exitCode: exitCodes.io, advice: "make room on the disk" }],
  ["EDQUOT", { exitCode: exitCodes.io, advice: "the user's disk quota is used up" }],
  ["EROFS", { exitCode: exitCodes.io, advice: "mount it for writing, or name another folder" }],
  ["EIO", { exitCode: exitCodes.io }],
]);

/** Says what failed and what to do about it. */
export function describeFailure(error: unknown): FailureReport {
  const message = error instanceof Error ? error.message : String(error);
  const lines = message.split("\n").filter((line) => line.trim() !== "");
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const treatment = typeof code === "string" ? treatments.get(code) : undefined;
  if (!treatment) {
    const name = error instanceof Error ? error.name : typeof error;
    const line = `unexpected failure: ${name}: ${lines.join(" ")} (--log-level debug shows where it comes from)`;
    return { exitCode: exitCodes.software, lines: [line] };
  }
  const { exitCode, advice } = treatment;
  return { exitCode, lines: advice === undefined ? lines : [`${lines.join(" ")}; ${advice}`] };
}

/** The lines as they go to standard error, each with `prefix` before it. */
export const formatFailure = ({ lines }: FailureReport, prefix = ""): string =>
  lines.map((line) => `${prefix}opendcre: ${line}\n`).join("");
