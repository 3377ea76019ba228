import {
  activateSession,
  getChannelAuthenticationCapabilities,
  getSessionChallenge,
  THIS_CHANNEL,
  type ChannelAuthenticationCapabilities,
} from "../commands/session.ts";
import { u32, type Decoded } from "../bytes/layout.ts";
import { authCode15, authTypes15, paddedPassword15 } from "../crypto/auth-code-15.ts";
import { IpmiError } from "../errors.ts";
import { encodePacket15, payloadTypes } from "../wire/packet.ts";
import { HandshakeRun } from "./handshake-run.ts";
import { openPacket15, Session15, sessionless } from "./session-15.ts";
import type { Handshake, HandshakeStep, SessionCodec } from "./session-codec.ts";
import { stepNames, type Applicant } from "./session-errors.ts";
import { checkRequest, type CheckedRequest, type SessionRequest } from "./session-request.ts";

/** How an IPMI 1.5 session is to be set up. */
export interface Handshake15Options extends SessionRequest {
  /**
   * `md5` where it is absent. `password` sends the password as it is, and with `none` the BMC believes whoever sends the packets: both
   * only when they are asked for.
   */
  readonly authType?: keyof typeof authTypes15;
}

const offers = (capabilities: ChannelAuthenticationCapabilities): Record<keyof typeof authTypes15, boolean> => ({
  none: capabilities.hasNone,
  md5: capabilities.hasMd5,
  password: capabilities.hasPassword,
});

const failed = (error: IpmiError): HandshakeStep => ({ kind: "failed", error });

/**
 * How Activate Session travels: with the temporary session id and sequence number 0, but authenticated. Some BMCs answer under the
 * temporary id, some under the new one.
 * @see IPMI 2.0, section 22.17
 */
function activationCodec(
  authType: keyof typeof authTypes15,
  password: Uint8Array,
  temporarySessionId: number,
): Pick<SessionCodec, "seal" | "open"> {
  const number = authTypes15[authType];
  const padded = paddedPassword15(password);
  return {
    seal(payload) {
      const packet = { authType: number, sequence: 0, sessionId: temporarySessionId, payload };
      return encodePacket15({ ...packet, authCode: authCode15(number, padded, packet) });
    },
    open(datagram) {
      const packet = openPacket15(datagram, (id) => id !== 0, number, padded);
      if (typeof packet === "string") return { kind: "rejected", reason: packet };
      return { kind: "payload", payloadType: payloadTypes.ipmi, payload: packet.payload };
    },
  };
}

/** The steps of one handshake. */
class Activation {
  readonly #request: CheckedRequest;
  readonly #authType: keyof typeof authTypes15;

  constructor(request: CheckedRequest, options: Handshake15Options) {
    this.#request = request;
    this.#authType = options.authType ?? "md5";
  }

  begin(run: HandshakeRun): HandshakeStep {
    const step = "get-channel-authentication-capabilities";
    return run.ask({
      step,
      command: getChannelAuthenticationCapabilities,
      request: { wantsIpmi20: false, channel: THIS_CHANNEL, privilege: this.#request.privilege },
      codec: sessionless,
      next: (capabilities) => {
        const offered = offers(capabilities);
        if (offered[this.#authType]) return this.#challenge(run);
        const names = Object.entries(offered).flatMap(([name, isOffered]) => (isOffered ? [name] : []));
        const message = `${stepNames[step]}: the BMC offers no IPMI 1.5 sessions with authentication type ${this.#authType}`;
        return failed(
          new IpmiError("unsupported", message, {
            step,
            expected: this.#authType,
            received: names.join(", ") || "none of ours",
          }),
        );
      },
    });
  }

  #challenge(run: HandshakeRun): HandshakeStep {
    return run.ask({
      step: "get-session-challenge",
      command: getSessionChallenge,
      // As everywhere else the name is UTF-8, whose bytes the command's Latin-1 keeps.
      request: { authType: this.#authType, userName: String.fromCodePoint(...this.#request.username) },
      codec: sessionless,
      next: (reply) => this.#activate(run, reply),
    });
  }

  #activate(run: HandshakeRun, challenge: Decoded<typeof getSessionChallenge.reply>): HandshakeStep {
    const { privilege, password, random } = this.#request;
    // Unforeseeable, as an old session's packets would fit a new one with its id otherwise.
    const firstReceived = sequenceField.read(random(4)) || 1;
    return run.ask({
      step: "activate-session",
      command: activateSession,
      request: {
        authType: this.#authType,
        privilege,
        challenge: challenge.challenge,
        initialOutboundSequence: firstReceived,
      },
      codec: activationCodec(this.#authType, password, challenge.temporarySessionId),
      next: (reply) => this.#activated(run, reply, firstReceived),
    });
  }

  #activated(run: HandshakeRun, reply: Decoded<typeof activateSession.reply>, firstReceived: number): HandshakeStep {
    const { password, privilegeNumber } = this.#request;
    // A BMC may want no authentication for the rest of the session, but no other one.
    if (reply.authType !== this.#authType && reply.authType !== "none") {
      const step = "activate-session";
      const message = `${stepNames[step]} failed: the BMC wants another authentication type from here on`;
      return failed(
        new IpmiError("unsupported", message, { step, expected: this.#authType, received: reply.authType }),
      );
    }
    return run.raise(
      new Session15({
        sessionId: reply.sessionId,
        authType: authTypes15[reply.authType],
        password,
        privilege: privilegeNumber,
        firstSent: reply.initialInboundSequence,
        firstReceived,
      }),
    );
  }
}

const sequenceField = u32(0);

/**
 * Sets up an IPMI 1.5 session: Get Channel Authentication Capabilities, Get Session Challenge, Activate Session, Set Session
 * Privilege Level.
 *
 * @throws IpmiError `invalid-argument` for a name or a password that is too long
 * @see IPMI 2.0, section 6.12.2
 */
export function handshake15(options: Handshake15Options): Handshake {
  const request = checkRequest(options, "1.5");
  const applicant: Applicant = { username: options.username ?? "", privilege: request.privilege };
  const activation = new Activation(request, options);
  return new HandshakeRun(request, applicant, (run) => activation.begin(run));
}
