import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, type Clock } from "../../../src/lib/clock.ts";
import type { AuditAct } from "../../../src/telemetry/audit/audit.ts";
import { AuditFile } from "../../../src/telemetry/audit/audit-file.ts";
import { AuditTrail } from "../../../src/telemetry/audit/audit-trail.ts";

/** A folder that is gone when the test is over. */
export function temporaryFolder(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "opendcre-audit-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A trail in a file, and what it has told of itself. */
export function openTrail(path: string, options: { rotateBytes?: number; clock?: Clock } = {}) {
  const { rotateBytes = 1_000_000, clock = systemClock } = options;
  const told: unknown[][] = [];
  const file = new AuditFile({
    path,
    rotateBytes,
    clock,
    events: {
      repaired: (...what) => told.push(["repaired", ...what]),
      changed: (...what) => told.push(["changed", ...what]),
      cut: (...what) => told.push(["cut", ...what]),
      rotated: (...what) => told.push(["rotated", ...what]),
    },
  });
  const trail = new AuditTrail(file, clock, {
    unavailable: ({ message }) => told.push(["unavailable", message]),
    available: () => told.push(["available"]),
  });
  return { trail, file, told };
}

export const act: AuditAct = {
  kind: "control",
  action: "power",
  who: { name: "alice", via: "token" },
  remote: "192.0.2.1",
  route: "POST /opendcre/1.2/power/1/2/off",
  requestId: "r-1",
  board: "00000001",
  device: "0002",
  value: "off",
};

export const textOf = (path: string): string => readFileSync(path, "utf8");

/** The lines of a trail, as objects. */
export const linesOf = (path: string): Record<string, unknown>[] =>
  textOf(path)
    .split("\n")
    .slice(0, -1)
    .map((line): Record<string, unknown> => JSON.parse(line));

/** What sha256sum, which is not ours, makes of a text. */
export async function sha256sum(text: string): Promise<string> {
  const program = Bun.spawn(["sha256sum"], { stdin: new TextEncoder().encode(text), stdout: "pipe" });
  return (await new Response(program.stdout).text()).slice(0, 64);
}
