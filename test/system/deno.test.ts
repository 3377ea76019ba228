// What docs/deno.md promises.
import { expect, test } from "bun:test";
import { root } from "../support/product.ts";

const deno = Bun.which("deno");

test.skipIf(deno === null)(
  "API, bus and emulator run under Deno; a real port says that it cannot (needs deno)",
  async () => {
    const program = "test/support/rack-over-fake-port.ts";
    const child = Bun.spawn([deno ?? "", "run", "--allow-all", "--no-lock", "--node-modules-dir=manual", program], {
      cwd: root,
      env: { ...Bun.env, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    expect({ code: await child.exited, stderr }).toMatchObject({ code: 0 });
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toEqual([
      expect.stringMatching(/^200 \{"physical_location":.*"depth":"front"/),
      expect.stringMatching(/^200 \{"speed_rpm":\d+\}$/),
      '200 {"speed_rpm":4321}',
      "unsupported-platform",
    ]);
  },
  60_000,
);
