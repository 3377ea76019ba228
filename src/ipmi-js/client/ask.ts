import type { Clock, Timer } from "../clock.ts";
import type { Link } from "./link.ts";

/** A question outside of a session, or on the way to one. */
export interface Question<T> {
  /** What is sent for the nth time, n from 1 on; nothing where there is only something to be waited for. */
  datagram(attempt: number): Uint8Array | undefined;
  /** What a datagram means to it; undefined where it is no answer. */
  read(datagram: Uint8Array): T | undefined;
  /** Silence after each time: as many as there are times. */
  readonly silencesMs: readonly number[];
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  /** Ends it at once, with the signal's reason. */
  readonly signal: AbortSignal;
}

/** Asks, again and again until there is an answer, or silence: then the result is undefined. */
export function ask<T>(link: Link, clock: Clock, question: Question<T>): Promise<T | undefined> {
  const { signal, silencesMs, deadlineMs } = question;
  return new Promise<T | undefined>((resolve, reject) => {
    let timer: Timer | undefined;
    let attempt = 0;
    const end = () => {
      timer?.cancel();
      signal.removeEventListener("abort", leave);
      link.listen(ignore);
    };
    const leave = () => {
      end();
      reject(signal.reason);
    };
    const send = () => {
      const silenceMs = silencesMs[attempt];
      const leftMs = deadlineMs - clock.monotonicMs();
      if (silenceMs === undefined || leftMs <= 0) {
        end();
        resolve(undefined);
        return;
      }
      attempt++;
      timer = clock.after(Math.min(silenceMs, leftMs), send);
      const datagram = question.datagram(attempt);
      if (datagram) link.send(datagram);
    };
    const ignore = () => link.drop("late");
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    link.listen((datagram) => {
      const answer = question.read(datagram);
      if (answer === undefined) return;
      end();
      resolve(answer);
    });
    send();
  });
}

/** Waits, or ends with the signal's reason. */
export function pause(clock: Clock, forMs: number, signal: AbortSignal): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const leave = () => {
      timer.cancel();
      reject(signal.reason);
    };
    const timer = clock.after(forMs, () => {
      signal.removeEventListener("abort", leave);
      resolve();
    });
    signal.addEventListener("abort", leave, { once: true });
  });
}
