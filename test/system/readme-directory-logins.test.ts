import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AUDIENCE, makeKey, startOidcProvider } from "../support/oidc-provider.ts";
import { root, startProduct } from "../support/product.ts";
import { finder, hasSlapd, passwords, SLAPD, startSlapd } from "../support/slapd.ts";

const readme = readFileSync(join(root, "README.md"), "utf8");
const hasCurl = ["curl", "setsid", "bash"].every((name) => Bun.which(name) !== null);

/** The first block of a language below a heading of the README. */
function block(heading: string, language: string): string {
  const section = readme.split(`\n### ${heading}\n`)[1]?.split("\n### ")[0];
  const found = section?.split(`\n\`\`\`${language}\n`)[1]?.split("\n```")[0];
  if (found === undefined) throw new Error(`README.md has no ${language} below ${heading}`);
  return found;
}

/** Runs commands with what programs would ask a person on the terminal: without one, curl reads it from standard input. */
async function run(script: string, typed: string): Promise<string> {
  const child = Bun.spawn(["setsid", "--wait", "bash", "-euo", "pipefail", "-c", script], {
    stdin: new Blob([typed]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect({ code: await child.exited, err: err.includes("rror") ? err : "" }).toEqual({ code: 0, err: "" });
  return out;
}

const OURS = "http://127.0.0.1:5000";
const folder = mkdtempSync(join(tmpdir(), "opendcre-readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts the product with the README's settings, of which some are where the test has put things. */
function start(heading: string, section: string, changes: object) {
  const config: Record<string, object> = JSON.parse(block(heading, "json"));
  const state = { directory: mkdtempSync(join(folder, "state-")) };
  const file = join(folder, `${section}.json`);
  writeFileSync(file, JSON.stringify({ ...config, [section]: { ...config[section], ...changes }, state }));
  return startProduct(["--emulator", "--config", file]);
}

const scan = { boards: [{ board_id: "00000001", devices: expect.any(Array) }] };

describe("the README's commands", () => {
  test.skipIf(!hasSlapd || !hasCurl)(`let a user of a directory in (needs ${SLAPD}, curl and setsid)`, async () => {
    await using slapd = await startSlapd();
    copyFileSync(join(slapd.folder, "ca.pem"), join(folder, "ca.pem"));
    writeFileSync(join(folder, "finder.password"), `${finder.password}\n`);
    chmodSync(join(folder, "finder.password"), 0o640);
    const heading = "LDAP and Active Directory";
    const product = await start(heading, "ldap", { servers: ["ldaps://localhost:1", slapd.tlsUrl] });
    const command = block(heading, "sh").replaceAll(OURS, `http://127.0.0.1:${product.port}`);
    expect(JSON.parse(await run(command, `${passwords.alice}\n`))).toEqual(scan);
    expect(JSON.parse(await run(command, `${passwords.bob}\n`))).toMatchObject({ code: "unauthorized" });
    await product.stop();
  });

  test.skipIf(!hasCurl)("let in who has a token of an issuer (needs curl and setsid)", async () => {
    const secret = "secret-of-client-monitoring";
    const clients = { monitoring: { secret, claims: { realm_access: { roles: ["rack-reader"] } } } };
    await using provider = await startOidcProvider({ clients, keys: [await makeKey("one")] });
    const heading = "OAuth 2 and OpenID Connect";
    const product = await start(heading, "oidc", { issuer: provider.issuer, audience: AUDIENCE });
    const command = block(heading, "sh")
      .replaceAll(OURS, `http://127.0.0.1:${product.port}`)
      .replaceAll("https://id.example.org", provider.issuer);
    expect(JSON.parse(await run(command, `${secret}\n`))).toEqual(scan);
    await product.stop();
  });
});
