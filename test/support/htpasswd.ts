/** Apache's own program for files of users (Debian: apache2-utils). */
export const HTPASSWD = "htpasswd of apache2-utils";
export const hasHtpasswd = Bun.which("htpasswd") !== null;

/** A line for a user, made with the options given: `-B` for bcrypt. */
export function htpasswdLine(user: string, password: string, ...options: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["htpasswd", "-n", "-b", ...options, user, password]);
  if (exitCode !== 0) throw new Error(`htpasswd failed: ${stderr.toString()}`);
  return stdout.toString().trim();
}
