import { expect, test } from "bun:test";
import { lineEvents, lineTrace } from "../../src/telemetry/line-log.ts";
import { RecordedLog } from "../support/recorded-process.ts";

const path = "/dev/ttyUSB0";

test("what becomes of a port is in the log, each with its severity", async () => {
  const recorded = new RecordedLog();
  const events = lineEvents(await recorded.create({ level: "debug", format: "json" }));
  events.down(path, new RangeError("unplugged"));
  events.stillDown(path, new RangeError("no such device"), 500);
  events.up(path);
  expect(recorded.lines).toEqual([
    expect.objectContaining({
      level: "warn",
      event: "line-down",
      bus: path,
      err: expect.objectContaining({ message: "unplugged" }),
    }),
    expect.objectContaining({ level: "debug", event: "line-down", bus: path, next_ms: 500 }),
    expect.objectContaining({ level: "info", event: "line-up", bus: path }),
  ]);
  expect(String(recorded.lines[0]?.["msg"])).toContain("waiting for it");
});

test("bytes are in the log in hex, by direction", async () => {
  const recorded = new RecordedLog();
  const trace = lineTrace(await recorded.create({ level: "trace", format: "json" }), "trace");
  trace?.sent(Uint8Array.of(1, 0xff));
  trace?.received(Uint8Array.of(4));
  expect(recorded.lines).toEqual([
    expect.objectContaining({ level: "trace", event: "bus", sent: "01 ff" }),
    expect.objectContaining({ level: "trace", event: "bus", received: "04" }),
  ]);
});

test("bytes cost nothing where nobody wants to see them", async () => {
  const log = await new RecordedLog().create({ level: "info", format: "json" });
  expect([lineTrace(log, "debug"), lineTrace(log, "trace")]).toEqual([undefined, undefined]);
});
