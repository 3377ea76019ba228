import type { Environment } from "../appliance/environment.ts";
import { directoryOf } from "../appliance/state-directory.ts";
import { CredentialFileError } from "../auth/errors.ts";
import type { Config } from "../config/config.ts";
import { systemClock as clock } from "../lib/clock.ts";
import { createLog } from "../telemetry/log.ts";

/**
 * Reads everything by which callers would be let in, and returns what is odd about it, in lines for people.
 *
 * @throws CredentialFileError for a file that can be read and not used; what node:fs throws of others
 */
export async function checkCredentials(config: Config, env: Environment): Promise<readonly string[]> {
  const [{ buildLogin }, { LoginThrottle }] = await Promise.all([
    import("../appliance/build-login.ts"),
    import("../auth/throttle.ts"),
  ]);
  const oddities: string[] = [];
  const output = {
    isTerminal: false,
    write: (line: string) => void oddities.push(messageIn(line)),
    takeLostLines: () => 0,
  };
  const log = await createLog({ level: "warn", format: "json", output });
  const directory = directoryOf(config, env);
  try {
    const built = await buildLogin({ config, directory, log, clock, throttle: new LoginThrottle(clock) });
    await built.close();
  } catch (error) {
    if (!isPermission(error)) throw error;
    oddities.push(`not checked: ${error.message}`);
  }
  return oddities;
}

/** Only the service and root can read what is kept; that others cannot is as it should be. */
const isPermission = (error: unknown): error is CredentialFileError =>
  error instanceof CredentialFileError &&
  error.cause instanceof Error &&
  "code" in error.cause &&
  error.cause.code === "EACCES";

function messageIn(line: string): string {
  const { msg }: { msg?: unknown } = Object(JSON.parse(line));
  return typeof msg === "string" ? msg : line;
}
