/** Characters of a DN's value that need no escape (RFC 4514, section 2.4). All others are written as their bytes in hex, which is always allowed. */
const plainInDn = /^[\p{L}\p{N}._@-]$/u;
/** Characters of a filter's value that need one (RFC 4515, section 3). No others: ldapts takes each escape for a whole character. */
const specialInFilter = /[\0()*\\]/g;
/** Names that Active Directory takes in place of DNs have no escapes: nothing may be in them that could end the name. */
const fitsInName = /^[\p{L}\p{N}._-]+$/u;

const hexOf = (text: string): string =>
  Array.from(Buffer.from(text), (byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");

const escapeInDn = (text: string): string =>
  Array.from(text, (character) => (plainInDn.test(character) ? character : hexOf(character))).join("");

/**
 * Puts values into a template of a filter, such that each can only ever be a value. What the template names and `values` lacks stays.
 * @example fillFilter("(uid={user})", { user: "*)(uid=*" }) // (uid=\2a\29\28uid=\2a)
 */
export const fillFilter = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? "").replaceAll(specialInFilter, hexOf) : placeholder,
  );

/** Whether a template of what is bound with is one of a DN: `uid={user},ou=people,dc=example,dc=org`. */
export const isDnTemplate = (template: string): boolean => template.includes("=");

/**
 * Puts a user's name into a template of what is bound with: a DN, or a name that Active Directory takes in its place, such as
 * `{user}@example.org` or `EXAMPLE\{user}`. Undefined where the name cannot be part of one.
 */
export function fillBindName(template: string, user: string): string | undefined {
  if (isDnTemplate(template)) return template.replaceAll("{user}", () => escapeInDn(user));
  return fitsInName.test(user) ? template.replaceAll("{user}", () => user) : undefined;
}
