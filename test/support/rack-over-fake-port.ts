// Everything but the HTTP server and the driver's system calls, in one process: API, bus, emulator, and a fake port between them. Run by
// other runtimes than Bun; prints what two requests are answered with, and how opening a real port fails there.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SerialPort, SerialPortError } from "bun-serialport";
import { createFakePort } from "bun-serialport/testing";
import { createApi } from "../../src/api/server.ts";
import { BusBackend } from "../../src/bus/bus-backend.ts";
import { ExchangeRunner } from "../../src/bus/exchange-runner.ts";
import { sequenceCounter } from "../../src/bus/exchange.ts";
import { Line } from "../../src/bus/line.ts";
import { Inventory } from "../../src/devices/inventory.ts";
import { parseBoardFile } from "../../src/emulator/board-file.ts";
import { BusEmulator } from "../../src/emulator/bus-emulator.ts";
import { serveEmulator } from "../../src/emulator/emulated-line.ts";
import { systemClock as clock } from "../../src/lib/clock.ts";

const rack = join(import.meta.dirname, "..", "..", "config", "simple.json");
const nothing = () => undefined;

const { port, peer } = createFakePort();
serveEmulator(peer, new BusEmulator(parseBoardFile(readFileSync(rack, "utf8"), rack)), { clock });
const line = await Line.open({
  path: port.path,
  open: () => Promise.resolve(port),
  reopen: { firstPauseMs: 100, longestPauseMs: 1000 },
  clock,
  events: { down: nothing, up: nothing, stillDown: nothing },
});
const policy = { timeoutMs: 250, retryLimit: 3, collisionPauseMs: 150 };
const runner = new ExchangeRunner(line, policy, sequenceCounter(), clock);
const bus = new BusBackend({ runner, clock, queueLimit: 16, controllerId: 0x4145, timeSlice: 75 });
const api = createApi({ inventory: new Inventory([bus]), version: "test", prefix: "/opendcre/" });

for (const path of ["location/1/5801", "read/fan_speed/1/3002", "fan/1/3002/4321"]) {
  const response = await api.fetch(new Request(`http://localhost/opendcre/1.2/${path}`));
  console.log(response.status, await response.text());
}
const failure = await SerialPort.open("/dev/null", { baudRate: 115_200 }).catch((error: unknown) => error);
console.log(failure instanceof SerialPortError ? failure.code : failure);
await line.close();
