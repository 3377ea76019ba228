import type { CommandContext, LinkHealth } from "../../devices/backend.ts";
import { formatBoardId } from "../../devices/ids.ts";
import type { Services } from "./route.ts";

const answer = ({ name, board, state, sinceMs, lastError }: LinkHealth) => ({
  name,
  board_id: board === undefined ? undefined : formatBoardId(board),
  state,
  since: new Date(sinceMs).toISOString(),
  last_error: lastError,
});

/**
 * `health`: which links to the hardware work. Not in 1.2 of old; touches nothing, and waits behind nothing. Strangers learn only whether
 * all do, others only of links to boards that they may read.
 */
export function health(_: object, { inventory }: Services, { caller }: CommandContext) {
  const all = [...inventory.health()];
  const status = all.some(([, links]) => links.some(({ state }) => state === "down")) ? "degraded" : "ok";
  if (!caller.may("read")) return { status };
  const links = all.map(([backend, found]) => [
    backend,
    found.filter(({ board }) => caller.may("read", board)).map(answer),
  ]);
  return { status, links: Object.fromEntries(links) };
}
