import { type CipherSuite, cipherSuites } from "ipmi-js";
import type { Place } from "../../lib/place.ts";
import { readOneOf } from "./read-name.ts";
import type { SpelledMembers } from "./spelled-members.ts";

/** Names of the members that say how a session is protected: by algorithm, as in 1.2, or by number. */
export const suiteMembers = ["auth_type", "integrity_type", "encryption_type", "cipher_suite"] as const;
type SuiteMember = (typeof suiteMembers)[number];

const numbers = cipherSuites.map(({ number }) => number);
const SUITE = `"auto" or the number of a cipher suite: ${numbers.join(", ")}`;

const namesOf = <T extends string>(nameOf: (suite: CipherSuite) => T): T[] => [...new Set(cipherSuites.map(nameOf))];

const authTypes = namesOf(({ authentication }) => authentication.name);
const integrityTypes = namesOf(({ integrity }) => integrity.name);
const encryptionTypes = namesOf(({ confidentiality }) => confidentiality.name);

/** Reads what the members say of the cipher suite: its number, or `auto` where they leave it open. */
export function readCipherSuite(members: SpelledMembers<SuiteMember>): number | "auto" | undefined {
  const algorithms = readAlgorithms(members);
  if (!members.has("cipher_suite")) return algorithms === "absent" ? "auto" : algorithms;
  return members.optional("cipher_suite", (named) => {
    const suite = readSuite(named);
    if (typeof suite !== "number" || typeof algorithms !== "number" || suite === algorithms) return suite;
    return named.refuse(`${algorithms}, as auth_type, integrity_type and encryption_type say, or only one of both`);
  });
}

function readSuite(place: Place): number | "auto" | undefined {
  const { value } = place;
  if (typeof value === "string" && value.toLowerCase() === "auto") return "auto";
  return numbers.find((number) => number === value) ?? place.refuse(SUITE);
}

/** The suite that the three names of 1.2 make; undefined where they are wrong. */
function readAlgorithms(members: SpelledMembers<SuiteMember>): number | "absent" | undefined {
  const names = ["auth_type", "integrity_type", "encryption_type"] as const;
  if (!names.some((name) => members.has(name))) return "absent";
  const together = "which go together with the others of auth_type, integrity_type and encryption_type";
  const expected = (of: readonly string[]) => `one of ${of.join(", ")}, ${together}`;
  const auth = members.required("auth_type", expected(authTypes), (at) => readOneOf(at, authTypes));
  const integrity = members.required("integrity_type", expected(integrityTypes), (at) => readOneOf(at, integrityTypes));
  const encryption = members.required("encryption_type", expected(encryptionTypes), (at) =>
    readOneOf(at, encryptionTypes),
  );
  if (!auth || !integrity || !encryption) return undefined;
  const possible = cipherSuites.filter(({ authentication }) => authentication.name === auth);
  const suite = possible.find(
    (candidate) => candidate.integrity.name === integrity && candidate.confidentiality.name === encryption,
  );
  return suite ? suite.number : refuseCombination(members, possible, encryption);
}

/** Notes that the algorithms are no suite, with those that go with the authentication that is asked for. */
function refuseCombination(
  members: SpelledMembers<SuiteMember>,
  possible: readonly CipherSuite[],
  encryption: string,
): undefined {
  const auth = possible[0]?.authentication.name ?? "";
  const others = possible.map(({ integrity, confidentiality }) => `${integrity.name} with ${confidentiality.name}`);
  const expected = `a combination that is a cipher suite; ${auth} goes with ${others.join(", or ")}, not with what is here and ${encryption}`;
  members.optional("integrity_type", (at) => at.refuse(expected));
}
