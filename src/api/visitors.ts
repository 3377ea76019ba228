import { holderOf } from "../lib/ip-address.ts";

/**
 * What an address is counted as where callers are counted: whoever holds it. Undefined where it is not counted, as loopback addresses may
 * be, and those that are exempt.
 */
export function countedAs(
  address: string,
  countsLoopback: boolean,
  isExempt: (address: string) => boolean,
): string | undefined {
  const holder = address.includes(":") ? holderOf(address) : address;
  if (!countsLoopback && (address === "::1" || holder.startsWith("127."))) return undefined;
  return isExempt(address) ? undefined : holder;
}
