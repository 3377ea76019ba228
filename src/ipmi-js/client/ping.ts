import type { CallOptions } from "../commands/command.ts";
import { IpmiError } from "../errors.ts";
import { decodeAsf, encodePresencePing, type PresencePong } from "../wire/asf.ts";
import { ask } from "./ask.ts";
import type { MutableCounters } from "./counters.ts";
import { Link } from "./link.ts";
import type { ResolvedOptions } from "./options.ts";
import { silences } from "./timing.ts";

/** Tags are 0 to 254; 255 wants no answer. @see IPMI 2.0, section 13.2.3 */
const TAGS = 255;

/** Asks who is there, outside of any session, with a socket of its own. @see IPMI 2.0, sections 13.2.3 and 13.2.4 */
export async function ping(
  options: ResolvedOptions,
  counters: MutableCounters,
  { signal = new AbortController().signal, deadlineMs }: Pick<CallOptions, "signal" | "deadlineMs">,
): Promise<PresencePong> {
  const { clock, timing, address } = options;
  const tag = Math.floor(Math.random() * TAGS);
  const startedMs = clock.monotonicMs();
  let attempts = 0;
  let link: Link | undefined;
  try {
    signal.throwIfAborted();
    link = await Link.open(options, counters, signal);
    const pong = await ask<PresencePong>(link, clock, {
      silencesMs: silences(timing),
      deadlineMs: startedMs + (deadlineMs ?? timing.deadlineMs),
      signal,
      datagram(attempt) {
        attempts = attempt;
        return encodePresencePing(tag);
      },
      read(datagram) {
        const message = decodeAsf(datagram);
        return message?.kind === "pong" && message.tag === tag ? message.pong : undefined;
      },
    });
    if (pong) return pong;
    const cause = link.lastFailure;
    const message = `${address} does not answer to a presence ping, sent ${attempts} times.`;
    throw new IpmiError("timeout", message, { address, attempts }, cause && { cause });
  } catch (error) {
    if (error instanceof IpmiError || !signal.aborted) throw error;
    throw new IpmiError("cancelled", `The ping to ${address} was cancelled.`, { address }, { cause: error });
  } finally {
    link?.close();
  }
}
