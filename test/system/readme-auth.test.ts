import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasHtpasswd, HTPASSWD } from "../support/htpasswd.ts";
import { fromSources, root, startProduct, type Product } from "../support/product.ts";

const readme = readFileSync(join(root, "README.md"), "utf8");
const hasCurl = ["curl", "setsid", "bash"].every((name) => Bun.which(name) !== null);
const folder = mkdtempSync(join(tmpdir(), "opendcre-readme-auth-"));
const state = join(folder, "state");
const OURS = "http://127.0.0.1:5000";

// What people have in their path.
const bin = join(folder, "bin");
mkdirSync(bin);
writeFileSync(join(bin, "opendcre"), `#!/bin/sh\nexec ${fromSources.map((word) => `'${word}'`).join(" ")} "$@"\n`);
chmodSync(join(bin, "opendcre"), 0o755);

let product: Product | undefined;
afterEach(async () => {
  await product?.stop("SIGKILL");
  rmSync(state, { recursive: true, force: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** All blocks of a language below a heading of the README. */
function blocks(heading: string, language: string): string[] {
  const section = readme.split(`\n### ${heading}\n`)[1]?.split(/\n##+ /)[0] ?? "";
  const found = [...section.matchAll(/\n```(\w+)\n([^`]*)\n```/g)].filter(([, name]) => name === language);
  if (found.length === 0) throw new Error(`README.md has no ${language} below ${heading}`);
  return found.map(([, , text = ""]) => text.replaceAll("/etc/opendcre", folder));
}

async function serve(config: object = {}): Promise<Product> {
  const file = join(folder, "opendcre.json");
  writeFileSync(file, JSON.stringify({ ...config, state: { directory: state } }));
  product = await startProduct(["--emulator", "--config", file]);
  return product;
}

/** Runs commands, with what they would ask a person on the terminal: without one, they read it from standard input. */
async function run(script: string, typed = ""): Promise<string> {
  const child = Bun.spawn(
    [
      "setsid",
      "--wait",
      "bash",
      "-euo",
      "pipefail",
      "-c",
      script.replaceAll(OURS, `http://127.0.0.1:${product?.port}`),
    ],
    {
      stdin: new Blob([typed]),
      stdout: "pipe",
      stderr: "pipe",
      env: { ...Bun.env, PATH: `${bin}:${Bun.env["PATH"]}`, OPENDCRE_STATE_DIRECTORY: state },
    },
  );
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect({ script, code: await child.exited, err }).toMatchObject({ script, code: 0 });
  return out;
}

const scan = { boards: [{ board_id: "00000001", devices: expect.any(Array) }] };
const jsonIn = (text: string): unknown => JSON.parse(/\{.*\}/.exec(text)?.[0] ?? "");

describe.skipIf(!hasCurl)("the README's commands for (needs curl, setsid and bash)", () => {
  test("tokens", async () => {
    await serve({ auth: { required: true } });
    const [script = ""] = blocks("Tokens", "sh");
    const out = await run(script);
    expect(jsonIn(out)).toEqual(scan);
    expect(out).toMatch(/^deploy +operator@00000001,40000001 /m);
    expect(out).toMatch(/^night +reader operator@00000001,40000001 /m);
    expect(await run("opendcre token list")).not.toContain("monitoring");
  }, 60_000);

  test("users", async () => {
    const served = await serve({ auth: { required: true } });
    const [script = ""] = blocks("Users", "sh");
    const lines = script.split("\n");
    const outputs: string[] = [];
    for (const [index, line] of lines.entries()) {
      const password =
        index <= lines.findIndex((one) => one.includes("user password")) - 1 ? "correct horse" : "battery staple";
      outputs.push(await run(line, `${password}\n`));
    }
    expect(outputs.slice(1, 3).map(jsonIn)).toEqual([scan, { led_state: "on" }]);
    expect(outputs[5]).toMatch(/^alice +reader operator@00000001 +\d/m);
    const authorization = `Basic ${btoa("alice:battery staple")}`;
    expect((await served.get("scan/1", { headers: { authorization } })).status).toBe(401);
  }, 60_000);

  test.skipIf(!hasHtpasswd)(
    `an htpasswd file (needs ${HTPASSWD})`,
    async () => {
      const [, script = ""] = blocks("Users", "sh");
      const [settings = ""] = blocks("Users", "json");
      await serve(JSON.parse(settings));
      const [make = "", ...rest] = script.split("\n");
      // -i reads from standard input what it otherwise asks for on the terminal.
      await run(make.replace("-B", "-B -i"), "correct horse\n");
      expect(jsonIn(await run(rest.join("\n"), "correct horse\n"))).toEqual(scan);
      expect(jsonIn(await run(rest.at(-1) ?? "", "wrong\n"))).toMatchObject({ code: "unauthorized" });
    },
    60_000,
  );

  test("a reverse proxy", async () => {
    const [settings = ""] = blocks("A reverse proxy", "json");
    const served = await serve(JSON.parse(settings));
    const [script = ""] = blocks("A reverse proxy", "sh");
    expect(jsonIn(await run(script))).toEqual(scan);
    expect((await served.get("scan/1")).status).toBe(401);
  }, 60_000);
});
