import { describe, expect, test } from "bun:test";
import { journalEntry } from "../../src/telemetry/journal-entry.ts";

const bytesOf = (line: object) => journalEntry(`${JSON.stringify(line)}\n`) ?? new Uint8Array();

/** The fields of an entry in their order, read as the protocol's text says; throws where it is none. */
function fieldsOf(entry: Uint8Array): [string, string][] {
  const fields: [string, string][] = [];
  const text = (from: number, to: number) => new TextDecoder("utf-8", { fatal: true }).decode(entry.subarray(from, to));
  for (let at = 0; at < entry.length;) {
    const end = entry.indexOf(0x0a, at);
    const equals = entry.subarray(at, end).indexOf(0x3d);
    if (equals >= 0) {
      fields.push([text(at, at + equals), text(at + equals + 1, end)]);
      at = end + 1;
      continue;
    }
    const from = end + 9;
    const to = from + Number(new DataView(entry.buffer, entry.byteOffset).getBigUint64(end + 1, true));
    fields.push([text(at, end), text(from, to)]);
    expect(entry[to]).toBe(0x0a);
    at = to + 1;
  }
  return fields;
}

const own = (line: object) =>
  fieldsOf(bytesOf({ level: "info", time: "2026-11-25T01:00:00.000Z", ...line })).filter(([name]) =>
    name.startsWith("OPENDCRE_"),
  );

describe("an entry", () => {
  test("has text, priority and fields, one a line", () => {
    const line = {
      level: "warn",
      time: "2026-11-25T01:00:00.000Z",
      event: "x",
      n: 1.5,
      on: true,
      bus: null,
      msg: "a=b ü",
    };
    expect(new TextDecoder().decode(bytesOf(line))).toBe(
      "MESSAGE=a=b ü\nPRIORITY=4\nSYSLOG_IDENTIFIER=opendcre\nOPENDCRE_EVENT=x\nOPENDCRE_N=1.5\nOPENDCRE_ON=true\n",
    );
  });

  // The example of "Data Format" in https://systemd.io/JOURNAL_NATIVE_PROTOCOL/, whose sender is systemd's.
  test("says how long a text of several lines is, in eight bytes, the least significant first", () => {
    const entry = bytesOf({ level: "info", msg: "foo\nbar" });
    const golden = Buffer.concat([
      Buffer.from("MESSAGE\n"),
      Buffer.from([0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00]),
      Buffer.from("foo\nbar\nPRIORITY=6\nSYSLOG_IDENTIFIER=opendcre\n"),
    ]);
    expect(Buffer.from(entry).toString("latin1")).toBe(golden.toString("latin1"));
  });

  test.each([
    ["fatal", "2"],
    ["error", "3"],
    ["warn", "4"],
    ["info", "6"],
    ["debug", "7"],
    ["trace", "7"],
  ])("of level %s has syslog's number %s", (level, priority) => {
    expect(fieldsOf(bytesOf({ level, msg: "" })).slice(0, 2)).toEqual([
      ["MESSAGE", ""],
      ["PRIORITY", priority],
    ]);
  });
});

describe("fields", () => {
  test("of a request are those of all other lines about it", () => {
    const access = { method: "GET", path: "/x", status: 200, duration_ms: 1.25, request_id: "r-1" };
    expect(own({ access, msg: "" })).toEqual([
      ["OPENDCRE_EVENT", "access"],
      ["OPENDCRE_METHOD", "GET"],
      ["OPENDCRE_PATH", "/x"],
      ["OPENDCRE_STATUS", "200"],
      ["OPENDCRE_DURATION_MS", "1.25"],
      ["OPENDCRE_REQUEST_ID", "r-1"],
    ]);
  });

  test("of an error say its kind and where it comes from; its code is the code of other lines", () => {
    const err = { type: "BusError", message: "no answer", code: "no-response", stack: "a\n  at b", expectedSeq: 3 };
    expect(own({ err, msg: "" })).toEqual([
      ["OPENDCRE_ERR_TYPE", "BusError"],
      ["OPENDCRE_ERR_MESSAGE", "no answer"],
      ["OPENDCRE_CODE", "no-response"],
      ["OPENDCRE_ERR_STACK", "a\n  at b"],
      ["OPENDCRE_ERR_EXPECTED_SEQ", "3"],
    ]);
  });

  test("with several values come several times, and nested ones by their path", () => {
    const line = {
      settings: ["log.level", "limits"],
      reasons: [{ by: "token", why: "expired" }],
      detail: { a: { b: 1 } },
    };
    expect(own({ ...line, msg: "" })).toEqual([
      ["OPENDCRE_SETTINGS", "log.level"],
      ["OPENDCRE_SETTINGS", "limits"],
      ["OPENDCRE_REASONS_BY", "token"],
      ["OPENDCRE_REASONS_WHY", "expired"],
      ["OPENDCRE_DETAIL_A_B", "1"],
    ]);
  });

  test("that are nested deeply are JSON", () => {
    expect(own({ a: { b: { c: { d: { e: { f: 1 } } } } }, msg: "" })).toEqual([["OPENDCRE_A_B_C_D", '{"e":{"f":1}}']]);
  });
});

describe("hostile input", () => {
  const names = ["", "_PID", "MESSAGE", "a=b", "a\nPRIORITY=0\nb", "ключ", "\0", "x".repeat(5000), "__CURSOR", "1"];

  test.each(names)("a member called %j becomes a field that the journal takes, and of ours", (name) => {
    const fields = fieldsOf(bytesOf({ level: "info", [name]: "1", detail: { [name]: "2" }, msg: "m" }));
    expect(fields.length).toBe(5);
    // systemd.journal-fields(7), and journal_field_valid() of systemd.
    for (const [field] of fields) expect(field).toMatch(/^[A-Z][A-Z0-9_]{0,63}$/);
    expect(fields.slice(3).every(([field]) => field.startsWith("OPENDCRE_"))).toBe(true);
  });

  const values = [
    "",
    "\n",
    "\nPRIORITY=0\n",
    "a\0b",
    "\r\n\u2028\x1b[31m",
    "=",
    "x".repeat(102_400),
    "y\n".repeat(51_200),
    "\u{1f600}\n",
  ];
  test.each(values.map((value) => ({ value, shown: JSON.stringify(value).slice(0, 20) })))(
    "$shown comes through as it is, and as nothing else",
    ({ value }) => {
      expect(fieldsOf(bytesOf({ level: "error", detail: value, msg: value }))).toEqual([
        ["MESSAGE", value],
        ["PRIORITY", "3"],
        ["SYSLOG_IDENTIFIER", "opendcre"],
        ["OPENDCRE_DETAIL", value],
      ]);
    },
  );

  test("half a surrogate pair is replaced", () => {
    expect(own({ detail: "a\ud800", msg: "" })).toEqual([["OPENDCRE_DETAIL", "a\ufffd"]]);
  });

  test("a level among the fields is not the line's", () => {
    const line = '{"level":"warn","level":"fatal","msg":"m"}\n';
    expect(fieldsOf(journalEntry(line) ?? new Uint8Array())).toContainEqual(["PRIORITY", "4"]);
  });

  test("a line without a text is one all the same", () => {
    expect(fieldsOf(bytesOf({ level: "info" }))[0]).toEqual(["MESSAGE", ""]);
  });

  test("more fields than the journal takes make no entry", () => {
    const many = Array.from({ length: 2000 }, (_, index) => index);
    expect(journalEntry(JSON.stringify({ level: "info", many, msg: "" }))).toBeUndefined();
  });
});
