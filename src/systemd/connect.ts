import type { Clock } from "../lib/clock.ts";
import { nobody, serviceManager, type ServiceManager } from "./service-manager.ts";

/** What systemd says in the environment. */
type Environment = Readonly<Record<string, string | undefined>>;

/** The period of the watchdog, in milliseconds; null where none is asked of this process. @see sd_watchdog_enabled(3) */
export function watchdogPeriodMs(env: Environment, pid: number): number | null {
  const { WATCHDOG_USEC: period = "", WATCHDOG_PID: forPid } = env;
  if (!/^[1-9]\d{0,15}$/.test(period) || (forPid !== undefined && forPid !== `${pid}`)) return null;
  return Number(period) / 1000;
}

/** The service manager that has started this process. Where it was none, nothing is loaded for it. */
export async function connectToServiceManager(env: Environment, pid: number, clock: Clock): Promise<ServiceManager> {
  const path = env["NOTIFY_SOCKET"];
  if (path === undefined || path === "") return nobody;
  const { openNotification } = await import("./notification.ts");
  const notification = openNotification(path);
  return notification ? serviceManager({ notification, watchdogMs: watchdogPeriodMs(env, pid), clock }) : nobody;
}
