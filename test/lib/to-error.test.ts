import { expect, test } from "bun:test";
import { toError } from "../../src/lib/to-error.ts";

test("an error stays what it is", () => {
  const error = new RangeError("no");
  expect(toError(error)).toBe(error);
});

test.each([
  ["EIO", "EIO"],
  [undefined, "undefined"],
  [null, "null"],
  [5, "5"],
])("%p becomes an error that says it", (thrown, message) => {
  const error = toError(thrown);
  expect(error).toBeInstanceOf(Error);
  expect(error.message).toBe(message);
});
