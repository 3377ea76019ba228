/** An assignment in an environment file of systemd. */
const ASSIGNMENT = /^\s*(?<name>[A-Za-z_]\w*)=(?<value>.*)$/;

/**
 * The variables in an environment file, as far as people write such: one a line, quotes around the value, comments behind # or ;.
 *
 * @see systemd.exec(5), "EnvironmentFile="
 */
export function parseEnvironmentFile(text: string): Readonly<Record<string, string>> {
  const variables: Record<string, string> = Object.create(null);
  for (const line of text.replaceAll("\\\n", " ").split("\n")) {
    const { name, value = "" } = ASSIGNMENT.exec(line)?.groups ?? {};
    if (name !== undefined) variables[name] = unquoted(value.trim());
  }
  return variables;
}

const unquoted = (value: string): string =>
  /^(?<quote>["'])(?<inner>.*)\k<quote>$/.exec(value)?.groups?.["inner"] ?? value;

/** The words of `$OPENDCRE_OPTS`, which systemd splits at white space. @see systemd.service(5), "Command lines" */
export const wordsOf = (text: string | undefined): readonly string[] => (text ?? "").split(/\s+/).filter(Boolean);
