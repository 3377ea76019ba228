import type { CallOptions, Command, Requester } from "../../src/ipmi-js/commands/command.ts";
import { describeCompletionCode } from "../../src/ipmi-js/completion-codes.ts";
import { IpmiError } from "../../src/ipmi-js/errors.ts";

/** An answer that is a completion code other than 00h. */
export class Refusal {
  readonly completionCode: number;

  constructor(completionCode: number) {
    this.completionCode = completionCode;
  }
}

/** What was asked. */
export interface Asked {
  readonly name: string;
  /** Data behind the command's code. */
  readonly data: Uint8Array;
  readonly options: CallOptions;
}

type Answer = (data: Uint8Array, options: CallOptions) => Uint8Array | Refusal;

/** A BMC at the level of messages: answers commands by what a test scripts, with bytes in both directions. Unknown commands are refused (C1h). */
export class ScriptedRequester implements Requester {
  readonly asked: Asked[] = [];
  readonly #answers = new Map<string, Answer>();

  /** Answers a command. What is thrown is thrown. */
  on<Request, Reply>(
    command: Command<Request, Reply>,
    answer: (request: Request, options: CallOptions) => Reply | Refusal,
  ): this {
    return this.onBytes(command, (data, options) => {
      const reply = answer(command.request.decode(data), options);
      return reply instanceof Refusal ? reply : command.reply.encode(reply);
    });
  }

  /** Answers a command with bytes as they are. */
  onBytes(command: Pick<Command<never, unknown>, "name">, answer: Answer): this {
    this.#answers.set(command.name, answer);
    return this;
  }

  /** How often a command was asked. */
  count({ name }: Pick<Command<never, unknown>, "name">): number {
    return this.asked.filter((asked) => asked.name === name).length;
  }

  async execute<Request, Reply>(
    command: Command<Request, Reply>,
    request: Request,
    options: CallOptions = {},
  ): Promise<Reply> {
    await Promise.resolve();
    if (options.signal?.aborted) throw new IpmiError("cancelled", "The call was cancelled.");
    const data = command.request.encode(request);
    this.asked.push({ name: command.name, data, options });
    const answer = this.#answers.get(command.name)?.(data, options) ?? new Refusal(0xc1);
    if (answer instanceof Refusal) {
      const { completionCode } = answer;
      const message = `${command.name}: ${describeCompletionCode(completionCode, command)}.`;
      throw new IpmiError("completion-code", message, { command: command.name, completionCode });
    }
    try {
      return command.reply.decode(answer);
    } catch (cause) {
      throw new IpmiError("malformed-reply", `${command.name}: the reply is short.`, {}, { cause });
    }
  }
}
