import type { Log } from "../log.ts";
import type { AuditFileEvents } from "./audit-file.ts";
import type { AuditTrailEvents } from "./audit-trail.ts";
import type { AuditLine } from "./record.ts";

/** Writes down what becomes of the audit trail. */
export const auditEvents = (log: Log): AuditFileEvents & AuditTrailEvents => ({
  repaired(path, skippedBytes) {
    log.warn(
      { event: "audit", file: path, skipped_bytes: skippedBytes },
      `${path} ended in a damaged line, as a power cut leaves it: it was set aside in place`,
    );
  },
  changed(path, offset) {
    log.error(
      { event: "audit", file: path, offset },
      `${path} is not as it was written, from byte ${offset} on: see opendcre audit verify`,
    );
  },
  cut(path, expected, found) {
    log.error(
      { event: "audit", file: path, expected_seq: expected.seq, found_seq: found.seq, expected_hash: expected.hash },
      `${path} has been cut: it went up to line number ${expected.seq}, and ends at ${found.seq}`,
    );
  },
  rotated(path, archive) {
    log.info({ event: "audit", file: path, archive }, `${path} was put aside as ${archive}, and begun anew`);
  },
  unavailable(reason) {
    const { message, cause } = reason;
    log.error({ event: "audit", err: cause }, `${message}: commands that change something are refused`);
  },
  available() {
    log.info({ event: "audit" }, "the audit trail can be written again");
  },
});

/** Writes down that an earlier process ended in the middle of an act. */
export function logUnknownOutcome(log: Log, { seq, members }: AuditLine): void {
  const { time, action, board, device, value, target, request_id } = members;
  const what = [action, value, target].filter((word) => typeof word === "string").join(" ");
  const where = typeof board === "string" ? ` on ${board}${typeof device === "string" ? `/${device}` : ""}` : "";
  log.warn(
    { event: "audit", intent: seq, action, board, device, value, target, request_id, begun: time },
    `outcome unknown: ${what}${where}, begun before the last end of the program (line number ${seq} of the audit trail)`,
  );
}
