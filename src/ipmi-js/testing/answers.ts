import { LengthError } from "../bytes/layout.ts";
import type { Command } from "../commands/command.ts";
import { completionCodes } from "../completion-codes.ts";

/** What a command is answered with, in bytes. */
export interface AnswerBytes {
  readonly completionCode: number;
  readonly data: Uint8Array;
}

/** An answer of "no": the completion code, 01h–FFh. */
export class Refusal {
  readonly completionCode: number;

  constructor(completionCode: number) {
    this.completionCode = completionCode;
  }
}

/** No answer at all. */
export const silence: unique symbol = Symbol("silence");

/** How a fake BMC answers one command. */
export interface FakeAnswer {
  readonly netFn: number;
  readonly code: number;
  readonly body: number | undefined;
  /** @param data behind the command's code, and behind the body where it has one */
  answer(data: Uint8Array): AnswerBytes | typeof silence;
}

const nothing = new Uint8Array();

/**
 * Answers a command: with a reply, a `Refusal`, or `silence`. Both directions go through the command's codecs.
 *
 * @example
 * answer(getChassisStatus, () => ({ ...status, isOn: true }))
 */
export const answer = <Request, Reply>(
  command: Command<Request, Reply>,
  reply: (request: Request) => Reply | Refusal | typeof silence,
): FakeAnswer => ({
  netFn: command.netFn,
  code: command.code,
  body: command.body,
  answer(data) {
    const request = decoded(command, data);
    if (request === undefined) return { completionCode: completionCodes.requestLengthInvalid, data: nothing };
    const value = reply(request);
    if (value === silence) return silence;
    if (value instanceof Refusal) return { completionCode: value.completionCode, data: nothing };
    return { completionCode: 0, data: command.reply.encode(value) };
  },
});

/** Undefined where data are missing. */
function decoded<Request>({ request }: Command<Request, unknown>, data: Uint8Array): Request | undefined {
  try {
    return request.decode(data);
  } catch (error) {
    if (error instanceof LengthError) return undefined;
    throw error;
  }
}

/** Answers a command with bytes as they are, right or wrong. The body, where it has one, is put in front. */
export const answerBytes = (
  command: Pick<Command<never, unknown>, "netFn" | "code" | "body">,
  reply: (data: Uint8Array) => AnswerBytes | typeof silence,
): FakeAnswer => ({ netFn: command.netFn, code: command.code, body: command.body, answer: reply });

/** Answers by command. What is not in the table is answered as an invalid command. */
export class AnswerTable {
  readonly #answers = new Map<string, FakeAnswer>();

  /** Of two answers to the same command the later one counts. */
  constructor(answers: Iterable<FakeAnswer>) {
    for (const entry of answers) this.set(entry);
  }

  /** Adds an answer, or replaces that to the same command. */
  set(entry: FakeAnswer): void {
    this.#answers.set(keyOf(entry.netFn, entry.code, entry.body), entry);
  }

  /** Whether a command without a body is in the table. */
  has(netFn: number, code: number): boolean {
    return this.#answers.has(keyOf(netFn, code, undefined));
  }

  /** @param data behind the command's code, as on the wire */
  answer(netFn: number, code: number, data: Uint8Array): AnswerBytes | typeof silence {
    const plain = this.#answers.get(keyOf(netFn, code, undefined));
    if (plain) return plain.answer(data);
    const body = data[0];
    const entry = body === undefined ? undefined : this.#answers.get(keyOf(netFn, code, body));
    if (!entry || body === undefined) return { completionCode: completionCodes.invalidCommand, data: nothing };
    const reply = entry.answer(data.subarray(1));
    return reply === silence ? silence : { ...reply, data: Uint8Array.of(body, ...reply.data) };
  }
}

const keyOf = (netFn: number, code: number, body: number | undefined): string => `${netFn}/${code}/${body ?? ""}`;
