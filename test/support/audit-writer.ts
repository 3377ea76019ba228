/** Writes acts to the trail that its argument names until it is killed or refused, and says the number of each line that is on the disk. */
import { writeSync } from "node:fs";
import { systemClock } from "../../src/lib/clock.ts";
import { AuditFile } from "../../src/telemetry/audit/audit-file.ts";
import { AuditTrail } from "../../src/telemetry/audit/audit-trail.ts";
import { act } from "../telemetry/audit/support.ts";

const [path = ""] = process.argv.slice(2);
const nothing = () => undefined;
const events = {
  repaired: nothing,
  changed: nothing,
  cut: nothing,
  rotated: nothing,
  unavailable: nothing,
  available: nothing,
};
const file = new AuditFile({ path, rotateBytes: 100_000, clock: systemClock, events });
const sink = {
  async append(contents: Parameters<typeof file.append>[0]) {
    const ends = await file.append(contents);
    for (const { seq } of ends) writeSync(1, `${seq}\n`);
    return ends;
  },
  close: () => file.close(),
};
const trail = new AuditTrail(sink, systemClock, events);
try {
  await Promise.all(
    Array.from({ length: 3 }, async () => {
      for (;;) await (await trail.begin(act)).end("ok");
    }),
  );
} catch (error) {
  writeSync(1, `refused: ${String(error)}\n`);
}
await trail.close();
