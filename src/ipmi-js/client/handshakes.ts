import { handshake15 } from "../session/handshake-15.ts";
import { handshake20 } from "../session/handshake-20.ts";
import type { Handshake } from "../session/session-codec.ts";
import type { ResolvedOptions } from "./options.ts";

/** A set-up of an IPMI 2.0 session with one cipher suite. */
export function newHandshake20(options: ResolvedOptions, cipherSuite: number): Handshake {
  const { username, password, kg, privilege, nameOnlyLookup, ipmiVersion } = options;
  return handshake20({
    username,
    password,
    privilege,
    cipherSuite,
    isNameOnlyLookup: nameOnlyLookup,
    asksCapabilities: ipmiVersion === "auto",
    ...(kg !== undefined && { kg }),
  });
}

/** A set-up of an IPMI 1.5 session. */
export function newHandshake15({ username, password, privilege, authType }: ResolvedOptions): Handshake {
  return handshake15({ username, password, privilege, authType });
}
