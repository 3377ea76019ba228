import { boardId, formatBoardId, type BoardId } from "../devices/ids.ts";
import type { Right } from "../devices/caller.ts";
import { isRole, roleIncludes, type Role } from "./role.ts";

/** Something that someone was granted. Whoever has several may do what any of them allows. */
export interface Grant {
  readonly role: Role;
  /** The boards that it holds for; all of them where it is absent. */
  readonly boards?: ReadonlySet<BoardId> | undefined;
}

/** One grant at least. */
export type Grants = readonly [Grant, ...Grant[]];

/** Whether a grant includes a right on a board, or on any board at all. One that is limited to boards administers nothing: the appliance is no board. */
export function allows({ role, boards }: Grant, right: Right, board: BoardId | undefined): boolean {
  if (!roleIncludes(role, right)) return false;
  if (!boards) return true;
  return right !== "administer" && (board === undefined ? boards.size > 0 : boards.has(board));
}

/** Boards as people name them: hexadecimal ids with commas between them. Undefined where one is none. */
export function parseBoards(text: string): ReadonlySet<BoardId> | undefined {
  const digits = text.split(",").map((id) => /^ *(?:0x)?([\da-f]{1,8}) *$/i.exec(id)?.[1]);
  const ids = digits.filter((id) => id !== undefined).map((id) => boardId(Number.parseInt(id, 16)));
  return ids.length === digits.length ? new Set(ids) : undefined;
}

/** A grant as people write it, `reader` or `operator@10,40000001`; undefined where it is none. */
export function parseGrant(text: string): Grant | undefined {
  const at = text.indexOf("@");
  const role = at < 0 ? text : text.slice(0, at);
  if (!isRole(role)) return undefined;
  if (at < 0) return { role };
  const boards = parseBoards(text.slice(at + 1));
  return boards && { role, boards };
}

/** Grants with spaces between them, one at least; undefined where one is none. */
export function parseGrants(text: string): readonly Grant[] | undefined {
  const words = text.split(" ").filter((word) => word !== "");
  const grants = words.map(parseGrant).filter((grant) => grant !== undefined);
  return grants.length > 0 && grants.length === words.length ? grants : undefined;
}

/** A grant as files and lists for programs spell it. */
export interface SpelledGrant {
  readonly role: Role;
  /** Eight hex digits each. */
  readonly boards?: string[];
}

export const spellGrant = ({ role, boards }: Grant): SpelledGrant => ({
  role,
  ...(boards && { boards: [...boards].toSorted((a, b) => a - b).map(formatBoardId) }),
});

export const grantOf = ({ role, boards }: SpelledGrant): Grant =>
  boards ? { role, boards: new Set(boards.map((digits) => boardId(Number.parseInt(digits, 16)))) } : { role };
