import { boardId, type BoardId } from "../../devices/ids.ts";
import type { Grant } from "../grant.ts";
import { isPresentable } from "../identity.ts";
import type { OidcSettings } from "./oidc-settings.ts";

/** The claims of a token. */
export type Claims = Readonly<Record<string, unknown>>;

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;

/**
 * A claim by its name, `https://example.org/roles`, or else by the names that lead to it, `realm_access.roles`. Undefined where there is none.
 */
function claimAt(claims: Claims, name: string): unknown {
  const whole = memberOf(claims, name);
  if (whole !== undefined) return whole;
  return name.split(".").reduce<unknown>((value, part) => memberOf(value, part), claims);
}

/** The values of a claim that is a list of texts, or a text with spaces between (as `scope`, RFC 8693, section 4.2). */
function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return value.split(" ").filter((text) => text !== "");
  return Array.isArray(value) ? value.filter((text) => typeof text === "string") : [];
}

/** The name by which a token's caller is known; undefined where it has none that can be shown. */
export function nameIn(claims: Claims, { nameClaim }: OidcSettings): string | undefined {
  const name = claimAt(claims, nameClaim);
  return typeof name === "string" && isPresentable(name) ? name : undefined;
}

/** What a token allows: nothing where it has no role that is known here. */
export function grantsIn(claims: Claims, { rolesClaim, roles, boardsClaim }: OidcSettings): readonly Grant[] {
  const values = new Set(textsOf(claimAt(claims, rolesClaim)));
  const found = roles.filter(({ value }) => values.has(value));
  if (boardsClaim === undefined) return found.map(({ role, boards }) => ({ role, boards }));
  // What is no board, and a claim that is not there, limits all the more.
  const own = new Set(textsOf(claimAt(claims, boardsClaim)).flatMap(boardsOf));
  return found.map(({ role, boards }) => ({ role, boards: boards ? own.intersection(boards) : own }));
}

/** A board as it stands in URLs: hexadecimal. */
const boardsOf = (text: string): readonly BoardId[] =>
  /^[\da-f]{1,8}$/i.test(text) ? [boardId(Number.parseInt(text, 16))] : [];
