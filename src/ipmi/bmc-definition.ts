import type { BoardId } from "../devices/ids.ts";
import type { Secret } from "./secret.ts";

/** Names of privilege levels, as BMC files spell them, lowest first. @see IPMI 2.0, section 6.8 */
export const privilegeNames = ["callback", "user", "operator", "administrator"] as const;
type PrivilegeName = (typeof privilegeNames)[number];

/** One BMC of a BMC file: how it is reached, and as which board it is listed. */
export interface BmcDefinition {
  readonly board: BoardId;
  /** Address or host name. */
  readonly host: string;
  /** UDP port. */
  readonly port: number;
  /** What people know it by; its host where nobody named it. */
  readonly name: string;
  readonly username: string;
  readonly password: Secret;
  /** The BMC's own key, of two-key logins. */
  readonly kg?: Secret;
  readonly privilege: PrivilegeName;
  /** The number of a cipher suite, or the strongest that the BMC offers. */
  readonly cipherSuite: number | "auto";
  /** How long a command may take altogether; absent for what is usual. */
  readonly timeoutMs?: number;
}

/** True where sessions of the one serve the other: everything but the board's number is the same. */
export function isSameBmc(a: BmcDefinition, b: BmcDefinition): boolean {
  const hasSameKg = a.kg && b.kg ? a.kg.equals(b.kg) : a.kg === b.kg;
  return (
    hasSameKg &&
    a.password.equals(b.password) &&
    a.host === b.host &&
    a.port === b.port &&
    a.name === b.name &&
    a.username === b.username &&
    a.privilege === b.privilege &&
    a.cipherSuite === b.cipherSuite &&
    a.timeoutMs === b.timeoutMs
  );
}
