import { encodeLatin1 } from "../../../ipmi-js/bytes/text.ts";
import type { BmcDescription } from "../file/bmc-shape.ts";

/** What the BMC is reached by: the one channel with sessions. */
export const LAN_CHANNEL = 1;
/** Bit of authentication types in Get LAN Configuration Parameters. @see IPMI 2.0, table 23-4 */
const authTypeBits = { none: 0x01, md5: 0x04, password: 0x10 } as const;
/** Four bits each. */
const ADMINISTRATOR = 4;

const addressBytes = (address: string) => address.split(".").map(Number);
const macBytes = (mac: string) => mac.split(":").map((part) => Number.parseInt(part, 16));

/** The parameters that can be changed: their numbers, and how long they are. */
const settable: Readonly<Record<number, number>> = {
  0: 1,
  3: 4,
  4: 1,
  5: 6,
  6: 4,
  10: 1,
  12: 4,
  13: 6,
  14: 4,
  15: 6,
  16: 18,
  20: 2,
  21: 1,
};

/** LAN configuration parameters, as bytes. Those that are set are remembered, and change nothing. @see IPMI 2.0, table 23-4 */
export class LanSettings {
  readonly #parameters = new Map<number, Uint8Array>();

  constructor({ lan, ipmi15, cipherSuites }: BmcDescription) {
    const authTypes = ipmi15.reduce((bits, type) => bits | authTypeBits[type], 0);
    const suites = cipherSuites.length;
    const levels = new Uint8Array(9);
    for (let index = 0; index < suites; index++) {
      const at = 1 + (index >> 1);
      levels[at] = levels[at]! | (ADMINISTRATOR << (index % 2 === 0 ? 0 : 4));
    }
    const parameters: Record<number, readonly number[] | Uint8Array> = {
      0: [0],
      1: [authTypes],
      // For callback, user, operator, administrator, OEM.
      2: [authTypes, authTypes, authTypes, authTypes, 0],
      3: addressBytes(lan.ip ?? "0.0.0.0"),
      4: [lan.source],
      5: macBytes(lan.mac),
      6: addressBytes(lan.mask),
      // Time to live, flags, type of service.
      7: [0x40, 0x40, 0x10],
      10: [0x02],
      11: [0x02],
      12: addressBytes(lan.gateway),
      13: [0, 0, 0, 0, 0, 0],
      14: [0, 0, 0, 0],
      15: [0, 0, 0, 0, 0, 0],
      16: encodeLatin1("public".padEnd(18, "\0")),
      20: lan.vlan === undefined ? [0, 0] : [lan.vlan & 0xff, 0x80 | (lan.vlan >> 8)],
      21: [0],
      22: [suites],
      23: [0, ...cipherSuites, ...new Uint8Array(16 - suites)],
      24: levels,
    };
    for (const [number, value] of Object.entries(parameters))
      this.#parameters.set(Number(number), Uint8Array.from(value));
  }

  get(parameter: number): Uint8Array | undefined {
    return this.#parameters.get(parameter);
  }

  set(parameter: number, value: Uint8Array): "taken" | "unsupported" | "read-only" | "bad-length" {
    if (!this.#parameters.has(parameter)) return "unsupported";
    const length = settable[parameter];
    if (length === undefined) return "read-only";
    if (value.length !== length) return "bad-length";
    this.#parameters.set(parameter, value.slice());
    return "taken";
  }

  /** The address that it listens on, where the file says no other. */
  listenOn(address: string): void {
    const bytes = addressBytes(address);
    const isTold = this.#parameters.get(3)?.some((byte) => byte !== 0) === true;
    if (!isTold && bytes.length === 4 && bytes.every((byte) => Number.isInteger(byte)))
      this.#parameters.set(3, Uint8Array.from(bytes));
  }
}
