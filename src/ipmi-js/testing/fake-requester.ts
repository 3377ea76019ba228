import type { CallOptions, Command, Requester } from "../commands/command.ts";
import { decodeReplyData, encodeRequestData } from "../client/command-data.ts";
import { IpmiError } from "../errors.ts";
import { AnswerTable, silence, type FakeAnswer } from "./answers.ts";

/** A command that a fake was asked to carry out. */
export interface FakeRequest {
  readonly command: string;
  readonly netFn: number;
  readonly code: number;
  /** Behind the command's code. */
  readonly data: Uint8Array;
  readonly options: CallOptions;
}

/** A requester with no BMC behind it. */
export interface FakeRequester extends Requester {
  /** All that it was asked, in order. */
  readonly requests: readonly FakeRequest[];
  /** Adds an answer, or replaces that to the same command. */
  answer(entry: FakeAnswer): void;
}

const ADDRESS = "fake:623";

/** Answers commands from a table, through their codecs, with no session and no datagram. `silence` is a timeout at once. */
export function fakeRequester(answers: Iterable<FakeAnswer>): FakeRequester {
  const table = new AnswerTable(answers);
  const requests: FakeRequest[] = [];
  return {
    requests,
    answer: (entry) => table.set(entry),
    // Not before the caller has gone on, as with a real one.
    async execute<Request, Reply>(command: Command<Request, Reply>, request: Request, options: CallOptions = {}) {
      const { name, netFn, code } = command;
      const data = encodeRequestData(command, request);
      if (options.signal?.aborted) {
        throw new IpmiError("cancelled", `${name} to ${ADDRESS} was cancelled.`, { command: name, address: ADDRESS });
      }
      requests.push({ command: name, netFn, code, data, options });
      await Promise.resolve();
      const reply = table.answer(netFn, code, data);
      if (reply === silence) {
        const detail = { command: name, address: ADDRESS, attempts: 1, mayHaveBeenCarriedOut: true };
        throw new IpmiError("timeout", `${ADDRESS} did not answer ${name}.`, detail);
      }
      return decodeReplyData(command, reply.completionCode, reply.data, ADDRESS);
    },
  };
}
