import { LengthError } from "../bytes/layout.ts";
import type { Clock } from "../clock.ts";
import { getChannelAuthenticationCapabilities, getChannelCipherSuites, THIS_CHANNEL } from "../commands/session.ts";
import { decodeCipherSuiteRecords, offeredCipherSuites } from "../crypto/cipher-suite-records.ts";
import { sessionless } from "../session/session-15.ts";
import { BMC_ADDRESS, decodeResponse, encodeRequest, REMOTE_CONSOLE_ADDRESS } from "../wire/message.ts";
import { ask } from "./ask.ts";
import type { Link } from "./link.ts";

/** What a BMC says of its cipher suites before a session. */
export type SuiteOffer =
  /** Numbers of those that we have too, in its order. */
  | { readonly kind: "offered"; readonly suites: readonly number[] }
  /** It answers, but not this. */
  | { readonly kind: "unanswered" }
  /** It answers nothing at all. */
  | { readonly kind: "silent" };

/** How long to ask, and until when. */
export interface DiscoveryLimits {
  /** Silence after which the BMC will not answer. */
  readonly waitMs: number;
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** Bytes of the list in one answer; the portion's number has 6 bits. @see IPMI 2.0, section 22.15 */
const PORTION = 16;
const MAX_PORTIONS = 64;
/** Questions for a further portion, to a BMC that has answered with the first. */
const PORTION_ATTEMPTS = 3;
/** An answer that is to come although that to a later question has come is not much later. */
const GRACE_MS = 100;
/** rqSeq of the second question; those of the first one are the portions' numbers. */
const WITNESS_SEQUENCE = MAX_PORTIONS - 1;

type Answer =
  | { readonly kind: "portion"; readonly records: Uint8Array }
  | { readonly kind: "refused" }
  /** To the second question. */
  | { readonly kind: "witness" };

const datagram = (netFn: number, command: number, sequence: number, data: Uint8Array): Uint8Array =>
  sessionless.seal(
    encodeRequest({
      netFn,
      command,
      sequence,
      responderAddress: BMC_ADDRESS,
      responderLun: 0,
      requesterAddress: REMOTE_CONSOLE_ADDRESS,
      requesterLun: 0,
      data,
    }),
  );

function portionQuestion(index: number): Uint8Array {
  const { netFn, code, request } = getChannelCipherSuites;
  const data = request.encode({ channel: THIS_CHANNEL, payloadType: 0, listsSuites: true, index });
  return datagram(netFn, code, index, data);
}

function witnessQuestion(): Uint8Array {
  const { netFn, code, request } = getChannelAuthenticationCapabilities;
  const data = request.encode({ wantsIpmi20: true, channel: THIS_CHANNEL, privilege: "user" });
  return datagram(netFn, code, WITNESS_SEQUENCE, data);
}

function read(bytes: Uint8Array, index: number): Answer | undefined {
  const opened = sessionless.open(bytes);
  if (opened.kind === "rejected") return undefined;
  const message = decodeResponse(opened.payload);
  if (typeof message === "string") return undefined;
  const { command, sequence, completionCode, data } = message;
  if (command === getChannelAuthenticationCapabilities.code && sequence === WITNESS_SEQUENCE)
    return { kind: "witness" };
  if (command !== getChannelCipherSuites.code || sequence !== index) return undefined;
  if (completionCode !== 0) return { kind: "refused" };
  try {
    return { kind: "portion", records: getChannelCipherSuites.reply.decode(data).records };
  } catch (error) {
    if (error instanceof LengthError) return { kind: "refused" };
    throw error;
  }
}

/**
 * Asks for the first portion. Many BMCs ignore the question. So that this costs next to nothing, another one, which all of them answer, is sent
 * if there is no answer at once: where the other's answer comes first, this one's will not come.
 */
async function askFirst(link: Link, clock: Clock, limits: DiscoveryLimits): Promise<Answer | undefined> {
  const { waitMs } = limits;
  const first = await ask<Answer>(link, clock, {
    ...limits,
    silencesMs: [0, waitMs],
    datagram: (attempt) => (attempt === 1 ? portionQuestion(0) : witnessQuestion()),
    read: (bytes) => read(bytes, 0),
  });
  if (first?.kind !== "witness") return first;
  const late = await ask<Answer>(link, clock, {
    ...limits,
    silencesMs: [Math.min(GRACE_MS, waitMs)],
    datagram: () => undefined,
    read: (bytes) => read(bytes, 0),
  });
  return late ?? first;
}

/** Asks a BMC for its cipher suites, before the session: once, if it does not answer, and for a short time. @see IPMI 2.0, section 22.15 */
export async function discoverCipherSuites(link: Link, clock: Clock, limits: DiscoveryLimits): Promise<SuiteOffer> {
  const first = await askFirst(link, clock, limits);
  if (first === undefined) return { kind: "silent" };
  if (first.kind !== "portion") return { kind: "unanswered" };
  const records = [...first.records];
  let size = first.records.length;
  for (let index = 1; size === PORTION && index < WITNESS_SEQUENCE; index++) {
    const next = await ask<Answer>(link, clock, {
      ...limits,
      silencesMs: Array.from({ length: PORTION_ATTEMPTS }, () => limits.waitMs),
      datagram: () => portionQuestion(index),
      read: (bytes) => {
        const answer = read(bytes, index);
        return answer?.kind === "witness" ? undefined : answer;
      },
    });
    // The strongest may be among those that are missing.
    if (next?.kind !== "portion") return { kind: "unanswered" };
    size = next.records.length;
    records.push(...next.records);
  }
  const suites = offeredCipherSuites(decodeCipherSuiteRecords(Uint8Array.from(records)));
  return { kind: "offered", suites: suites.map(({ number }) => number) };
}
