import { IpmiError, type IpmiErrorCode, type IpmiErrorDetail } from "../errors.ts";
import { Exchange, type ExchangeRequest } from "./exchange.ts";
import type { Timing } from "./timing.ts";

/** Whoever waits for a call. */
export interface CallOutcome {
  answered(completionCode: number, data: Uint8Array): void;
  failed(error: IpmiError): void;
}

/** A command on its way: queued, in flight, or waiting to be repeated. */
export class Call {
  readonly exchange: Exchange;
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  readonly #outcome: CallOutcome;
  readonly #signal: AbortSignal | undefined;
  #leave: (() => void) | undefined;
  /** True where a session was lost with it: that happens to it once. */
  hasBeenRepeated = false;

  constructor(
    request: ExchangeRequest,
    timing: Timing,
    deadlineMs: number,
    outcome: CallOutcome,
    signal: AbortSignal | undefined,
  ) {
    this.exchange = new Exchange(request, timing);
    this.deadlineMs = deadlineMs;
    this.#outcome = outcome;
    this.#signal = signal;
  }

  /** Calls `leave` once where the caller gives up. */
  watch(leave: () => void): void {
    if (!this.#signal) return;
    this.#leave = leave;
    this.#signal.addEventListener("abort", leave, { once: true });
  }

  get request(): ExchangeRequest {
    return this.exchange.request;
  }

  answered(): void {
    this.#unwatch();
    this.#outcome.answered(this.exchange.completionCode, this.exchange.data);
  }

  fail(error: IpmiError): void {
    this.#unwatch();
    this.#outcome.failed(error);
  }

  /** What goes into the error's detail besides: command, datagrams sent, whether it may have been carried out. */
  failWith(code: IpmiErrorCode, message: string, detail: IpmiErrorDetail, cause?: unknown): void {
    const { sent: attempts, mayHaveBeenCarriedOut, request } = this.exchange;
    const evidence = { ...detail, command: request.name, attempts, mayHaveBeenCarriedOut };
    this.fail(new IpmiError(code, message, evidence, cause === undefined ? undefined : { cause }));
  }

  #unwatch(): void {
    if (this.#leave) this.#signal?.removeEventListener("abort", this.#leave);
    this.#leave = undefined;
  }
}
