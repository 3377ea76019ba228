import type { ScanAllOutcome, ScanAllStep } from "./board.ts";
import type { Place } from "../lib/place.ts";

const OUTCOME = '{"result": "ok"} or {"result": "error", "failed_board": "<board id>"}';

/** Reads `scanall`; `boardNames` are the ids of the file's boards as it spells them. */
export const readScanAllScript = (place: Place, boardNames: readonly string[]): ScanAllStep[] | undefined =>
  place.list("an array of steps", (step) => {
    if (!step.isObject('an object with "initial"')) return undefined;
    const initial = step.required("initial", OUTCOME, (outcome) => readOutcome(outcome, boardNames));
    const retry = step.optional("retry", (outcomes) =>
      outcomes.list(`an array of ${OUTCOME}`, (outcome) => readOutcome(outcome, boardNames)),
    );
    return initial && { initial, retry: retry ?? [] };
  });

function readOutcome(place: Place, boardNames: readonly string[]): ScanAllOutcome | undefined {
  if (!place.isObject(OUTCOME)) return undefined;
  const result = place.required("result", '"ok" or "error"', (named) =>
    named.value === "ok" || named.value === "error" ? named.value : named.refuse('"ok" or "error"'),
  );
  if (result !== "error") return result && { result };
  const expected = "the board_id of one of the file's boards, as the file spells it";
  const failedBoard = place.required("failed_board", expected, (named) =>
    typeof named.value === "string" && boardNames.includes(named.value) ? named.value : named.refuse(expected),
  );
  return failedBoard === undefined ? undefined : { result, failedBoard };
}
