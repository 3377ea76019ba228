import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { grantsOf, grantsToFile } from "../../src/auth/credential-store.ts";
import { parseGrant, parseGrants, type Grant } from "../../src/auth/grant.ts";
import { callerOf } from "../../src/auth/identity.ts";
import { roles } from "../../src/auth/role.ts";
import { boardId } from "../../src/devices/ids.ts";

const on = (role: Grant["role"], ...ids: readonly number[]): Grant => ({ role, boards: new Set(ids.map(boardId)) });
const rights = ["read", "control", "administer"] as const;

describe("whoever has grants may do what any of them allows, and nothing else", () => {
  test.each([
    // What may be done on board 1, on board 2, and on any board at all.
    ["none", [], ["", "", ""]],
    ["a reader", [{ role: "reader" }], ["read", "read", "read"]],
    ["an admin of a board", [on("admin", 1)], ["read control", "", "read control"]],
    ["an operator of no board", [on("operator")], ["", "", ""]],
    [
      "a reader, and operator of a board",
      [{ role: "reader" }, on("operator", 1)],
      ["read control", "read", "read control"],
    ],
    ["the same in another order", [on("operator", 1), { role: "reader" }], ["read control", "read", "read control"]],
    [
      "operators of two boards",
      [on("operator", 1), on("operator", 2)],
      ["read control", "read control", "read control"],
    ],
    [
      "a reader of one, operator of the other",
      [on("reader", 1), on("operator", 2)],
      ["read", "read control", "read control"],
    ],
    ["an admin, and less", [{ role: "admin" }, on("reader", 1)], Array<string>(3).fill("read control administer")],
  ] as const)("%s", (_, grants, expected) => {
    const caller = callerOf({ name: "x", via: "token", grants });
    const found = [boardId(1), boardId(2), undefined].map((board) =>
      rights.filter((right) => caller.may(right, board)).join(" "),
    );
    expect(found).toEqual([...expected]);
  });
});

test.each([
  ["reader", { role: "reader" }],
  ["operator@10", on("operator", 0x10)],
  ["operator@0x10,1,40000001", on("operator", 0x10, 1, 0x4000_0001)],
] as const)("%s is a grant", (text, grant) => {
  expect(parseGrant(text)).toEqual(grant);
});

test.each([
  "",
  "king",
  "Reader",
  "reader ",
  "operator@",
  "operator@,",
  "operator@1,",
  "operator@1@2",
  "operator@123456789",
  "@1",
])("%p is none", (text) => expect(parseGrant(text)).toBeUndefined());

test("several stand behind each other, and one that is none spoils them all", () => {
  expect(parseGrants("reader  operator@1,2")).toEqual([{ role: "reader" }, on("operator", 1, 2)]);
  for (const text of ["", " ", "reader king", "reader, operator"]) expect(parseGrants(text)).toBeUndefined();
});

test("what is kept in a file says the same when it is read again; one grant stands there as it always did", () => {
  const grant = fc.record({
    role: fc.constantFrom(...roles),
    boards: fc.option(
      fc
        .uniqueArray(fc.integer({ min: 0, max: 0xffff_ffff }), { minLength: 1 })
        .map((ids) => new Set(ids.map(boardId))),
      { nil: undefined },
    ),
  });
  fc.assert(
    fc.property(grant, fc.array(grant), (first, further) => {
      const kept: unknown = JSON.parse(JSON.stringify(grantsToFile([first, ...further])));
      expect(grantsOf(Object(kept))).toEqual([first, ...further]);
    }),
  );
  expect(grantsToFile([on("operator", 2, 1)])).toEqual({ role: "operator", boards: ["00000001", "00000002"] });
});
