import type { ByteLine, SerialPortError } from "bun-serialport";

/** Listens to a line and lets a test wait for what arrives. */
export class LineTap {
  readonly losses: SerialPortError[] = [];
  readonly lost: Promise<SerialPortError>;
  readonly leave: () => void;
  readonly #portions: Uint8Array[] = [];
  readonly #tellLost: (error: SerialPortError) => void;
  #length = 0;
  #awaited: { readonly length: number; resolve(): void } | undefined;

  constructor(line: ByteLine) {
    const { promise, resolve } = Promise.withResolvers<SerialPortError>();
    this.lost = promise;
    this.#tellLost = resolve;
    this.leave = line.subscribe({
      data: (bytes) => {
        this.#portions.push(bytes);
        this.#length += bytes.length;
        if (this.#awaited && this.#length >= this.#awaited.length) this.#awaited.resolve();
      },
      lost: (error) => {
        this.losses.push(error);
        this.#tellLost(error);
      },
    });
  }

  get length(): number {
    return this.#length;
  }

  /** Everything that has arrived. */
  get bytes(): Uint8Array {
    return Buffer.concat(this.#portions);
  }

  /** Everything that has arrived, once it is `length` bytes or more. */
  async until(length: number): Promise<Uint8Array> {
    if (this.#length < length) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#awaited = { length, resolve };
      await promise;
    }
    return this.bytes;
  }
}

/** Bytes that tell their place, so that one lost, doubled or swapped is found. */
export function pattern(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** The code of what `operation` throws or rejects with; "none" where it succeeds. */
export async function codeOf(operation: () => unknown): Promise<unknown> {
  try {
    await operation();
    return "none";
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}

/** Lets pass what the event loop has to do, again and again, until `isDone`; the test's own limit of time ends it otherwise. */
export async function eventually(isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise((resolve) => void setTimeout(resolve, 1));
}

/** Lets the event loop look for input, several times, so that what has been written here has been read there. */
export async function lookForInput(): Promise<void> {
  let looks = 0;
  await eventually(() => ++looks > 5);
}
