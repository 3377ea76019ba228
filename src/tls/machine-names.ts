import { hostname, networkInterfaces } from "node:os";
import { isIP } from "node:net";
import { plainAddress } from "../lib/ip-address.ts";

/** What clients may call a machine. */
export interface MachineNames {
  /** Its names, in lower case; the first is what it calls itself. */
  readonly names: readonly string[];
  /** Its addresses in their shortest form, without link-local ones, which nobody can ask for without saying through which interface. */
  readonly addresses: readonly string[];
}

const DNS_NAME =
  /^(?=.{1,253}$)(?:\*\.)?[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?(?:\.[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?)*$/;

const isLinkLocal = (address: string) => /^(?:169\.254\.|fe[89ab])/i.test(address);

/** The names and addresses of this machine, with further ones. What could not stand in a certificate is left out. */
export function machineNames(further: readonly string[] = []): MachineNames {
  const host = hostname().toLowerCase();
  const [short = ""] = host.split(".");
  const own = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address }) => address),
  );
  const names = [
    host,
    short,
    ...(short === "" ? [] : [`${short}.local`]),
    "localhost",
    ...further.map((name) => name.toLowerCase()),
  ];
  const addresses = [...own, "127.0.0.1", "::1", ...further]
    .map(plainAddress)
    .filter((address) => address !== undefined)
    .filter((address) => !isLinkLocal(address));
  return {
    names: [...new Set(names.filter((name) => DNS_NAME.test(name) && isIP(name) === 0))],
    addresses: [...new Set(addresses)],
  };
}
