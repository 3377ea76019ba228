import { createHash, createHmac, type KeyObject } from "node:crypto";
import { copyOf } from "../bytes/copy.ts";
import type { CipherSuite, IntegrityAlgorithm } from "../crypto/algorithms.ts";
import { encryptedSize, PayloadCipher, VectorSource } from "../crypto/aes.ts";
import { hmacKey, isSameCode } from "../crypto/hash.ts";
import type { SessionKeys } from "../crypto/rakp.ts";
import { decodePacket, isTrailerSound, PAYLOAD_AT_20, payloadTypes, preparePacket20 } from "../wire/packet.ts";
import { RMCP_HEADER_SIZE } from "../wire/rmcp.ts";
import { systemRandom, type RandomSource } from "./random.ts";
import { SequenceCounter, SequenceWindow } from "./sequence-numbers.ts";
import type { Opened, Rejection, SessionCodec } from "./session-codec.ts";

/** What the set-up of a session has agreed on. */
export interface Session20Options {
  /** Whose end this is: it decides which id outgoing and incoming packets bear. */
  readonly side: "console" | "bmc";
  readonly consoleSessionId: number;
  readonly bmcSessionId: number;
  readonly suite: CipherSuite;
  readonly keys: SessionKeys;
  /** 1 callback – 5 OEM. */
  readonly privilege: number;
  readonly random?: RandomSource;
}

const AES_KEY_SIZE = 16;
const WINDOW_SIZE = 32;

/** Computes authentication codes: of the bytes behind the RMCP header, up to `end`. @see IPMI 2.0, section 13.28.4 */
type Signer = (bytes: Uint8Array, end: number) => Uint8Array;

function signerOf(algorithm: IntegrityAlgorithm, keys: SessionKeys): Signer | undefined {
  const { digest, codeSize } = algorithm;
  if (digest === undefined) return undefined;
  if (algorithm.key === "password") {
    const { password } = keys;
    return (bytes, end) =>
      createHash(digest)
        .update(password)
        .update(copyOf(bytes, RMCP_HEADER_SIZE, end))
        .update(password)
        .digest();
  }
  const key: KeyObject = hmacKey(keys.k1);
  return (bytes, end) =>
    copyOf(
      createHmac(digest, key)
        .update(copyOf(bytes, RMCP_HEADER_SIZE, end))
        .digest(),
      0,
      codeSize,
    );
}

const rejected = (reason: Rejection): Opened => ({ kind: "rejected", reason });

/** An IPMI 2.0 session, of either side. @see IPMI 2.0, sections 13.6 and 6.12.13 */
export class Session20 implements SessionCodec {
  readonly bmcSessionId: number;
  readonly privilege: number;
  readonly #ownId: number;
  readonly #peerId: number;
  readonly #codeSize: number;
  readonly #sign: Signer | undefined;
  readonly #cipher: PayloadCipher | undefined;
  readonly #vectors: VectorSource;
  readonly #sent = new SequenceCounter();
  readonly #received = new SequenceWindow(WINDOW_SIZE);

  constructor(options: Session20Options) {
    const { suite, keys } = options;
    const isConsole = options.side === "console";
    this.bmcSessionId = options.bmcSessionId;
    this.privilege = options.privilege;
    this.#ownId = isConsole ? options.consoleSessionId : options.bmcSessionId;
    this.#peerId = isConsole ? options.bmcSessionId : options.consoleSessionId;
    this.#codeSize = suite.integrity.codeSize;
    this.#sign = signerOf(suite.integrity, keys);
    this.#cipher =
      suite.confidentiality.name === "AES_CBC_128" ? new PayloadCipher(keys.k2.slice(0, AES_KEY_SIZE)) : undefined;
    this.#vectors = new VectorSource(options.random ?? systemRandom);
  }

  seal(payload: Uint8Array, payloadType: number = payloadTypes.ipmi): Uint8Array {
    const cipher = this.#cipher;
    const bytes = preparePacket20(
      {
        payloadType,
        isEncrypted: cipher !== undefined,
        isAuthenticated: this.#sign !== undefined,
        sessionId: this.#peerId,
        sequence: this.#sent.next(),
      },
      cipher ? encryptedSize(payload.length) : payload.length,
      this.#codeSize,
    );
    if (cipher) cipher.encryptInto(bytes, PAYLOAD_AT_20, this.#vectors.next(), payload);
    else bytes.set(payload, PAYLOAD_AT_20);
    const codeAt = bytes.length - this.#codeSize;
    if (this.#sign) bytes.set(this.#sign(bytes, codeAt), codeAt);
    return bytes;
  }

  open(datagram: Uint8Array): Opened {
    const packet = decodePacket(datagram);
    if (typeof packet === "string") return rejected("malformed");
    if (packet.format !== "2.0" || packet.sessionId !== this.#ownId) return rejected("foreign-session");
    if (this.#sign) {
      if (!packet.isAuthenticated || !isTrailerSound(packet.trailer, this.#codeSize))
        return rejected("bad-authentication");
      const codeAt = datagram.length - this.#codeSize;
      if (!isSameCode(this.#sign(datagram, codeAt), copyOf(datagram, codeAt, datagram.length)))
        return rejected("bad-authentication");
    } else if (packet.isAuthenticated) return rejected("malformed");
    if (packet.isEncrypted && !this.#cipher) return rejected("malformed");
    if (!this.#received.accept(packet.sequence)) return rejected("replayed");
    if (!packet.isEncrypted || !this.#cipher) {
      return { kind: "payload", payloadType: packet.payloadType, payload: packet.payload };
    }
    const payload = this.#cipher.decrypt(packet.payload);
    return payload ? { kind: "payload", payloadType: packet.payloadType, payload } : rejected("bad-padding");
  }
}
