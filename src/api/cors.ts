/** Whether pages of other origins may read: all of them (`reads`), or none (`off`). They can never read what a control command answers. */
export type CorsSetting = "reads" | "off";

/** How long a browser may keep the answer to a preflight, in seconds. */
const PREFLIGHT_MAX_AGE_S = 86_400;

/** By which a browser lets pages of any origin see an answer. */
export const allowAnyOrigin = "*";

/** Headers that answer a preflight for a route that may be read with `methods`. */
export const preflightHeaders = (methods: string): Record<string, string> => ({
  "access-control-allow-methods": methods,
  "access-control-max-age": `${PREFLIGHT_MAX_AGE_S}`,
});
