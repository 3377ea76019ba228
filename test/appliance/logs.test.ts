import { expect, test } from "bun:test";
import { errorLog } from "../../src/appliance/logs.ts";
import { DeviceError } from "../../src/devices/errors.ts";
import { boardId, deviceId } from "../../src/devices/ids.ts";
import { RecordedLog } from "../support/recorded-process.ts";

test("a failure names board and device as all lines and routes do", async () => {
  const recorded = new RecordedLog();
  const write = errorLog(await recorded.create({ level: "info", format: "json" }));
  const request = { requestId: "r-1", method: "GET", path: "/opendcre/1.2/power/10/d" };
  const place = { board: boardId(0x10), device: deviceId(0xd) };
  write(new DeviceError("no-response", "no answer", { ...place, attempts: 3 }), request);
  write(new DeviceError("busy", "too much is waiting"), request);
  const { requestId: request_id, method, path } = request;
  const common = { level: "warn", time: expect.any(String), event: "failure", request_id, method, path };
  expect(recorded.lines).toEqual([
    { ...common, code: "no-response", board: "00000010", device: "000d", detail: { attempts: 3 }, msg: "no answer" },
    { ...common, code: "busy", detail: {}, msg: "too much is waiting" },
  ]);
});
