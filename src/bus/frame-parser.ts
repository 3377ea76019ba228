import {
  decodeFrame,
  frameSize,
  HEADER,
  MAX_FRAME_SIZE,
  MIN_LENGTH,
  PREFIX_SIZE,
  type Frame,
  type FrameFault,
} from "./frame.ts";

/** What the parser found in the bytes, in their order. */
export type ParserEvent =
  | { readonly kind: "frame"; readonly frame: Frame; readonly bytes: Uint8Array }
  /** Something that began like a frame and is none: `fault` says why. */
  | { readonly kind: "damage"; readonly fault: FrameFault; readonly bytes: Uint8Array };

/** Everything that has gone by, since the parser was made. */
export interface ParserCounters {
  frames: number;
  /** Bytes skipped while looking for a header. */
  noiseBytes: number;
  badLength: number;
  badChecksum: number;
  badTrailer: number;
  /** Frames that began and were still incomplete when the line fell silent or the input was discarded. */
  truncated: number;
}

const counterOf = { length: "badLength", checksum: "badChecksum", trailer: "badTrailer" } as const;

/** Most frames arrive alone and whole, and a view of all of an array costs more than looking. */
const partOf = (bytes: Uint8Array, at: number, size: number) =>
  size === bytes.length ? bytes : bytes.subarray(at, at + size);

/**
 * Finds frames in bytes that arrive in any portions.
 *
 * Bytes before a header are noise. What begins like a frame and is none is reported as damage, and the search goes on at the
 * byte behind its header, so that a good frame behind or inside it is found. It holds one unfinished frame at most.
 */
export class FrameParser {
  readonly counters: ParserCounters = {
    frames: 0,
    noiseBytes: 0,
    badLength: 0,
    badChecksum: 0,
    badTrailer: 0,
    truncated: 0,
  };
  #held = new Uint8Array(MAX_FRAME_SIZE);
  #heldSize = 0;

  /** Bytes of a frame that has begun and is not complete. */
  get pending(): number {
    return this.#heldSize;
  }

  /** Takes the next bytes and returns what they complete. */
  push(bytes: Uint8Array): ParserEvent[] {
    if (this.#heldSize === 0) return this.#parse(bytes);
    const joined = new Uint8Array(this.#heldSize + bytes.length);
    joined.set(this.#held.subarray(0, this.#heldSize));
    joined.set(bytes, this.#heldSize);
    return this.#parse(joined);
  }

  /**
   * Says that nothing follows: what is held was no frame, but may hold good ones behind its false header. Returns those, and
   * leaves the parser empty.
   */
  end(): ParserEvent[] {
    const events: ParserEvent[] = [];
    // Further false headers inside are no frames that anyone began.
    if (this.#heldSize > 0) this.counters.truncated++;
    while (this.#heldSize > 0) {
      const rest = this.#held.slice(1, this.#heldSize);
      events.push(...this.#parse(rest));
    }
    return events;
  }

  /** Throws away what is held. */
  reset(): void {
    if (this.#heldSize > 0) this.counters.truncated++;
    this.#heldSize = 0;
  }

  #parse(bytes: Uint8Array): ParserEvent[] {
    const events: ParserEvent[] = [];
    let at = 0;
    this.#heldSize = 0;
    while (at < bytes.length) {
      const header = bytes.indexOf(HEADER, at);
      if (header < 0) {
        this.counters.noiseBytes += bytes.length - at;
        break;
      }
      this.counters.noiseBytes += header - at;
      at = header;
      const arrived = bytes.length - at;
      const length = bytes[at + 1];
      // A length byte that is too small condemns the frame at once; any other one says how much must arrive first.
      const size = length === undefined || length < MIN_LENGTH ? PREFIX_SIZE : frameSize(length);
      if (arrived < size) {
        this.#hold(bytes.subarray(at));
        break;
      }
      const result = decodeFrame(bytes, at);
      if (typeof result === "string") {
        this.counters[counterOf[result]]++;
        events.push({ kind: "damage", fault: result, bytes: bytes.slice(at, at + size) });
        at += 1;
      } else {
        this.counters.frames++;
        events.push({ kind: "frame", frame: result, bytes: partOf(bytes, at, size) });
        at += size;
      }
    }
    return events;
  }

  #hold(bytes: Uint8Array): void {
    this.#held.set(bytes);
    this.#heldSize = bytes.length;
  }
}
