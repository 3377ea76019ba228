import type { TextPosition } from "../lib/json-document.ts";

/** Where a setting was given. */
export type Origin =
  | {
      readonly kind: "file";
      readonly fileName: string;
      /** As `formatPath` spells it: `server.port`; empty for the file as a whole. */
      readonly place: string;
      readonly position?: TextPosition;
    }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "option"; readonly name: string };

/** One mistake in the configuration. */
export interface ConfigProblem {
  readonly origin: Origin;
  /** What was found there and what was expected, in words. */
  readonly message: string;
}

/** `opendcre.json:4:13: server.port`, `environment variable OPENDCRE_SERVER_PORT`, `option --port`. */
function formatOrigin(origin: Origin): string {
  if (origin.kind === "variable") return `environment variable ${origin.name}`;
  if (origin.kind === "option") return `option ${origin.name}`;
  const { fileName, place, position } = origin;
  const file = position ? `${fileName}:${position.line}:${position.column}` : fileName;
  return place === "" ? file : `${file}: ${place}`;
}

/** A mistake as one line: where, what was found, what was expected. */
export const formatProblem = ({ origin, message }: ConfigProblem): string => `${formatOrigin(origin)}: ${message}`;

/**
 * Why there is no configuration.
 *
 * - `invalid-config`: it has mistakes, all of which `problems` lists
 * - `unreadable-config`: the file that was named is not there, or may not be read
 */
export type ConfigErrorCode = "invalid-config" | "unreadable-config";

/** A configuration that cannot be used. The message has one line for each mistake. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code: ConfigErrorCode;
  readonly problems: readonly ConfigProblem[];

  constructor(code: ConfigErrorCode, problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map(formatProblem).join("\n"), options);
    this.code = code;
    this.problems = problems;
  }
}
