import { ConnectionLimiter } from "../api/connection-limits.ts";
import { ProcSocketTable } from "../api/own-sockets.ts";
import { RequestLimiter } from "../api/request-limits.ts";
import { TrustedProxies } from "../auth/trusted-proxy.ts";
import type { Config } from "../config/config.ts";
import { systemClock } from "../lib/clock.ts";
import { connectionEvents } from "../telemetry/connection-log.ts";
import type { Log } from "../telemetry/log.ts";

/** How much one caller may have of the appliance. */
export interface CallerLimits {
  readonly requests: RequestLimiter;
  readonly connections: ConnectionLimiter;
  /** Other limits, and other trusted proxies, from now on. */
  set(config: Config): void;
}

/** Trusted proxies are exempt: behind each there are many, and it has limits of its own. */
export function callerLimits({ limits, auth, server: { host } }: Config, log: Log): CallerLimits {
  let proxies = new TrustedProxies(auth.trustedProxies);
  const isExempt = (address: string) => proxies.trusts(address);
  const events = connectionEvents(log, systemClock);
  const requests = new RequestLimiter(limits, { isExempt });
  const connections = new ConnectionLimiter(limits, { host, isExempt, table: new ProcSocketTable(), events });
  return {
    requests,
    connections,
    set(next) {
      proxies = new TrustedProxies(next.auth.trustedProxies);
      requests.set(next.limits);
      connections.set(next.limits);
    },
  };
}
