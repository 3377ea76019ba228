import { LengthError } from "../bytes/layout.ts";
import type { Command } from "../commands/command.ts";
import { describeCompletionCode } from "../completion-codes.ts";
import { IpmiError } from "../errors.ts";

/** Data behind a command's code: its request, with the defining body in front where it has one. @throws IpmiError `invalid-argument` */
export function encodeRequestData<Request, Reply>(command: Command<Request, Reply>, request: Request): Uint8Array {
  try {
    const data = command.request.encode(request);
    return command.body === undefined ? data : Uint8Array.of(command.body, ...data);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${command.name}: the request cannot be encoded (${reason}).`;
    throw new IpmiError("invalid-argument", message, { command: command.name }, { cause });
  }
}

function decode<Request, Reply>({ body, reply }: Command<Request, Reply>, data: Uint8Array): Reply {
  if (body === undefined) return reply.decode(data);
  if (data.length === 0) throw new LengthError(1, 0);
  if (data[0] !== body) throw new RangeError(`expected body ${body}, received ${data[0]}`);
  return reply.decode(data.subarray(1));
}

/**
 * What a BMC's answer means.
 *
 * @param address whose answer it is, for messages
 * @throws IpmiError `completion-code`, `malformed-reply`
 */
export function decodeReplyData<Request, Reply>(
  command: Command<Request, Reply>,
  completionCode: number,
  data: Uint8Array,
  address: string,
): Reply {
  const { name } = command;
  if (completionCode !== 0) {
    const reason = describeCompletionCode(completionCode, command);
    const detail = { address, command: name, completionCode };
    throw new IpmiError("completion-code", `${address} refuses ${name}: ${reason}.`, detail);
  }
  try {
    return decode(command, data);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `The answer of ${address} to ${name} is not what it should be: ${reason}.`;
    const received = `${data.length} bytes`;
    throw new IpmiError("malformed-reply", message, { address, command: name, received }, { cause });
  }
}
