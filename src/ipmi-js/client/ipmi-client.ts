import type { CallOptions, Command, Requester } from "../commands/command.ts";
import { IpmiError } from "../errors.ts";
import type { PresencePong } from "../wire/asf.ts";
import { decodeReplyData, encodeRequestData } from "./command-data.ts";
import type { IpmiCounters } from "./counters.ts";
import { Dispatcher, type ClientState } from "./dispatcher.ts";
import type { ExchangeRequest } from "./exchange.ts";
import { resolveOptions, type IpmiClientOptions, type ResolvedOptions } from "./options.ts";
import { ping } from "./ping.ts";

const MAX_LUN = 3;
const MAX_CHANNEL = 15;
const MAX_ADDRESS = 0xff;

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
            resolve(decodeReplyData(command, completionCode, data, this.address));
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
    { lun = 0, target, busyRetries }: CallOptions,
  ): ExchangeRequest {
    const { name, netFn, code, isRepeatable } = command;
    if (!isWithin(lun, MAX_LUN)) throw refused(name, `LUN ${lun} is not within 0 and ${MAX_LUN}`);
    if (target && !(isWithin(target.channel, MAX_CHANNEL) && isWithin(target.address, MAX_ADDRESS)))
      throw refused(name, `there is no address ${target.address} on channel ${target.channel}`);
    return { name, netFn, code, lun, target, isRepeatable, busyRetries, data: encodeRequestData(command, request) };
  }
}

const refused = (command: string, reason: string) =>
  new IpmiError("invalid-argument", `${command}: ${reason}.`, { command });
