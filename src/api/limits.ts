import type { Clock } from "../lib/clock.ts";
import { ApiError } from "./errors.ts";

/** How much a request may be. */
export interface Limits {
  /** Bytes of path and query; more gets 414. No route needs more than some dozens. */
  readonly maxUrlBytes: number;
  /** Bytes of a body; more gets 413. Nothing is read from bodies yet. */
  readonly maxBodyBytes: number;
  /** How long a body may take to arrive, in milliseconds; longer gets 408. */
  readonly bodyTimeoutMs: number;
}

export const defaultLimits: Limits = { maxUrlBytes: 2048, maxBodyBytes: 65_536, bodyTimeoutMs: 5000 };

/**
 * Waits for the end of the body, whatever it says: a command counts as given when its request is complete.
 *
 * @throws ApiError `body-too-large`, `body-timeout`, `body-incomplete`
 */
export async function readBody(request: Request, limits: Limits, clock: Clock): Promise<void> {
  const { maxBodyBytes, bodyTimeoutMs } = limits;
  if (Number(request.headers.get("content-length")) > maxBodyBytes) throw tooLarge(maxBodyBytes);
  if (!request.body) return;
  const reader = request.body.getReader();
  let isLate = false;
  const timer = clock.after(bodyTimeoutMs, () => {
    isLate = true;
    // Ends the read that waits; what became of the rest does not matter.
    reader.cancel().catch(() => undefined);
  });
  try {
    let bytes = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      bytes += part.value.length;
      if (bytes > maxBodyBytes) throw tooLarge(maxBodyBytes);
    }
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError("body-incomplete", "The request's body was broken off: nothing was done.", { cause: error });
  } finally {
    timer.cancel();
    if (!isLate) reader.cancel().catch(() => undefined);
  }
  if (isLate) {
    throw new ApiError(
      "body-timeout",
      `The request's body did not arrive within ${bodyTimeoutMs} ms: nothing was done.`,
    );
  }
}

const tooLarge = (maxBodyBytes: number) =>
  new ApiError("body-too-large", `The request's body is too large: expected at most ${maxBodyBytes} bytes.`);
