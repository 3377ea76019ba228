import type { Place } from "../lib/place.ts";
import {
  authTypes,
  cipherSuites,
  encryptionTypes,
  integrityTypes,
  suiteWith,
  type SuiteAlgorithms,
} from "./cipher-suite-names.ts";
import { readOneOf } from "./read-name.ts";
import type { SpelledMembers } from "./spelled-members.ts";

/** Names of the members that say how a session is protected: by algorithm, as in 1.2, or by number. */
export const suiteMembers = ["auth_type", "integrity_type", "encryption_type", "cipher_suite"] as const;
type SuiteMember = (typeof suiteMembers)[number];

const SUITE = `"auto" or the number of a cipher suite: ${[...cipherSuites.keys()].join(", ")}`;

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
  return typeof value === "number" && cipherSuites.has(value) ? value : place.refuse(SUITE);
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
  const algorithms = { auth, integrity, encryption };
  return suiteWith(algorithms) ?? refuseCombination(members, algorithms);
}

/** Notes that the algorithms are no suite, with those that go with the authentication that is asked for. */
function refuseCombination(members: SpelledMembers<SuiteMember>, { auth, ...found }: SuiteAlgorithms): undefined {
  const possible = [...cipherSuites.values()]
    .filter((suite) => suite.auth === auth)
    .map(({ integrity, encryption }) => `${integrity} with ${encryption}`);
  members.optional("integrity_type", (at) =>
    at.refuse(
      `a combination that is a cipher suite; ${auth} goes with ${possible.join(", or ")}, not with ${found.integrity} with ${found.encryption}`,
    ),
  );
}
