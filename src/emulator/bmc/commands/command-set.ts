import { LengthError, type Codec } from "../../../ipmi-js/bytes/layout.ts";
import { netFns, type Command } from "../../../ipmi-js/commands/command.ts";
import { completionCodes } from "../../../ipmi-js/completion-codes.ts";
import type { BmcModel } from "../model/bmc-model.ts";
import type { Login15 } from "../sessions/login-15.ts";
import type { Peer, Session } from "../sessions/session.ts";
import type { SessionTable } from "../sessions/session-table.ts";
import { Refusal, refuse } from "./refusal.ts";

/** The level that a command needs. @see IPMI 2.0, appendix G */
export const needs = { nothing: 0, callback: 1, user: 2, operator: 3, administrator: 4 } as const;
type Level = (typeof needs)[keyof typeof needs];

/** Who asks, and what a command can work on. */
export interface Caller {
  readonly model: BmcModel;
  readonly sessions: SessionTable;
  readonly login15: Login15;
  /** Undefined outside sessions. */
  readonly session: Session | undefined;
  /** Of IPMI 1.5: the id that the request came under, before it was a session's. */
  readonly temporarySessionId: number | undefined;
  readonly peer: Peer;
  /** Whom the reply goes to, as messages name addresses. */
  readonly requesterAddress: number;
  /** Logical unit that is addressed. */
  readonly lun: number;
  /** Has something done once the reply is on its way. */
  afterwards(action: () => void): void;
  /** Sends another message behind the reply. */
  sendAlso(payload: Uint8Array): void;
  /** The BMC starts anew: it is silent for so long, and knows no session any more. */
  restart(): void;
}

/** A command that the BMC knows. */
export interface KnownCommand {
  readonly name: string;
  readonly level: Level;
  /** @throws Refusal, and LengthError for requests that are too short */
  run(caller: Caller, data: Uint8Array): Uint8Array;
}

/** Group extension commands begin with their defining body, the others have none. */
const NO_BODY = -1;
const keyOf = (netFn: number, code: number, body: number) => `${netFn} ${code} ${body}`;

/** Everything that a BMC can be asked for. */
export class CommandSet {
  readonly #commands = new Map<string, KnownCommand>();

  /** Teaches the BMC a command. Requests that are longer than their form are refused, as shorter ones are. */
  on<Request, Reply>(
    command: Command<Request, Reply>,
    level: Level,
    answer: (caller: Caller, request: Request) => Reply,
  ): this {
    const { name, netFn, code, body, request: requestCodec, reply: replyCodec } = command;
    const run = (caller: Caller, data: Uint8Array) => {
      const request = requestCodec.decode(data);
      if (data.length > lengthOf(requestCodec, request, data.length)) refuse(completionCodes.requestLengthInvalid);
      return replyCodec.encode(answer(caller, request));
    };
    this.#commands.set(keyOf(netFn, code, body ?? NO_BODY), { name, level, run });
    return this;
  }

  find(netFn: number, code: number, data: Uint8Array): KnownCommand | undefined {
    const body = netFn === netFns.group ? (data[0] ?? NO_BODY) : NO_BODY;
    return this.#commands.get(keyOf(netFn, code, body));
  }
}

/** Bytes of a request as its form has them. One whose values have no form is as long as it is. */
function lengthOf<Request>(codec: Codec<Request>, request: Request, otherwise: number): number {
  try {
    return codec.encode(request).length;
  } catch (error) {
    if (error instanceof RangeError) return otherwise;
    throw error;
  }
}

/** The refusal that stands for what a command threw; undefined where it is a fault of ours. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof LengthError) return new Refusal(completionCodes.requestLengthInvalid);
  return error instanceof Refusal ? error : undefined;
}
