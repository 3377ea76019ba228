import type { BoardId } from "./ids.ts";

/**
 * What a caller wants to do: read boards, change something on them, or change the appliance itself. Each includes the ones before it.
 */
export type Right = "read" | "control" | "administer";

/** Who asks. */
export interface Caller {
  /** What people know them by: the name of a user or a token. */
  readonly name: string;
  /** How they proved that: `token`, `user`, `oidc`, ...; `none` where nobody is asked. */
  readonly via: string;
  /** Whether they have the right on a board; without one, whether on any board at all. */
  may(right: Right, board?: BoardId): boolean;
}

/** Whoever asks where nobody is asked who they are. */
export const anyone: Caller = { name: "anyone", via: "none", may: () => true };

/** Somebody who has not said who they are, where others have: they may do nothing. */
export const stranger: Caller = { name: "anonymous", via: "none", may: () => false };
