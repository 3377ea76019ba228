import { toError } from "../../lib/to-error.ts";
import { fromHex } from "../../lib/hex.ts";
import type { Place } from "../../lib/place.ts";
import { Secret } from "../secret.ts";
import type { SpelledMembers } from "./spelled-members.ts";

/** Where passwords that are not in the BMC file itself come from. Both throw what the system says. */
export interface SecretSource {
  /** A file's text, by a path that is relative to the BMC file. */
  readFile(path: string): string;
  /** A credential's text, by its name: what systemd hands to a service. */
  readCredential(name: string): string;
}

/** Names of the members that hold a password or say where it is. */
export const passwordMembers = ["password", "password_file", "password_credential"] as const;
type PasswordMember = (typeof passwordMembers)[number];

/** Bytes of a password and of K_g that the protocol has room for. @see IPMI 2.0, sections 22.30 and 22.25 */
const MAX_BYTES = 20;

const PASSWORD = `a password: a string of at most ${MAX_BYTES} bytes`;
const KEY = `a key: a string of at most ${MAX_BYTES} bytes, or 0x and at most ${MAX_BYTES * 2} hex digits`;

/** Reads the password from whichever member has it, if just one does. */
export function readPassword(
  place: Place,
  members: SpelledMembers<PasswordMember>,
  source: SecretSource,
): Secret | undefined {
  const given = passwordMembers.filter((name) => members.has(name));
  if (given.length > 1) return place.refuseSecret(`only one of ${given.join(" and ")}`);
  const [name] = given;
  if (name === "password_file")
    return members.optional(name, (at) => readFrom(at, "the path of a file", (path) => source.readFile(path)));
  if (name === "password_credential")
    return members.optional(name, (at) =>
      readFrom(at, "the name of a credential", (credential) => source.readCredential(credential)),
    );
  const expected = `${PASSWORD}; or password_file or password_credential in its place`;
  return members.required("password", expected, (at) => asPassword(at, at.value, PASSWORD));
}

function readFrom(place: Place, expected: string, read: (name: string) => string): Secret | undefined {
  const { value } = place;
  if (typeof value !== "string" || value === "") return place.refuse(expected);
  let text: string;
  try {
    text = read(value);
  } catch (error) {
    return place.refuse(`${expected} that can be read (${toError(error).message})`);
  }
  // Editors end files with a newline that is no part of the password.
  return asPassword(place, text.replace(/\r?\n$/, ""), `${expected} that holds ${PASSWORD}`);
}

function asPassword(place: Place, text: unknown, expected: string): Secret | undefined {
  // The protocol pads with zeros: a password that has one ends there.
  if (typeof text !== "string" || text.includes("\0")) return place.refuseSecret(expected);
  const secret = new Secret(text);
  return secret.length <= MAX_BYTES ? secret : place.refuseSecret(expected);
}

/** Reads K_g: text, or bytes in hex behind 0x. */
export function readKey(place: Place): Secret | undefined {
  const { value } = place;
  if (typeof value !== "string" || value === "") return place.refuseSecret(KEY);
  const key = /^0x/i.test(value) ? keyFromHex(value.slice(2)) : new Secret(value);
  return key && key.length > 0 && key.length <= MAX_BYTES ? key : place.refuseSecret(KEY);
}

function keyFromHex(digits: string): Secret | undefined {
  return /^(?:[\da-f]{2})+$/i.test(digits) ? new Secret(fromHex(digits)) : undefined;
}
