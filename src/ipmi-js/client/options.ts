import type { Clock } from "../clock.ts";
import { systemClock } from "../clock.ts";
import { IpmiError } from "../errors.ts";
import { cipherSuite as findCipherSuite } from "../crypto/algorithms.ts";
import { MAX_KEY_SIZE } from "../crypto/rakp.ts";
import { checkRequest, secretBytes, type SessionPrivilege } from "../session/session-request.ts";
import type { OpenTransport } from "../transport/transport.ts";
import { openUdp } from "../transport/udp.ts";
import { defaultTiming, type Timing } from "./timing.ts";
import type { Trace } from "./trace.ts";

/** Authentication types of IPMI 1.5 sessions. @see IPMI 2.0, table 13-8 */
export type SessionAuthType = "none" | "md5" | "password";

export interface IpmiClientOptions {
  /** A name, an IPv4 address, or an IPv6 address with its zone where it needs one: `fe80::1%eth0`. */
  readonly host: string;
  /** UDP port, 623 by default. */
  readonly port?: number;
  /** Up to 16 bytes; the anonymous user by default. */
  readonly username?: string;
  /** Up to 20 bytes, 16 for IPMI 1.5. */
  readonly password?: string | Uint8Array;
  /** The BMC's key K_g, up to 20 bytes, where it has one. @see IPMI 2.0, section 13.31 */
  readonly kg?: string | Uint8Array;
  /** Administrator by default. Many accounts may be operator only: then a session as administrator is refused. */
  readonly privilege?: SessionPrivilege;
  /**
   * Number of a cipher suite, or `auto`: the strongest of those that the BMC lists; where it does not answer that, 17, then 3. Never
   * 0 but when it is asked for by number: it lets everybody in, whatever the password. `auto` by default.
   *
   * @see IPMI 2.0, table 22-20
   */
  readonly cipherSuite?: number | "auto";
  /** `auto` asks the BMC first, and costs one exchange more. 2.0 by default. */
  readonly ipmiVersion?: "2.0" | "1.5" | "auto";
  /** For IPMI 1.5: MD5 by default. `password` sends the password in clear. */
  readonly authType?: SessionAuthType;
  /** Looks the user up by name alone (default), not by name and privilege. @see IPMI 2.0, section 13.20 (RAKP message 1) */
  readonly nameOnlyLookup?: boolean;
  /** Commands in flight, 1–16. 1 by default: all that weak BMCs can take. */
  readonly window?: number;
  /** Calls that may wait, 1,024 by default; more are refused with `busy`. */
  readonly queueLimit?: number;
  /** Milliseconds of silence after which Get Device ID keeps the session alive; off by default. */
  readonly keepAliveMs?: number;
  readonly timing?: Partial<Timing>;
  readonly clock?: Clock;
  readonly transport?: OpenTransport;
  readonly trace?: Trace;
}

/** Options with their defaults in place. */
export interface ResolvedOptions {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string | Uint8Array;
  readonly kg: string | Uint8Array | undefined;
  readonly privilege: SessionPrivilege;
  readonly cipherSuite: number | "auto";
  readonly ipmiVersion: "2.0" | "1.5" | "auto";
  readonly authType: SessionAuthType;
  readonly nameOnlyLookup: boolean;
  readonly window: number;
  readonly queueLimit: number;
  readonly keepAliveMs: number;
  readonly timing: Timing;
  readonly clock: Clock;
  readonly transport: OpenTransport;
  readonly trace: Trace | undefined;
  /** Host and port for messages. */
  readonly address: string;
}

const IPMI_PORT = 623;
const MAX_WINDOW = 16;
const QUEUE_LIMIT = 1024;
/** Longer timers overflow. */
const MAX_KEEP_ALIVE_MS = 2 ** 31 - 1;

function requireInteger(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const expected = `an integer from ${least} to ${most}`;
  throw new IpmiError("invalid-argument", `${name} is ${value}, and must be ${expected}.`, {
    expected,
    received: String(value),
  });
}

function requireTiming(timing: Timing): void {
  for (const [name, value] of Object.entries(timing)) {
    const isRight = typeof value === "number" && Number.isFinite(value) && value >= 0;
    if (!isRight) throw new IpmiError("invalid-argument", `timing.${name} is ${value}, and must be 0 or more.`);
  }
  requireInteger("timing.attempts", timing.attempts, 1, 100);
  requireInteger("timing.attemptsWhenSuspect", timing.attemptsWhenSuspect, 1, 100);
  if (timing.growth < 1)
    throw new IpmiError("invalid-argument", `timing.growth is ${timing.growth}, and must be 1 or more.`);
}

/** What a handshake would refuse, so that it is known before the first call. */
function requireCredentials({ ipmiVersion, cipherSuite, kg, ...request }: IpmiClientOptions): void {
  checkRequest(request, ipmiVersion === "1.5" ? "1.5" : "2.0");
  if (kg !== undefined) secretBytes("K_g", kg, MAX_KEY_SIZE);
  if (typeof cipherSuite === "number" && !findCipherSuite(cipherSuite))
    throw new IpmiError("invalid-argument", `There is no cipher suite ${cipherSuite} here.`);
}

/** Who asks, and how the session is to be. */
function sessionOptions(options: IpmiClientOptions) {
  return {
    username: options.username ?? "",
    password: options.password ?? "",
    kg: options.kg,
    privilege: options.privilege ?? "administrator",
    cipherSuite: options.cipherSuite ?? "auto",
    ipmiVersion: options.ipmiVersion ?? "2.0",
    authType: options.authType ?? "md5",
    nameOnlyLookup: options.nameOnlyLookup ?? true,
  } as const;
}

/** @throws IpmiError `invalid-argument` */
export function resolveOptions(options: IpmiClientOptions): ResolvedOptions {
  const { host, port = IPMI_PORT, window = 1, queueLimit = QUEUE_LIMIT, keepAliveMs = 0 } = options;
  if (host === "") throw new IpmiError("invalid-argument", "The host's name is empty.");
  requireInteger("port", port, 1, 65_535);
  requireInteger("window", window, 1, MAX_WINDOW);
  requireInteger("queueLimit", queueLimit, 1, Number.MAX_SAFE_INTEGER);
  requireInteger("keepAliveMs", keepAliveMs, 0, MAX_KEEP_ALIVE_MS);
  const timing = { ...defaultTiming, ...options.timing };
  requireTiming(timing);
  requireCredentials(options);
  return {
    ...sessionOptions(options),
    host,
    port,
    window,
    queueLimit,
    keepAliveMs,
    timing,
    clock: options.clock ?? systemClock,
    transport: options.transport ?? openUdp,
    trace: options.trace,
    address: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
  };
}
