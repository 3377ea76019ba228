import { randomBytes } from "node:crypto";

/** Ids that callers may give their requests: what is safe in a header, a log line and a command line. */
const acceptable = /^[\w.-]{1,64}$/;

/** Makes request ids: the caller's own where it is acceptable, else one that no other request of this machine bears. */
export function requestIds(prefix = randomBytes(4).toString("hex")): (given: string | null) => string {
  let count = 0;
  return (given) => (given !== null && acceptable.test(given) ? given : `${prefix}-${++count}`);
}
