import type { Command } from "../commands/command.ts";
import { privilegeNumbers } from "../commands/privilege.ts";
import { setSessionPrivilegeLevel } from "../commands/session.ts";
import type { SessionStep } from "../errors.ts";
import { closingDatagram, SessionCommand } from "./session-command.ts";
import type { Handshake, HandshakeStep, SessionCodec } from "./session-codec.ts";
import { malformedError, refusalError, type Applicant } from "./session-errors.ts";
import type { CheckedRequest } from "./session-request.ts";

/** What is waited for: a command's answer, or all of another handshake. */
type Waiting = Pick<Handshake, "received" | "repeat"> & Partial<Pick<Handshake, "farewell">>;

/** One command of a handshake, and what follows from its reply. */
export interface CommandStep<Request, Reply> {
  readonly step: SessionStep;
  readonly command: Command<Request, Reply>;
  readonly request: Request;
  /** What the command is packed in. */
  readonly codec: Pick<SessionCodec, "seal" | "open">;
  next(reply: Reply): HandshakeStep;
}

/** What the handshakes of both versions have in common: step follows step, and the privilege level comes last. */
export class HandshakeRun implements Handshake {
  readonly #request: CheckedRequest;
  readonly #applicant: Applicant;
  readonly #begin: (run: HandshakeRun) => HandshakeStep;
  #waiting: Waiting | undefined;
  #hasFailed = false;
  #sequence = 1;

  constructor(request: CheckedRequest, applicant: Applicant, begin: (run: HandshakeRun) => HandshakeStep) {
    this.#request = request;
    this.#applicant = applicant;
    this.#begin = begin;
  }

  start(): HandshakeStep {
    return this.#begin(this);
  }

  received(datagram: Uint8Array): HandshakeStep {
    if (!this.#waiting || this.#hasFailed) return { kind: "ignored", reason: "replayed" };
    const step = this.#waiting.received(datagram);
    this.#hasFailed = step.kind === "failed";
    return step;
  }

  repeat(): Uint8Array {
    if (!this.#waiting || this.#hasFailed) throw new RangeError("nothing is waited for");
    return this.#waiting.repeat();
  }

  farewell(): Uint8Array | undefined {
    const datagram = this.#waiting?.farewell?.();
    this.#waiting = undefined;
    return datagram;
  }

  /** Goes on with a command. */
  ask<Request, Reply>(asked: CommandStep<Request, Reply>, farewell?: () => Uint8Array): HandshakeStep {
    const { step, command } = asked;
    const sent = new SessionCommand(command, asked.request, {
      codec: asked.codec,
      sequence: this.#sequence++,
      requesterAddress: this.#request.requesterAddress,
    });
    this.#waiting = {
      repeat: () => sent.datagram(),
      ...(farewell && { farewell }),
      received: (datagram) => {
        const answer = sent.received(datagram);
        switch (answer.kind) {
          case "reply":
            return asked.next(answer.reply);
          case "ignored":
            return answer;
          case "malformed":
            return { kind: "failed", error: malformedError(step, answer.cause) };
          case "refused":
            return { kind: "failed", error: refusalError(step, command, answer.completionCode, this.#applicant) };
        }
      },
    };
    return { kind: "send", step, datagram: sent.datagram() };
  }

  /** Goes on with another handshake, and with the privilege level in its session. */
  delegate(handshake: Handshake): HandshakeStep {
    this.#waiting = {
      repeat: () => handshake.repeat(),
      farewell: () => handshake.farewell(),
      received: (datagram) => {
        const step = handshake.received(datagram);
        return step.kind === "established" ? this.raise(step.session) : step;
      },
    };
    return handshake.start();
  }

  /** A new session has the level of a user, or less where no more was asked for: the last step is to raise it. @see IPMI 2.0, section 22.18 */
  raise(session: SessionCodec): HandshakeStep {
    const { privilege, privilegeNumber, requesterAddress } = this.#request;
    if (privilegeNumber <= privilegeNumbers.user) return this.#established(session);
    return this.ask(
      {
        step: "set-session-privilege-level",
        command: setSessionPrivilegeLevel,
        request: { privilege },
        codec: session,
        next: () => this.#established(session),
      },
      () => closingDatagram(session, requesterAddress),
    );
  }

  #established(session: SessionCodec): HandshakeStep {
    this.#waiting = undefined;
    return { kind: "established", session };
  }
}
