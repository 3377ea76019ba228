import { getChannelAuthenticationCapabilities, THIS_CHANNEL } from "../commands/session.ts";
import { cipherSuite } from "../crypto/algorithms.ts";
import { MAX_KEY_SIZE } from "../crypto/rakp.ts";
import { IpmiError } from "../errors.ts";
import { HandshakeRun } from "./handshake-run.ts";
import { RakpHandshake, type RakpTerms } from "./rakp-handshake.ts";
import { NAME_ONLY_LOOKUP } from "./rakp-messages.ts";
import { sessionless } from "./session-15.ts";
import type { Handshake, HandshakeStep } from "./session-codec.ts";
import { stepNames } from "./session-errors.ts";
import { checkRequest, secretBytes, type SessionRequest } from "./session-request.ts";

/** How an IPMI 2.0 session is to be set up. */
export interface Handshake20Options extends SessionRequest {
  /** One number of `cipherSuites`. */
  readonly cipherSuite: number;
  /** K_g, the BMC's own key: up to 20 bytes, where it has one. */
  readonly kg?: string | Uint8Array;
  /** False has the BMC look for a user with this name and this privilege level; by name alone where it is absent. */
  readonly isNameOnlyLookup?: boolean;
  /** True begins with Get Channel Authentication Capabilities. */
  readonly asksCapabilities?: boolean;
}

function termsOf(options: Handshake20Options): RakpTerms {
  const request = checkRequest(options, "2.0");
  const suite = cipherSuite(options.cipherSuite);
  if (!suite) throw new IpmiError("unsupported", `there is no cipher suite ${options.cipherSuite} here`);
  const kg = options.kg === undefined ? undefined : secretBytes("K_g", options.kg, MAX_KEY_SIZE);
  const isRoleLookup = options.isNameOnlyLookup === false;
  return {
    request,
    suite,
    secrets: {
      algorithm: suite.authentication,
      password: request.password,
      // A K_g of zeros is none.
      kg: kg?.some((byte) => byte !== 0) ? kg : undefined,
    },
    role: request.privilegeNumber | (isRoleLookup ? 0 : NAME_ONLY_LOOKUP),
    applicant: {
      username: options.username ?? "",
      privilege: request.privilege,
      isRoleLookup,
      suite: suite.number,
    },
  };
}

/**
 * Sets up an IPMI 2.0 session: Open Session, RAKP messages 1 to 4, Set Session Privilege Level.
 *
 * @throws IpmiError `invalid-argument` for a name or a key that is too long, `unsupported` for a suite that we do not have
 * @see IPMI 2.0, section 13.14
 */
export function handshake20(options: Handshake20Options): Handshake {
  const terms = termsOf(options);
  const open = (run: HandshakeRun): HandshakeStep => run.delegate(new RakpHandshake(terms));
  if (!options.asksCapabilities) return new HandshakeRun(terms.request, terms.applicant, open);
  const step = "get-channel-authentication-capabilities";
  return new HandshakeRun(terms.request, terms.applicant, (run) =>
    run.ask({
      step,
      command: getChannelAuthenticationCapabilities,
      request: { wantsIpmi20: true, channel: THIS_CHANNEL, privilege: terms.request.privilege },
      codec: sessionless,
      next({ isExtended, supportsIpmi20 }) {
        if (isExtended && supportsIpmi20 !== false) return open(run);
        const message = `${stepNames[step]}: the BMC does not offer IPMI 2.0 sessions`;
        return { kind: "failed", error: new IpmiError("unsupported", message, { step }) };
      },
    }),
  );
}
