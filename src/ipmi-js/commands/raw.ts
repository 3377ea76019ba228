import { layout, rest } from "../bytes/layout.ts";
import type { Command } from "./command.ts";

const data = layout({ data: rest(0) });

type Raw = Command<{ readonly data: Uint8Array }, { readonly data: Uint8Array }>;

const hex = (value: number) => `${value.toString(16).padStart(2, "0")}h`;

/**
 * Any command at all, with bytes for request and reply (the completion code is not among them).
 *
 * @param netFn of the request: even, 0–3Eh
 * @param isRepeatable whether it does no harm where it is carried out twice; false where it is absent
 */
export function rawCommand(netFn: number, code: number, isRepeatable = false): Raw {
  if (!Number.isInteger(netFn) || netFn < 0 || netFn > 0x3e || netFn % 2 === 1)
    throw new RangeError(`${netFn} is no network function of a request`);
  if (!Number.isInteger(code) || code < 0 || code > 0xff) throw new RangeError(`${code} is no command`);
  return {
    name: `command ${hex(code)} of network function ${hex(netFn)}`,
    netFn,
    code,
    isRepeatable,
    request: data,
    reply: data,
  };
}
