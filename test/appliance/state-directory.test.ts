import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chownSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stateDirectory } from "../../src/appliance/state-directory.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { createLog } from "../../src/telemetry/log.ts";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "opendcre-state-"))));
afterEach(() => rmSync(folder, { recursive: true }));

async function make(directory: string) {
  const lines: string[] = [];
  const output = { isTerminal: false, write: (line: string) => void lines.push(line), takeLostLines: () => 0 };
  const log = await createLog({ level: "info", format: "json", output });
  const config = loadConfig({ fileName: "/c.json", env: {}, readFile: () => JSON.stringify({ state: { directory } }) });
  return { made: stateDirectory("bmcs", config, {}, log), lines };
}

describe("a folder for what is kept", () => {
  test("is made where it is not there", async () => {
    const { made, lines } = await make(join(folder, "state"));
    expect([made, lines]).toEqual([join(folder, "state", "bmcs"), []]);
    expect(statSync(join(folder, "state", "bmcs")).mode & 0o7).toBe(0);
  });

  test("is not there where that cannot be, with a word in the log", async () => {
    writeFileSync(join(folder, "state"), "");
    const { made, lines } = await make(join(folder, "state"));
    expect(made).toBeUndefined();
    expect(lines).toEqual([expect.stringContaining("nothing is kept from this start to the next")]);
  });

  test.skipIf(process.getuid?.() !== 0)(
    "belongs to whom the one above it belongs to where root makes it: the service is to write it, too (needs root)",
    async () => {
      chownSync(folder, 65_534, 65_534);
      const { made } = await make(folder);
      expect(existsSync(join(folder, "bmcs"))).toBe(true);
      const { uid, gid } = statSync(made ?? "");
      expect([uid, gid]).toEqual([65_534, 65_534]);
    },
  );
});
