import { LengthError } from "../bytes/layout.ts";
import type { Command } from "../commands/command.ts";
import { closeSession } from "../commands/session.ts";
import { BMC_ADDRESS, decodeResponse, encodeRequest } from "../wire/message.ts";
import { payloadTypes } from "../wire/packet.ts";
import type { Rejection, SessionCodec } from "./session-codec.ts";

/** What became of a command. */
export type CommandAnswer<Reply> =
  | { readonly kind: "reply"; readonly reply: Reply }
  | { readonly kind: "refused"; readonly completionCode: number }
  /** The BMC's reply is shorter than the specification's. */
  | { readonly kind: "malformed"; readonly cause: LengthError }
  | { readonly kind: "ignored"; readonly reason: Rejection };

/** How a packet is made and read, as far as one command needs it. */
type PacketCodec = Pick<SessionCodec, "seal" | "open">;

/** One command of a session's set-up, with its answer. */
export class SessionCommand<Request, Reply> {
  readonly command: Command<Request, Reply>;
  readonly #payload: Uint8Array;
  readonly #codec: PacketCodec;
  readonly #sequence: number;

  constructor(
    command: Command<Request, Reply>,
    request: Request,
    route: { readonly codec: PacketCodec; readonly sequence: number; readonly requesterAddress: number },
  ) {
    this.command = command;
    this.#codec = route.codec;
    this.#sequence = route.sequence;
    this.#payload = encodeRequest({
      netFn: command.netFn,
      command: command.code,
      sequence: route.sequence,
      responderAddress: BMC_ADDRESS,
      responderLun: 0,
      requesterAddress: route.requesterAddress,
      requesterLun: 0,
      data: command.request.encode(request),
    });
  }

  /** The request, each time under the session's next sequence number. */
  datagram(): Uint8Array {
    return this.#codec.seal(this.#payload);
  }

  received(datagram: Uint8Array): CommandAnswer<Reply> {
    const opened = this.#codec.open(datagram);
    if (opened.kind === "rejected") return { kind: "ignored", reason: opened.reason };
    const response = opened.payloadType === payloadTypes.ipmi ? decodeResponse(opened.payload) : "direction";
    if (typeof response === "string") return { kind: "ignored", reason: "malformed" };
    const { netFn, code, reply } = this.command;
    // An answer to something asked earlier.
    if (response.netFn !== netFn + 1 || response.command !== code || response.sequence !== this.#sequence) {
      return { kind: "ignored", reason: "replayed" };
    }
    if (response.completionCode !== 0) return { kind: "refused", completionCode: response.completionCode };
    try {
      return { kind: "reply", reply: reply.decode(response.data) };
    } catch (error) {
      if (error instanceof LengthError) return { kind: "malformed", cause: error };
      throw error;
    }
  }
}

/** Close Session, for a session that nobody has taken over yet. */
export const closingDatagram = (session: SessionCodec, requesterAddress: number): Uint8Array =>
  new SessionCommand(
    closeSession,
    { sessionId: session.bmcSessionId, handle: undefined },
    { codec: session, sequence: 0, requesterAddress },
  ).datagram();
