import { DeviceError } from "./errors.ts";
import type { Clock } from "../lib/clock.ts";

/** Something that needs the line for itself. */
export interface Job<T> {
  /** Control goes ahead of reads; within each, first come, first served. */
  readonly priority: "control" | "read";
  run(): Promise<T>;
}

/** A job that waits: what begins it, and what tells its caller that it never will be. */
interface Waiting {
  begin(): void;
  refuse(error: DeviceError): void;
}

/** How much a new duration counts in the moving average. */
const AVERAGE_WEIGHT = 0.1;
/** A restart takes this long, in seconds: when to come back after a refusal at shutdown. */
const RESTART_S = 5;

/** One job at a time, the others waiting in a bounded queue that their callers may leave. */
export class JobQueue {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #what: string;
  readonly #control = new Set<Waiting>();
  readonly #reads = new Set<Waiting>();
  readonly #idle = Promise.withResolvers<void>();
  #isRunning = false;
  #isClosed = false;
  #averageMs = 0;

  /** `limit` is how many jobs may wait; `what` they wait for, at the beginning of a sentence. */
  constructor(limit: number, clock: Clock, what: string) {
    this.#limit = limit;
    this.#what = what;
    this.#clock = clock;
  }

  /** Jobs that wait. */
  get waiting(): number {
    return this.#control.size + this.#reads.size;
  }

  /**
   * Runs a job when its turn comes; not at all when the signal is aborted before that.
   *
   * @throws DeviceError `busy`, `cancelled`, `shutting-down`, or what the job throws
   */
  submit<T>(job: Job<T>, signal: AbortSignal): Promise<T> {
    if (this.#isClosed) return Promise.reject(shuttingDown());
    if (signal.aborted) return Promise.reject(cancelled());
    if (!this.#isRunning) return this.#run(job);
    if (this.waiting >= this.#limit) return Promise.reject(this.#busy());
    const queue = job.priority === "control" ? this.#control : this.#reads;
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        queue.delete(waiting);
        reject(cancelled());
      };
      const waiting: Waiting = {
        begin: () => {
          signal.removeEventListener("abort", leave);
          resolve(this.#run(job));
        },
        refuse: (error) => {
          signal.removeEventListener("abort", leave);
          reject(error);
        },
      };
      queue.add(waiting);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  /** Refuses everything that waits and everything that comes; resolves when the job under way has ended. */
  close(): Promise<void> {
    this.#isClosed = true;
    const refused = [...this.#control, ...this.#reads];
    this.#control.clear();
    this.#reads.clear();
    for (const waiting of refused) waiting.refuse(shuttingDown());
    if (!this.#isRunning) this.#idle.resolve();
    return this.#idle.promise;
  }

  async #run<T>(job: Job<T>): Promise<T> {
    this.#isRunning = true;
    const startedMs = this.#clock.monotonicMs();
    try {
      return await job.run();
    } finally {
      this.#averageMs += (this.#clock.monotonicMs() - startedMs - this.#averageMs) * AVERAGE_WEIGHT;
      this.#isRunning = false;
      this.#next();
    }
  }

  #next(): void {
    const queue = this.#control.size > 0 ? this.#control : this.#reads;
    const [next] = queue;
    if (next) {
      queue.delete(next);
      next.begin();
    } else if (this.#isClosed) {
      this.#idle.resolve();
    }
  }

  #busy(): DeviceError {
    const retryAfterS = Math.max(1, Math.ceil((this.#averageMs * this.waiting) / 1000));
    const message = `${this.#what} is busy: ${this.waiting} commands are waiting already. Try again in ${retryAfterS} s.`;
    return new DeviceError("busy", message, { retryAfterS });
  }
}

const shuttingDown = () =>
  new DeviceError("shutting-down", "The appliance is shutting down: the command was not sent.", {
    retryAfterS: RESTART_S,
  });

/** The failure of a command whose caller has gone before it was sent. */
export const cancelled = (): DeviceError =>
  new DeviceError("cancelled", "The caller has gone: the command was not sent.");
