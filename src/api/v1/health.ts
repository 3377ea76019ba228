import type { LinkHealth } from "../../devices/backend.ts";
import { formatBoardId } from "../../devices/ids.ts";
import type { Services } from "./route.ts";

const answer = ({ name, board, state, sinceMs, lastError }: LinkHealth) => ({
  name,
  board_id: board === undefined ? undefined : formatBoardId(board),
  state,
  since: new Date(sinceMs).toISOString(),
  last_error: lastError,
});

/** `health`: which links to the hardware work. Not in 1.2 of old; touches nothing, and waits behind nothing. */
export function health(_: object, { inventory }: Services) {
  const links = Object.fromEntries([...inventory.health()].map(([backend, found]) => [backend, found.map(answer)]));
  const isDegraded = Object.values(links).some((found) => found.some(({ state }) => state === "down"));
  return { status: isDegraded ? "degraded" : "ok", links };
}
