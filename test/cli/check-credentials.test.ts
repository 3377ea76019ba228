import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../support/command.ts";

const folder = mkdtempSync(join(tmpdir(), "opendcre-check-credentials-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a file that its owner alone can read, or others as well. */
function write(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const hash = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK";
const config = write("opendcre.json", JSON.stringify({ auth: { htpasswd: "users" }, state: { directory: "state" } }));
const check = () => runCommand(["check-config", config]);

test("check-config reads what callers are let in by, and names each mistake in it", async () => {
  const users = write("users", `alice:${hash}\nbob:$apr1$a$b\n`);
  expect(await check()).toEqual({
    exitCode: 0,
    out: expect.stringContaining(`  warn: ${users}: line 2 lets nobody in: the hash is not what bcrypt makes`),
    err: "",
  });
  chmodSync(users, 0o644);
  expect(await check()).toMatchObject({ exitCode: 78, out: "", err: expect.stringContaining(`chmod 640 ${users}`) });
  rmSync(users);
  expect((await check()).out).toContain(`${users} is not there: none of its users can come in`);
}, 30_000);
