import { describe, expect, test } from "bun:test";
import { combinedLine } from "../../../src/telemetry/log-files/combined-format.ts";

const entry = {
  method: "GET",
  path: "/opendcre/1.2/scan",
  status: 200,
  durationMs: 1.5,
  requestId: "r",
  remote: "192.0.2.7",
  bytes: 2326,
};
const at = Date.UTC(2000, 9, 10, 13, 55, 6);

const line = (headers: Readonly<Record<string, string>>, user?: string, more: Partial<typeof entry> = {}) =>
  combinedLine({ ...entry, ...more }, { user, header: (name) => headers[name] ?? null }, at);

describe("a line in the combined format", () => {
  test("is as Apache documents it", () => {
    expect(
      line(
        { referer: "http://www.example.com/start.html", "user-agent": "Mozilla/4.08 [en] (Win98; I ;Nav)" },
        "frank",
      ),
    ).toBe(
      '192.0.2.7 - frank [10/Oct/2000:13:55:06 +0000] "GET /opendcre/1.2/scan HTTP/1.1" 200 2326 "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"\n',
    );
  });

  test("has a dash for what is not known", () => {
    const { remote: _, ...local } = entry;
    expect(combinedLine(local, { user: undefined, header: () => null }, at)).toBe(
      '- - - [10/Oct/2000:13:55:06 +0000] "GET /opendcre/1.2/scan HTTP/1.1" 200 2326 "-" "-"\n',
    );
  });

  test("cannot be broken, nor continued, by what a caller sends", () => {
    const evil = 'x" 200 1 "-" "y\\\r\n127.0.0.1 - root\u001b[2J\u0085\u2028ü';
    const written = line({ "user-agent": evil, referer: evil }, 'a b"\n', { path: '/"\n' });
    expect(written.indexOf("\n")).toBe(written.length - 1);
    expect(written).toMatch(/^[ -~]+\n$/);
    expect(written).toMatch(/^192\.0\.2\.7 - \S+ \[[^\]]+\] "[^"]*" 200 2326 "[^"]*" "[^"]*"\n$/);
    expect(written).toContain(String.raw`\xC3\xBC`);
  });

  test("is not longer than it need be", () => {
    expect(line({ "user-agent": "a".repeat(100_000) }).length).toBeLessThan(1000);
  });
});
