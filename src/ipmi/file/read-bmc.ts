import { BMC_BIT, boardId, formatBoardId, isBmcBoard, type BoardId } from "../../devices/ids.ts";
import type { Place } from "../../lib/place.ts";
import { privilegeNames, type BmcDefinition } from "../bmc-definition.ts";
import { readCipherSuite, suiteMembers } from "./read-cipher-suite.ts";
import { readOneOf } from "./read-name.ts";
import { passwordMembers, readKey, readPassword, type SecretSource } from "./read-secrets.ts";
import { SpelledMembers } from "./spelled-members.ts";

/** Something in a BMC file that people should know, for the log at every start. */
export interface BmcNotice {
  readonly level: "info" | "warn";
  readonly message: string;
}

/** What reading an entry needs besides the entry. */
export interface BmcFileContext {
  readonly secrets: SecretSource;
  /** Takes note of something that is no mistake. */
  notice(place: Place, message: string): void;
}

/** An entry: complete but for its board, which is its own only where it is pinned. */
export interface BmcEntry {
  readonly place: Place;
  readonly pinned: BoardId | undefined;
  readonly bmc: Omit<BmcDefinition, "board">;
}

const memberNames = [
  "bmc_ip",
  "port",
  "name",
  "board_id",
  "username",
  ...passwordMembers,
  "k_g",
  "privilege",
  ...suiteMembers,
  "timeout",
] as const;

/** The port of IPMI over LAN. @see IPMI 2.0, section 13.1.2 */
const DEFAULT_PORT = 623;
const MAX_PORT = 65_535;
/** Bytes of a user name that the protocol has room for. @see IPMI 2.0, section 22.28 */
const MAX_USERNAME_BYTES = 16;
/** Seconds that a command may take altogether. */
const MAX_TIMEOUT_S = 600;
const HIGHEST_BOARD = 0x7fff_ffff;

const BMC = 'a BMC: an object with "bmc_ip", "username" and "password"';
const HOST = "an IP address or a host name";
const USERNAME = `a user name: a string of at most ${MAX_USERNAME_BYTES} bytes`;
const BOARD = `a string of 8 hex digits, from "${formatBoardId(boardId(BMC_BIT + 1))}" to "${formatBoardId(boardId(HIGHEST_BOARD))}"`;

/** Reads an entry of `bmcs`. */
export function readBmc(place: Place, context: BmcFileContext): BmcEntry | undefined {
  // What stands there by mistake may be a password.
  if (typeof place.value === "string") return place.refuseSecret(BMC);
  if (!place.isObject(BMC)) return undefined;
  const members = new SpelledMembers(place, memberNames, (member, meant) =>
    context.notice(member, `not known, and ignored${meant === undefined ? "" : `; did you mean "${meant}"?`}`),
  );
  const host = members.required("bmc_ip", HOST, readHost);
  const port = members.has("port") ? members.optional("port", readPort) : DEFAULT_PORT;
  const name = members.optional("name", readText);
  const pinned = members.optional("board_id", readBoard);
  const username = members.required("username", USERNAME, readUsername);
  const password = readPassword(place, members, context.secrets);
  const kg = members.optional("k_g", readKey);
  const privilege = members.optional("privilege", (at) => readOneOf(at, privilegeNames)) ?? "administrator";
  const cipherSuite = readCipherSuite(members);
  const timeoutMs = members.optional("timeout", readTimeout);
  if (host === undefined || port === undefined || username === undefined || !password || cipherSuite === undefined)
    return undefined;
  if (cipherSuite === 0) {
    const what =
      "asks for cipher suite 0: the BMC accepts any password, and everything goes over the network in the clear";
    context.notice(place, what);
  }
  return {
    place,
    pinned,
    bmc: {
      host,
      port,
      name: name ?? host,
      username,
      password,
      ...(kg && { kg }),
      privilege,
      cipherSuite,
      ...(timeoutMs !== undefined && { timeoutMs }),
    },
  };
}

const readHost = (place: Place) =>
  typeof place.value === "string" && /^[^\s/?#@[\]"']+$/.test(place.value) ? place.value : place.refuse(HOST);

const readPort = (place: Place) => readInteger(place, 1, MAX_PORT, "a UDP port");

const readText = (place: Place) =>
  typeof place.value === "string" && /^\S(?:.*\S)?$/.test(place.value)
    ? place.value
    : place.refuse("a name of one line");

function readUsername(place: Place): string | undefined {
  const { value } = place;
  if (typeof value !== "string" || value.includes("\0")) return place.refuse(USERNAME);
  return new TextEncoder().encode(value).length <= MAX_USERNAME_BYTES ? value : place.refuse(USERNAME);
}

function readBoard(place: Place): BoardId | undefined {
  const { value } = place;
  if (typeof value !== "string" || !/^(?:0x)?[\da-f]{1,8}$/i.test(value)) return place.refuse(BOARD);
  const id = boardId(Number.parseInt(value, 16));
  return isBmcBoard(id) && id > BMC_BIT && id <= HIGHEST_BOARD ? id : place.refuse(BOARD);
}

function readTimeout(place: Place): number | undefined {
  const { value } = place;
  if (typeof value === "number" && value > 0 && value <= MAX_TIMEOUT_S) return Math.ceil(value * 1000);
  return place.refuse(`seconds, above 0 and at most ${MAX_TIMEOUT_S}`);
}

function readInteger(place: Place, minimum: number, maximum: number, what: string): number | undefined {
  const { value } = place;
  if (typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
  return place.refuse(`${what}, ${minimum} to ${maximum}`);
}
