import { BlockList, isIPv6 } from "node:net";
import { plainAddress } from "../lib/ip-address.ts";
import { parseGrants, type Grant } from "./grant.ts";
import { isPresentable, type Identity } from "./identity.ts";

/** Addresses in a header X-Forwarded-For that are looked at, from the right. */
const MOST_HOPS = 32;

/** Reverse proxies by their addresses. */
export class TrustedProxies {
  readonly isEmpty: boolean;
  readonly #list = new BlockList();

  /** @param networks `192.0.2.1`, `10.0.0.0/8`, `fd00::/8` @throws RangeError with the one that is none */
  constructor(networks: readonly string[]) {
    this.isEmpty = networks.length === 0;
    for (const network of networks) this.#add(network);
  }

  trusts(remote: string | undefined): boolean {
    const plain = remote === undefined ? undefined : plainAddress(remote);
    return plain !== undefined && this.#list.check(plain, familyOf(plain));
  }

  /**
   * Where a request really comes from: the last address in X-Forwarded-For that is not that of a trusted proxy. What others than trusted
   * proxies say there counts for nothing.
   */
  originOf(remote: string | undefined, forwardedFor: string | null): string | undefined {
    if (forwardedFor === null || !this.trusts(remote)) return remote;
    let origin = remote;
    for (const hop of forwardedFor.split(",").slice(-MOST_HOPS).toReversed()) {
      const address = plainAddress(withoutPort(hop.trim()));
      if (address === undefined) return origin;
      origin = address;
      if (!this.trusts(address)) return origin;
    }
    return origin;
  }

  #add(network: string): void {
    const [text = "", prefix] = network.split("/");
    const address = plainAddress(text);
    try {
      if (address === undefined) throw new TypeError("it is no address");
      if (prefix === undefined) this.#list.addAddress(address, familyOf(address));
      else this.#list.addSubnet(address, Number(prefix), familyOf(address));
    } catch (error) {
      throw new RangeError(`not an address or network: ${network}`, { cause: error });
    }
  }
}

const familyOf = (address: string) => (isIPv6(address) ? "ipv6" : "ipv4");

/** `192.0.2.1:8080` and `[2001:db8::1]:8080` without the port. */
function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text);
  if (bracketed) return bracketed[1] ?? "";
  return text.replace(/^([\d.]+):\d+$/, "$1");
}

/** How trusted proxies say whom they have let in. */
export interface ProxyHeaders {
  /** The header that has the user's name. */
  readonly user: string;
  /** The header that has their grants, with spaces between them: `reader operator@10 operator@11`; null where all have `grants`. */
  readonly roleHeader: string | null;
  readonly grants: readonly Grant[];
}

/** Headers by name, as far as they are looked at. */
interface HeaderSource {
  get(name: string): string | null;
}

const LONGEST_QUOTE = 100;

/** What a proxy says of a user and cannot be taken. */
export interface ProxyFault {
  /** What is wrong, for the log: with the role, which is no secret, and without the name. */
  readonly fault: string;
}

/**
 * Whom a trusted proxy names; undefined where it names nobody; a fault where what it says cannot be taken: a header that stands there twice,
 * as one does that a caller has sent and the proxy has not replaced, or a role that does not exist.
 */
export function userOfProxy(headers: HeaderSource, names: ProxyHeaders): Identity | ProxyFault | undefined {
  const name = headers.get(names.user);
  if (name === null || name === "") return undefined;
  if (name.includes(",") || !isPresentable(name)) return { fault: `${names.user} does not hold one name` };
  if (names.roleHeader === null) return { name, via: "proxy", grants: names.grants };
  const text = headers.get(names.roleHeader) ?? "";
  // Not even between boards: two headers become one, with a comma in between.
  const grants = text.includes(",") ? undefined : parseGrants(text);
  if (grants) return { name, via: "proxy", grants };
  const found = text === "" ? "nothing" : JSON.stringify(text.slice(0, LONGEST_QUOTE));
  return {
    fault: `found ${found} in ${names.roleHeader}, expected roles with spaces between them: reader operator@10`,
  };
}
