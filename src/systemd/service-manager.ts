import type { Clock, Timer } from "../lib/clock.ts";
import type { Notification } from "./notification.ts";

/** What the service manager is told. @see sd_notify(3) */
export interface ServiceManager {
  /** The service is up, or up again after `reloading`; `status` is what `systemctl status` shows. */
  ready(status: string): void;
  /** What may change is being read again. */
  reloading(): void;
  /** The last thing that is said: what else comes to its end while the service stops is no news. */
  stopping(): void;
  /**
   * From now on says that the service is alive, twice in each period that the service manager grants, as long as `isAlive` holds. A
   * service that has not said so for a period is killed and started again.
   */
  watch(isAlive: () => boolean, notAlive: () => void): void;
}

/** The service manager where there is none. */
export const nobody: ServiceManager = {
  ready: () => undefined,
  reloading: () => undefined,
  stopping: () => undefined,
  watch: () => undefined,
};

export interface ServiceManagerOptions {
  readonly notification: Notification;
  /** The period of the watchdog in milliseconds; null where it is not asked for. */
  readonly watchdogMs: number | null;
  readonly clock: Clock;
}

/** A service manager that does not read, as at a start of many services, is told again after this long. */
const RETRY_AFTER_MS = 50;

/** One line of a status: what follows a line end would be an assignment of its own. */
const inOneLine = (text: string) => text.replaceAll(/[\r\n]+/g, " ");

/** systemd, at the other end of a socket. */
export function serviceManager({ notification, watchdogMs, clock }: ServiceManagerOptions): ServiceManager {
  let timer: Timer | undefined;
  let again: Timer | undefined;
  let isStopping = false;
  // Where "READY=1" is lost, the service is killed for not having started. Only the last state is of interest.
  const say = (...assignments: readonly string[]): void => {
    again?.cancel();
    if (notification.send(assignments.join("\n")) === "full")
      again = clock.after(RETRY_AFTER_MS, () => say(...assignments));
  };
  const watch: ServiceManager["watch"] = (isAlive, notAlive) => {
    if (watchdogMs === null) return;
    let wasAlive = true;
    // The timer is what shows that the event loop turns: where it does not, nothing is sent.
    const feed = () => {
      const alive = isAlive();
      if (alive) notification.send("WATCHDOG=1");
      else if (wasAlive) notAlive();
      wasAlive = alive;
      // A late look after a moment in which nothing turned must not let the period pass.
      timer = clock.after(watchdogMs / (alive ? 2 : 10), feed);
    };
    timer?.cancel();
    feed();
  };
  return {
    ready(status) {
      if (!isStopping) say("READY=1", `STATUS=${inOneLine(status)}`);
    },
    reloading() {
      if (!isStopping) say("RELOADING=1", `MONOTONIC_USEC=${notification.monotonicUs()}`);
    },
    stopping() {
      isStopping = true;
      timer?.cancel();
      say("STOPPING=1", "STATUS=stopping");
    },
    watch,
  };
}
