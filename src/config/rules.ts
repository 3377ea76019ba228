import { isIP } from "node:net";
import { isLoopback } from "../lib/ip-address.ts";
import type { Notice } from "./config.ts";
import type { ConfigProblem } from "./errors.ts";
import { ldapRules, oidcRules } from "./directory-rules.ts";
import { hatRules } from "./hat-rules.ts";
import type { RuleInput } from "./rule-input.ts";
import type { ConfigValues } from "./schema.ts";
import { tlsRules } from "./tls-rules.ts";

/** What follows from the rules: the values to use, mistakes, and what people should know. */
export interface RuleOutcome {
  readonly values: ConfigValues;
  readonly problems: readonly ConfigProblem[];
  readonly notices: readonly Notice[];
}

const decisive = ["server.allow_unauthenticated_network", "auth.required", "tls.enabled"] as const;

/** Beyond this machine it takes encryption and credentials, or someone who says that it does not. */
function networkRules(input: RuleInput, problems: ConfigProblem[], notices: Notice[]): void {
  const { values, origins, faulty } = input;
  if (decisive.some((path) => faulty.has(path))) return;
  const { host, allow_unauthenticated_network: isAllowed } = values.server;
  const origin = origins.get("server.host");
  const [isAsked, isEncrypted] = [values.auth.required, values.tls.enabled];
  if (isLoopback(host) || !origin || (isAsked && isEncrypted)) return;
  const danger = isAsked
    ? "credentials would go over the network for anyone to read"
    : "nobody need be asked for credentials, and anyone who reaches the port could switch off servers";
  if (!isAllowed) {
    const message = `found ${JSON.stringify(host)}, expected a loopback address such as 127.0.0.1: ${danger} (auth.required and tls.enabled together permit it; so does --allow-unauthenticated-network or server.allow_unauthenticated_network)`;
    problems.push({ origin, message });
  } else if (isAsked) {
    notices.push({ level: "warn", message: `listening on ${host} without encryption: anyone may read credentials` });
  } else {
    const message = `listening on ${host} without credentials: anyone who reaches the port can switch off servers`;
    notices.push({ level: "warn", message });
  }
}

/** An address, or a network as an address and the number of its bits that count. */
function isNetwork(text: string): boolean {
  const [address = "", prefix] = text.split("/");
  const version = isIP(address);
  return version !== 0 && (prefix === undefined || Number(prefix) <= (version === 4 ? 32 : 128));
}

function proxyRules({ values, origins, faulty }: RuleInput, problems: ConfigProblem[]): void {
  const { trusted_proxies: proxies, proxy_user_header: user, proxy_role_header: role } = values.auth;
  const proxiesOrigin = origins.get("auth.trusted_proxies");
  const odd = proxies.find((network) => !isNetwork(network));
  if (odd !== undefined && proxiesOrigin)
    problems.push({
      origin: proxiesOrigin,
      message: `found ${JSON.stringify(odd)}, expected an IP address or network`,
    });
  const userOrigin = origins.get("auth.proxy_user_header");
  if (user !== null && userOrigin && proxies.length === 0 && !faulty.has("auth.trusted_proxies"))
    problems.push({
      origin: userOrigin,
      message: "given without auth.trusted_proxies, which says from whom it is believed",
    });
  const roleOrigin = origins.get("auth.proxy_role_header");
  if (role !== null && roleOrigin && user === null && !faulty.has("auth.proxy_user_header"))
    problems.push({ origin: roleOrigin, message: "given without auth.proxy_user_header, which says whose role it is" });
}

/** Whether the emulator or a serial port is to be served, where both are given: what is nearer to the command line counts. */
function isEmulatorServed({ values, origins }: RuleInput, problems: ConfigProblem[], notices: Notice[]): boolean {
  if (!values.emulator.enabled) return false;
  const device = origins.get("bus.device");
  if (!device || values.bus.device === null) return true;
  if (device.kind !== "option") {
    notices.push({
      level: "info",
      message: `the emulator is served; the serial port ${values.bus.device} is not used`,
    });
    return true;
  }
  const enabler = origins.get("emulator.enabled");
  if (enabler?.kind === "option") {
    problems.push({ origin: device, message: `given together with ${enabler.name}; expected one or the other` });
    return true;
  }
  const message = `${device.name} was given: the serial port ${values.bus.device} is served, not the emulator`;
  notices.push({ level: "info", message });
  return false;
}

/** Applies the rules that concern more than one setting. */
export function applyRules(input: RuleInput): RuleOutcome {
  const { values, origins, faulty } = input;
  const problems: ConfigProblem[] = [];
  const notices: Notice[] = [];
  networkRules(input, problems, notices);
  proxyRules(input, problems);
  tlsRules(input, problems, notices);
  ldapRules(input, problems, notices);
  oidcRules(input, problems);
  hatRules(input, problems);
  const enabled = isEmulatorServed(input, problems, notices);
  const { reopen_min_ms: min, reopen_max_ms: max } = values.bus;
  const reopen = origins.get("bus.reopen_min_ms") ?? origins.get("bus.reopen_max_ms");
  if (min > max && reopen && !faulty.has("bus.reopen_min_ms") && !faulty.has("bus.reopen_max_ms"))
    problems.push({
      origin: reopen,
      message: `found bus.reopen_min_ms ${min}, expected at most bus.reopen_max_ms, ${max}`,
    });
  if (values.bus.device === null && !enabled && values.ipmi.bmc_config === null)
    notices.push({
      level: "warn",
      message: "bus.device and ipmi.bmc_config are null and the emulator is off: there are no boards",
    });
  return { values: { ...values, emulator: { ...values.emulator, enabled } }, problems, notices };
}
