import type { Codec } from "../bytes/layout.ts";

/** Network function codes of requests. @see IPMI 2.0, table 5-1 */
export const netFns = {
  chassis: 0x00,
  bridge: 0x02,
  sensorEvent: 0x04,
  app: 0x06,
  firmware: 0x08,
  storage: 0x0a,
  transport: 0x0c,
  /** The first data byte of request and reply names the body that defined the command. */
  group: 0x2c,
  /** The first three data bytes of request and reply are an IANA enterprise number. */
  oemGroup: 0x2e,
} as const;

/** The defining body of DCMI commands, IPMI 2.0 table 5-1 and DCMI 1.5 section 6.1. */
export const DCMI_BODY = 0xdc;

/** A command: how it is numbered, what it is asked with and what it answers. */
export interface Command<Request, Reply> {
  /** As the specification names it: `Get Chassis Status`. */
  readonly name: string;
  /** Of the request; the reply's is one more. */
  readonly netFn: number;
  readonly code: number;
  /** With `netFns.group`: the defining body, which is no part of the codecs below. */
  readonly body?: number;
  /**
   * True where sending it again does no harm and changes nothing more: then it is retransmitted, and sent anew when a session was lost.
   * Others go out in one datagram.
   */
  readonly isRepeatable: boolean;
  /** Data behind the command's code. */
  readonly request: Codec<Request>;
  /** Data behind a completion code of 00h. */
  readonly reply: Codec<Reply>;
}

/** A controller behind the BMC. @see IPMI 2.0, section 22.7 (Send Message) */
export interface BridgeTarget {
  /** Channel number, 0 for the primary IPMB. */
  readonly channel: number;
  /** Slave address, 8 bits with the lowest clear: 20h is the BMC itself. */
  readonly address: number;
}

/** How one call is to be made. */
export interface CallOptions {
  /** Ends the call; what has been sent may still be carried out. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which the call fails, whatever happens; the client's where it is absent. */
  readonly deadlineMs?: number;
  /** Logical unit, 0–3. */
  readonly lun?: number;
  readonly target?: BridgeTarget;
  /** Times that a BMC which is busy (completion code C0h) is asked again; the client's where it is absent. */
  readonly busyRetries?: number;
}

/** Whoever carries out commands: a client, or a fake of one. */
export interface Requester {
  /** Sends a command and waits for its reply. @throws IpmiError */
  execute<Request, Reply>(command: Command<Request, Reply>, request: Request, options?: CallOptions): Promise<Reply>;
}
