import { netFns } from "../../../ipmi-js/commands/command.ts";
import { getChannelCipherSuites } from "../../../ipmi-js/commands/session.ts";
import { completionCodes } from "../../../ipmi-js/completion-codes.ts";
import { BMC_ADDRESS, decodeRequest, encodeResponse, type RequestMessage } from "../../../ipmi-js/wire/message.ts";
import type { Trouble } from "../model/fault-script.ts";
import { allCommands } from "./all-commands.ts";
import { refusalOf, type Caller, type KnownCommand } from "./command-set.ts";

/** What is known of a caller before the message is read. */
export type CallerTraits = Omit<Caller, "lun" | "requesterAddress" | "sendAlso">;

/** What became of a message. */
export interface Outcome {
  /** Messages to send, the reply first; none where it is met with silence, or no message at all. */
  readonly replies: readonly Uint8Array[];
  /** Undefined where the BMC knows no such command. */
  readonly command: string | undefined;
  readonly trouble: Trouble | undefined;
}

/** Told of what must not happen. */
export type FaultLog = (message: string, error: unknown) => void;

const OK = 0;

const noMessage: Outcome = { replies: [], command: undefined, trouble: undefined };

/** Carries out the commands in messages. */
export class Executor {
  readonly #commands = allCommands();
  readonly #reportFault: FaultLog;

  constructor(reportFault: FaultLog) {
    this.#reportFault = reportFault;
  }

  /** What a message asks for, done. Messages that are damaged, or for others, are passed over. */
  execute(traits: CallerTraits, message: Uint8Array): Outcome {
    const request = decodeRequest(message);
    if (typeof request === "string" || request.responderAddress !== BMC_ADDRESS) return noMessage;
    const more: Uint8Array[] = [];
    const caller: Caller = {
      ...traits,
      lun: request.responderLun,
      requesterAddress: request.requesterAddress,
      sendAlso: (payload) => void more.push(payload),
    };
    const command = this.#commands.find(request.netFn, request.command, request.data);
    if (!command) return { ...noMessage, replies: [response(request, completionCodes.invalidCommand)] };
    if (!isAllowed(caller, command))
      return {
        ...noMessage,
        command: command.name,
        replies: [response(request, completionCodes.insufficientPrivilege)],
      };
    const trouble = caller.model.faults.meetCommand(command.name);
    if (isMetWithSilence(caller, command, trouble)) return { replies: [], command: command.name, trouble };
    const reply = trouble.isBusy
      ? response(request, completionCodes.nodeBusy)
      : this.#run(caller, command, request, trouble);
    return { replies: [reply, ...more], command: command.name, trouble };
  }

  #run(caller: Caller, command: KnownCommand, request: RequestMessage, trouble: Trouble): Uint8Array {
    const { model } = caller;
    if (trouble.isReservationCancelled) {
      model.sdrs.reservation.cancel();
      model.log.reservation.cancel();
    }
    const bodySize = request.netFn === netFns.group ? 1 : 0;
    try {
      const data = command.run(caller, request.data.subarray(bodySize));
      return response(request, OK, data);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal) return response(request, refusal.completionCode, refusal.data);
      this.#reportFault(`${command.name} failed`, error);
      return response(request, completionCodes.unspecified);
    }
  }
}

/** Whether the caller's level, or what needs none, suffices. */
function isAllowed({ session }: Caller, { level }: KnownCommand): boolean {
  return level === 0 || (session !== undefined && session.level >= level);
}

function isMetWithSilence({ session, model }: Caller, { name }: KnownCommand, trouble: Trouble): boolean {
  const isUnansweredOutside = name === getChannelCipherSuites.name && !model.description.quirks.cipherSuitesAnswered;
  return trouble.isSilent || trouble.isSessionLost || (isUnansweredOutside && session === undefined);
}

/** A reply; those of group extension commands begin with the defining body. */
function response(request: RequestMessage, completionCode: number, data: Uint8Array = new Uint8Array()): Uint8Array {
  const body = request.netFn === netFns.group ? request.data.subarray(0, 1) : request.data.subarray(0, 0);
  const whole = new Uint8Array(body.length + data.length);
  whole.set(body);
  whole.set(data, body.length);
  return encodeResponse({ ...request, netFn: request.netFn + 1, completionCode, data: whole });
}
