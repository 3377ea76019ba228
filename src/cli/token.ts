import { grantsOf } from "../auth/credential-store.ts";
import { TOKEN_FILE, TOKEN_USE_FILE } from "../auth/file-names.ts";
import { spellGrant } from "../auth/grant.ts";
import { newToken, tokenStore } from "../auth/token-file.ts";
import { readTokenUses } from "../auth/token-use.ts";
import { systemClock as clock } from "../lib/clock.ts";
import { administrationFor, grantsCell, grantsIn, grantsText, nameIn, printList } from "./administration.ts";
import { textOf, type CommandContext, type Invocation } from "./command.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { UsageError } from "./usage-error.ts";

const HOUR_MS = 3_600_000;
const unitsMs: ReadonlyMap<string, number> = new Map([
  ["h", HOUR_MS],
  ["d", 24 * HOUR_MS],
  ["w", 7 * 24 * HOUR_MS],
]);
/** A hundred years: more is a mistake, and soon no date. */
const LONGEST_MS = 100 * 366 * 24 * HOUR_MS;

/** What `--expires` says, in milliseconds; undefined for never. @throws UsageError */
function lifetimeIn(invocation: Invocation): number | undefined {
  const text = textOf(invocation, "expires");
  if (text === undefined) return undefined;
  const [, digits = "", unit = ""] = /^([1-9]\d{0,8})([hdw])$/.exec(text) ?? [];
  const lifetimeMs = Number(digits) * (unitsMs.get(unit) ?? 0);
  if (lifetimeMs > 0 && lifetimeMs <= LONGEST_MS) return lifetimeMs;
  throw new UsageError(`--expires ${text}: expected a number of hours, days or weeks, such as 8h, 90d or 12w`);
}

/** `opendcre token create NAME --role R`: the token alone goes to standard output. */
export async function createToken(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const { pathOf, act } = administrationFor(invocation, context);
  const name = nameIn(invocation);
  const grants = grantsIn(invocation);
  const { token, kept } = newToken(name, grants, lifetimeIn(invocation), clock);
  const store = tokenStore(pathOf(TOKEN_FILE), clock);
  await act("token-create", name, grantsText(grants), () => store.add(kept));
  await context.print(`${token}\n`);
  const expiry = kept.expires === undefined ? "never expires" : `expires ${kept.expires}`;
  await context.complain(`${name}: ${grantsText(grants)}; ${expiry}. Only its hash is kept: it is not shown again.\n`);
  return exitCodes.ok;
}

/** `opendcre token list` */
export async function listTokens(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const { pathOf } = administrationFor(invocation, context);
  const uses = await readTokenUses(pathOf(TOKEN_USE_FILE));
  const tokens = tokenStore(pathOf(TOKEN_FILE), clock)
    .list()
    .map((token) => {
      const { id, name, created, expires } = token;
      return { name, grants: grantsOf(token).map(spellGrant), created, expires, last_used: uses.get(id) };
    });
  await printList(invocation, context, tokens, {
    NAME: ({ name }) => name,
    ROLES: ({ grants }) => grantsCell(grants),
    CREATED: ({ created }) => created,
    EXPIRES: ({ expires }) => expires ?? "never",
    "LAST USED": (token) => token.last_used,
  });
  return exitCodes.ok;
}

/** `opendcre token revoke NAME` */
export async function revokeToken(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const { pathOf, act } = administrationFor(invocation, context);
  const name = nameIn(invocation);
  await act("token-revoke", name, undefined, () => tokenStore(pathOf(TOKEN_FILE), clock).remove(name));
  await context.complain(`${name}: revoked.\n`);
  return exitCodes.ok;
}
