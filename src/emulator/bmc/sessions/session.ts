import type { SessionCodec } from "../../../ipmi-js/session/session-codec.ts";
import type { User } from "../model/users.ts";
import { ReplyCache } from "./reply-cache.ts";

/** Where datagrams come from. */
export interface Peer {
  readonly address: string;
  readonly port: number;
}

interface SessionStart {
  /** The number by which Get Session Info knows it, from 1 on. */
  readonly handle: number;
  readonly protocol: "ipmi-1.5" | "ipmi-2.0";
  readonly user: User;
  readonly peer: Peer;
  readonly codec: SessionCodec;
  readonly nowMs: number;
}

/** The level that every session begins with, unless it may only have less. @see IPMI 2.0, section 6.8 */
const FIRST_LEVEL = 2;

/** An established session. */
export class Session {
  readonly handle: number;
  readonly protocol: "ipmi-1.5" | "ipmi-2.0";
  readonly user: User;
  readonly peer: Peer;
  readonly codec: SessionCodec;
  readonly replies = new ReplyCache();
  /** The privilege level that is in force. */
  level: number;
  lastHeardMs: number;
  /** The last message of the set-up, for a client that did not get it. */
  lastOfSetUp: Uint8Array | undefined;

  constructor({ handle, protocol, user, peer, codec, nowMs }: SessionStart) {
    this.handle = handle;
    this.protocol = protocol;
    this.user = user;
    this.peer = peer;
    this.codec = codec;
    this.level = Math.min(FIRST_LEVEL, codec.privilege);
    this.lastHeardMs = nowMs;
  }

  get id(): number {
    return this.codec.bmcSessionId;
  }

  /** The highest level that it can be set to. */
  get maximum(): number {
    return Math.min(this.codec.privilege, this.user.privilege);
  }
}
