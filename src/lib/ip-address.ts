import { isIPv4, isIPv6 } from "node:net";

/** Groups of an IPv6 address that name the network; the others are whatever a machine likes. */
const NETWORK_GROUPS = 4;
const GROUPS = 8;

/**
 * An address as everybody spells it: IPv4 in IPv6 (`::ffff:192.0.2.1`) as IPv4, IPv6 in the shortest form, without a zone. Undefined
 * for what is no address.
 */
export function plainAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const bare = text.split("%", 1)[0] ?? "";
  if (!isIPv6(bare)) return undefined;
  const shortest = URL.parse(`http://[${bare}]`)?.hostname.slice(1, -1) ?? bare.toLowerCase();
  const mapped = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(shortest);
  if (!mapped) return shortest;
  const [high, low] = [mapped[1], mapped[2]].map((group) => Number.parseInt(group ?? "", 16));
  return [high, low].flatMap((half = 0) => [half >> 8, half & 0xff]).join(".");
}

/**
 * What stands for whoever holds an address: an IPv4 address itself, of an IPv6 address the first 64 bits, because one customer has all of
 * those behind them. What is no address stands for itself.
 */
export function holderOf(address: string): string {
  const plain = plainAddress(address);
  if (plain === undefined || !plain.includes(":")) return plain ?? address;
  const [head = "", tail] = plain.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: tail === undefined ? 0 : GROUPS - before.length - after.length }, () => "0");
  return `${[...before, ...zeros, ...after].slice(0, NETWORK_GROUPS).join(":")}::/64`;
}

/** True for addresses and names that only this machine reaches: 127.0.0.0/8, ::1 and localhost. */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith("127.");
  return isIPv6(host) ? plainAddress(host) === "::1" : host.toLowerCase() === "localhost";
}
