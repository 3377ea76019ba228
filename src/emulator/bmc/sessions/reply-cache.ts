/** How long a request counts as the same, in the way of the IPMB. @see IPMI 2.0, section 4.7 (sequence number expiration) */
const REMEMBERED_MS = 5000;
/** More than any client has under way. */
const MOST = 8;

interface Remembered {
  readonly request: Uint8Array;
  readonly atMs: number;
  readonly replies: readonly Uint8Array[];
}

const isSame = (left: Uint8Array, right: Uint8Array) =>
  left.length === right.length && left.every((byte, index) => byte === right[index]);

/** The latest requests of a session and what was answered, so that a request that comes again is not carried out again. */
export class ReplyCache {
  #remembered: Remembered[] = [];

  /** What was answered to the same message, sequence number and all; undefined where it is new. */
  find(request: Uint8Array, nowMs: number): readonly Uint8Array[] | undefined {
    return this.#remembered.find((entry) => nowMs - entry.atMs < REMEMBERED_MS && isSame(entry.request, request))
      ?.replies;
  }

  remember(request: Uint8Array, replies: readonly Uint8Array[], nowMs: number): void {
    this.#remembered = [{ request: Uint8Array.from(request), replies, atMs: nowMs }, ...this.#remembered].slice(
      0,
      MOST,
    );
  }
}
