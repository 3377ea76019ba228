import { LengthError } from "../bytes/layout.ts";
import type { CallOptions, Command, Requester } from "../commands/command.ts";
import { describeCompletionCode } from "../completion-codes.ts";
import { IpmiError } from "../errors.ts";
import type { PresencePong } from "../wire/asf.ts";
import type { IpmiCounters } from "./counters.ts";
import { Dispatcher, type ClientState } from "./dispatcher.ts";
import type { ExchangeRequest } from "./exchange.ts";
import { resolveOptions, type IpmiClientOptions, type ResolvedOptions } from "./options.ts";
import { ping } from "./ping.ts";

const MAX_LUN = 3;
const MAX_CHANNEL = 15;
const MAX_ADDRESS = 0xff;

/** Data behind the command's code: with the defining body where it has one. */
function encodeData<Request, Reply>(command: Command<Request, Reply>, request: Request): Uint8Array {
  const data = command.request.encode(request);
  return command.body === undefined ? data : Uint8Array.of(command.body, ...data);
}

/** @throws LengthError where there is less than the codec needs */
function decodeData<Request, Reply>({ body, reply }: Command<Request, Reply>, data: Uint8Array): Reply {
  if (body === undefined) return reply.decode(data);
  if (data.length === 0) throw new LengthError(1, 0);
  if (data[0] !== body) throw new RangeError(`expected body ${body}, received ${data[0]}`);
  return reply.decode(data.subarray(1));
}

const isWithin = (value: number, most: number): boolean => Number.isInteger(value) && value >= 0 && value <= most;

/**
 * A client of one BMC. The session is opened when it is first needed, kept, and opened again when the BMC has forgotten it.
 *
 * @example
 * const client = new IpmiClient({ host: "192.0.2.10", username: "ADMIN", password: "secret" });
 * const status = await client.execute(getChassisStatus, {});
 * await client.close();
 */
export class IpmiClient implements Requester {
  readonly #options: ResolvedOptions;
  readonly #dispatcher: Dispatcher;

  /** Sends nothing. @throws IpmiError `invalid-argument` */
  constructor(options: IpmiClientOptions) {
    this.#options = resolveOptions(options);
    this.#dispatcher = new Dispatcher(this.#options);
  }

  /** Host and port, as they were given. */
  get address(): string {
    return this.#options.address;
  }

  get state(): ClientState {
    return this.#dispatcher.state;
  }

  /** What has happened so far; a copy. */
  get counters(): IpmiCounters {
    const { counters } = this.#dispatcher;
    return { ...counters, dropped: { ...counters.dropped } };
  }

  /** Number of the cipher suite that the last session was opened with; undefined before, and with IPMI 1.5. */
  get cipherSuite(): number | undefined {
    return this.#dispatcher.cipherSuite;
  }

  /**
   * Opens the session, where there is none, without waiting for the first command.
   *
   * @throws IpmiError `authentication`, `no-resources`, `unsupported`, `timeout`, `network`, `invalid-argument`, `closed`
   */
  connect(): Promise<void> {
    return this.#dispatcher.open();
  }

  /**
   * Sends a command and waits for its reply. Commands wait for one another, in their order.
   *
   * One that is not `isRepeatable` is sent once, in one datagram. Where no answer comes, the error's `detail.mayHaveBeenCarriedOut` is
   * true, and only the BMC's state can tell.
   *
   * @throws IpmiError
   */
  execute<Request, Reply>(
    command: Command<Request, Reply>,
    request: Request,
    options: CallOptions = {},
  ): Promise<Reply> {
    return new Promise<Reply>((resolve, reject) => {
      this.#dispatcher.submit(this.#requestOf(command, request, options), options, {
        answered: (completionCode, data) => {
          try {
            resolve(this.#replyOf(command, completionCode, data));
          } catch (error) {
            reject(error);
          }
        },
        failed: reject,
      });
    });
  }

  /** Asks whether somebody is there, without a session. @throws IpmiError `timeout`, `network` */
  ping(options: Pick<CallOptions, "signal" | "deadlineMs"> = {}): Promise<PresencePong> {
    return ping(this.#options, this.#dispatcher.counters, options);
  }

  /** Fails what is under way, closes the session, waiting for the BMC for a second at most, and gives everything back. May be called again. */
  close(): Promise<void> {
    return this.#dispatcher.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #requestOf<Request, Reply>(
    command: Command<Request, Reply>,
    request: Request,
    { lun = 0, target }: CallOptions,
  ): ExchangeRequest {
    const { name, netFn, code, isRepeatable } = command;
    const refuse = (what: string, cause?: unknown) =>
      new IpmiError("invalid-argument", `${name}: ${what}.`, { command: name, address: this.address }, { cause });
    if (!isWithin(lun, MAX_LUN)) throw refuse(`LUN ${lun} is not within 0 and ${MAX_LUN}`);
    if (target && !(isWithin(target.channel, MAX_CHANNEL) && isWithin(target.address, MAX_ADDRESS)))
      throw refuse(`there is no address ${target.address} on channel ${target.channel}`);
    try {
      return { name, netFn, code, lun, target, isRepeatable, data: encodeData(command, request) };
    } catch (error) {
      throw refuse(`the request cannot be encoded (${error instanceof Error ? error.message : String(error)})`, error);
    }
  }

  #replyOf<Request, Reply>(command: Command<Request, Reply>, completionCode: number, data: Uint8Array): Reply {
    const { address } = this;
    const { name } = command;
    if (completionCode !== 0) {
      const reason = describeCompletionCode(completionCode, command);
      const detail = { address, command: name, completionCode };
      throw new IpmiError("completion-code", `${address} refuses ${name}: ${reason}.`, detail);
    }
    try {
      return decodeData(command, data);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `The answer of ${address} to ${name} is not what it should be: ${reason}.`;
      const received = `${data.length} bytes`;
      throw new IpmiError("malformed-reply", message, { address, command: name, received }, { cause });
    }
  }
}
