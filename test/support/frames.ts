import * as fc from "fast-check";
import { MAX_DATA, type Frame } from "../../src/bus/frame.ts";

/** Any frame that can be sent. */
export const anyFrame: fc.Arbitrary<Frame> = fc.record({
  sequence: fc.nat(0xff),
  deviceType: fc.nat(0xff),
  boardId: fc.nat(0xffff_ffff),
  deviceId: fc.nat(0xffff),
  data: fc.uint8Array({ maxLength: MAX_DATA }),
});

/** Several runs of bytes as one. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The bytes with the one at `at` replaced. */
export function replaced(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const changed = bytes.slice();
  changed[at] = value;
  return changed;
}
