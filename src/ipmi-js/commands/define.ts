import type { Codec } from "../bytes/layout.ts";
import { DCMI_BODY, netFns, type Command } from "./command.ts";

/** Declares a command that may be sent again when nobody knows what became of it: it reads, or sets what it says and nothing more. */
export const repeatable = <Request, Reply>(
  name: string,
  netFn: number,
  code: number,
  request: Codec<Request>,
  reply: Codec<Reply>,
): Command<Request, Reply> => ({ name, netFn, code, isRepeatable: true, request, reply });

/** Declares a command whose effect would be had twice where it is sent twice. */
export const once = <Request, Reply>(
  name: string,
  netFn: number,
  code: number,
  request: Codec<Request>,
  reply: Codec<Reply>,
): Command<Request, Reply> => ({ name, netFn, code, isRepeatable: false, request, reply });

/** Declares a repeatable DCMI command. The defining body is no part of its codecs. */
export const dcmi = <Request, Reply>(
  name: string,
  code: number,
  request: Codec<Request>,
  reply: Codec<Reply>,
): Command<Request, Reply> => ({
  name,
  netFn: netFns.group,
  code,
  body: DCMI_BODY,
  isRepeatable: true,
  request,
  reply,
});
