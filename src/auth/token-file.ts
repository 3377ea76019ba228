import { createHash, randomBytes } from "node:crypto";
import { Type, type Static } from "@sinclair/typebox";
import type { Clock } from "../lib/clock.ts";
import {
  CredentialStore,
  entriesParser,
  entryProperties,
  grantsToFile,
  timeProperty,
  noOthers,
} from "./credential-store.ts";
import { CredentialFileError } from "./errors.ts";
import type { Grants } from "./grant.ts";

/** What every token begins with, so that scanners for secrets, and people, know what they have found. */
export const TOKEN_PREFIX = "dcre_";
const TOKEN_BYTES = 32;
const ID_BYTES = 8;

const tokenSchema = Type.Object(
  {
    /** Names the token in the list of last uses. No part of it. */
    id: Type.String({ pattern: String.raw`^[\da-f]{16}$` }),
    ...entryProperties,
    sha256: Type.String({ pattern: String.raw`^[\da-f]{64}$` }),
    expires: Type.Optional(timeProperty),
  },
  noOthers,
);

/** A token as it is kept: whoever reads the file cannot make the token of it. */
export type KeptToken = Static<typeof tokenSchema>;

const parseForm = entriesParser("tokens", tokenSchema);

/** Reads the file of tokens. @throws CredentialFileError */
export function parseTokens(text: string | undefined, path: string): readonly KeptToken[] {
  const tokens = parseForm(text, path);
  // What is no time never comes: such a token would hold for ever.
  const odd = tokens.find(({ expires }) => expires !== undefined && Number.isNaN(Date.parse(expires)));
  if (odd) throw new CredentialFileError(path, `${odd.name} expires at ${odd.expires}, which is no time`);
  return tokens;
}

/**
 * What is kept of a token, in lower-case hex. SHA-256 without salt and without stretching: nobody guesses 256 random bits.
 */
export const tokenHash = (token: string): string => createHash("sha256").update(token).digest("hex");

/** Where tokens are kept. */
export const tokenStore = (path: string, clock: Clock) =>
  new CredentialStore<KeptToken>(path, "tokens", parseTokens, clock);

/** Makes a token that nobody has yet, and what is to be kept of it. `lifetimeMs` is undefined where it never expires. */
export function newToken(
  name: string,
  grants: Grants,
  lifetimeMs: number | undefined,
  clock: Clock,
): { readonly token: string; readonly kept: KeptToken } {
  const token = `${TOKEN_PREFIX}${randomBytes(TOKEN_BYTES).toString("base64url")}`;
  const nowMs = clock.wallMs();
  const kept = {
    id: randomBytes(ID_BYTES).toString("hex"),
    name,
    ...grantsToFile(grants),
    created: new Date(nowMs).toISOString(),
    sha256: tokenHash(token),
    ...(lifetimeMs !== undefined && { expires: new Date(nowMs + lifetimeMs).toISOString() }),
  };
  return { token, kept };
}
