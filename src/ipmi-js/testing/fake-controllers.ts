import { SEND_MESSAGE } from "../client/bridging.ts";
import { decodeRequest, encodeResponse, type RequestMessage } from "../wire/message.ts";
import { AnswerTable, silence, type FakeAnswer } from "./answers.ts";

/** Completion code of Send Message: the controller does not acknowledge. @see IPMI 2.0, section 22.7 */
const NO_ACKNOWLEDGE = 0x83;
const NOTHING = new Uint8Array();

/** Controllers behind a fake BMC, which hands requests on to them. @see IPMI 2.0, sections 6.13 and 22.7 */
export class FakeControllers {
  readonly #tables: ReadonlyMap<number, AnswerTable>;
  readonly #embedsReplies: boolean;

  /** `answers` by slave address. `embedsReplies`: replies stand in that to Send Message, as some BMCs have it, and not behind it. */
  constructor(answers: ReadonlyMap<number, Iterable<FakeAnswer>>, embedsReplies: boolean) {
    this.#tables = new Map([...answers].map(([address, table]) => [address, new AnswerTable(table)]));
    this.#embedsReplies = embedsReplies;
  }

  /** Messages that answer a request; undefined where it is no Send Message. */
  answer(request: RequestMessage): readonly Uint8Array[] | undefined {
    if (request.netFn !== SEND_MESSAGE.netFn || request.command !== SEND_MESSAGE.code) return undefined;
    const acknowledge = (completionCode: number, data: Uint8Array = NOTHING) =>
      encodeResponse({ ...request, netFn: request.netFn + 1, completionCode, data });
    const inner = decodeRequest(request.data.subarray(1));
    const table = typeof inner === "string" ? undefined : this.#tables.get(inner.responderAddress);
    if (!table || typeof inner === "string") return [acknowledge(NO_ACKNOWLEDGE)];
    const reply = table.answer(inner.netFn, inner.command, inner.data);
    if (reply === silence) return [acknowledge(0)];
    const { requesterAddress } = request;
    const message = encodeResponse({ ...inner, ...reply, netFn: inner.netFn + 1, requesterAddress });
    return this.#embedsReplies ? [acknowledge(0, message)] : [acknowledge(0), message];
  }
}
