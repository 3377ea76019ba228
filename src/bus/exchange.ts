import { isScanAll, retryOf, shuffled, type BusCommand } from "./commands.ts";
import type { Frame, FrameFault } from "./frame.ts";

/** Limits of one exchange. */
export interface ExchangePolicy {
  /** Silence after which nothing more is expected, in milliseconds. */
  readonly timeoutMs: number;
  /** Retry frames after a damaged reply; scans in all. */
  readonly retryLimit: number;
  /** Pause before a scan is sent again, in which colliding boards finish, in milliseconds. */
  readonly collisionPauseMs: number;
}

/** What the one who runs an exchange has to do next. */
export type Step =
  /** Send the frame, then listen. What is still held of earlier input is to be thrown away first. */
  | { readonly kind: "send"; readonly frame: Frame }
  /** Go on listening. */
  | { readonly kind: "listen" }
  /** Wait, deaf, then call `resume`. */
  | { readonly kind: "pause"; readonly forMs: number }
  | { readonly kind: "done"; readonly replies: readonly Frame[] }
  | { readonly kind: "failed"; readonly failure: ExchangeFailure };

/** Why an exchange failed. */
export type ExchangeFailure =
  /** Silence. `insideFrame` where a reply had begun and did not end. */
  | { readonly code: "no-response"; readonly attempts: number; readonly insideFrame: boolean }
  | { readonly code: "damaged-response"; readonly attempts: number; readonly fault: FrameFault };

/** More replies than a bus can have devices that answer in a sensible time: a scan that does not end is no scan. */
const MAX_SCAN_REPLIES = 16_384;

/**
 * One command with its replies and retries: a state machine with no timer and no I/O.
 *
 * Replies are told apart by sequence number alone; a frame with another one answers an earlier question and is dropped. After a
 * damaged reply to a command for one device the board is asked to say it once more, under a new number; a damaged scan is sent
 * again, under the same number.
 *
 * @see device bus specification, "Errors and retries"
 */
export class Exchange {
  readonly #policy: ExchangePolicy;
  readonly #nextSequence: () => number;
  #command: BusCommand;
  #sequence = 0;
  #attempts = 0;
  #replies: Frame[] = [];
  /** Frames dropped because they answered something else. */
  lateFrames = 0;

  /** `nextSequence` counts one up for every frame composed. */
  constructor(command: BusCommand, policy: ExchangePolicy, nextSequence: () => number) {
    this.#command = command;
    this.#policy = policy;
    this.#nextSequence = nextSequence;
  }

  /** Frames sent so far. */
  get attempts(): number {
    return this.#attempts;
  }

  /** The first thing to do. */
  start(): Step {
    this.#sequence = this.#nextSequence();
    return this.#send();
  }

  /** A good frame has arrived. */
  received(frame: Frame): Step {
    if (frame.sequence !== this.#sequence) {
      this.lateFrames++;
      return { kind: "listen" };
    }
    this.#replies.push(frame);
    if (this.#command.replies === "one") return { kind: "done", replies: this.#replies };
    if (this.#replies.length > MAX_SCAN_REPLIES) return this.#noResponse(false);
    return { kind: "listen" };
  }

  /** Something that began like a frame is none. */
  damaged(fault: FrameFault): Step {
    const isScan = this.#command.replies === "until-silence";
    // The limit counts retry frames for a single reply, but all scans for a scan.
    const limit = isScan ? this.#policy.retryLimit : this.#policy.retryLimit + 1;
    if (this.#attempts >= limit) {
      return { kind: "failed", failure: { code: "damaged-response", attempts: this.#attempts, fault } };
    }
    if (isScan) {
      this.#replies = [];
      return { kind: "pause", forMs: this.#policy.collisionPauseMs };
    }
    this.#command = retryOf(this.#command);
    this.#sequence = this.#nextSequence();
    return this.#send();
  }

  /** The pause is over. */
  resume(): Step {
    if (isScanAll(this.#command.boardId)) this.#command = shuffled(this.#command);
    return this.#send();
  }

  /** The line has been silent for the timeout. `insideFrame` where a frame has begun and did not end. */
  silent(insideFrame: boolean): Step {
    const isScanOver = this.#replies.length > 0 && !insideFrame;
    return isScanOver ? { kind: "done", replies: this.#replies } : this.#noResponse(insideFrame);
  }

  #send(): Step {
    this.#attempts++;
    const { deviceType, boardId, deviceId, data } = this.#command;
    return { kind: "send", frame: { sequence: this.#sequence, deviceType, boardId, deviceId, data } };
  }

  #noResponse(insideFrame: boolean): Step {
    return { kind: "failed", failure: { code: "no-response", attempts: this.#attempts, insideFrame } };
  }
}

/** The controller's sequence numbers: from 1, one up for every frame composed, after 254 comes 0. */
export function sequenceCounter(): () => number {
  let next = 1;
  return () => {
    const sequence = next;
    next = (next + 1) % 255;
    return sequence;
  };
}
