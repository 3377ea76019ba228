import { randomBytes } from "node:crypto";

/**
 * Makes request ids: no other request of this machine bears the same. What callers call their requests is not asked: the first look at
 * a request's headers costs as much as finding its route.
 */
export function requestIds(prefix = randomBytes(4).toString("hex")): () => string {
  let count = 0;
  return () => `${prefix}-${++count}`;
}
