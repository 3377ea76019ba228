import { expect, test } from "bun:test";
import type { BusBackend } from "../../src/bus/bus-backend.ts";
import { toHex } from "../../src/lib/hex.ts";
import { boardId } from "../../src/devices/ids.ts";
import { exchangesOf, hasGoldenTrace, readGoldenTrace, type TraceLine } from "../support/golden-trace.ts";
import { context, device, openMemoryBackend } from "../support/memory-backend.ts";

/** Not in the recording: the original logged no save frames. */
const isSave = (bytes: Uint8Array) => toHex(bytes.slice(4, 8)) === "90 00 00 00";

/** Boards and devices that frames of a scan list, told from the bytes by their offsets. */
function boardsIn(replies: readonly TraceLine[]) {
  const names: Record<string, string> = {
    "10": "led",
    "12": "system",
    "40": "power",
    "4e": "humidity",
    "82": "fan_speed",
    "9a": "temperature",
    "9c": "thermistor",
  };
  const boards: { id: number; devices: { id: number; type: string | undefined }[] }[] = [];
  for (const { bytes } of replies) {
    const number = (from: number, to: number) => Number.parseInt(toHex(bytes.slice(from, to)).replaceAll(" ", ""), 16);
    const id = number(4, 8);
    let board = boards.find((other) => other.id === id);
    if (!board) boards.push((board = { id, devices: [] }));
    board.devices.push({ id: number(8, 10), type: names[toHex(bytes.slice(10, 11))] });
  }
  return boards;
}

const reading = (measurement: unknown) => ({ measurement, quality: "good" });

test.skipIf(!hasGoldenTrace)(
  "the recorded session: every frame as the original sent it, every result as its frames say (needs ../shared)",
  async () => {
    const { requests, lines } = readGoldenTrace();
    expect(requests).toContain(
      "version/2 read/thermistor/2/1 power/4/2ff power/4/2ff/{on,off,cycle} led/2/5/on fan/2/2/4100 scan/4 scan x4 read/none/2/99",
    );
    const exchanges = exchangesOf(lines);
    const { backend, clock, port } = await openMemoryBackend();
    const sent: string[] = [];
    port().onWrite = (bytes) => {
      if (isSave(bytes)) return;
      const exchange = exchanges[sent.length];
      sent.push(toHex(bytes));
      for (const { bytes: answer } of exchange?.replies ?? []) port().pushLater(answer);
    };
    const repliesOf = (exchange: number) => exchanges[exchange]?.replies ?? [];
    const controller = device(4, 0x2ff);
    const power = (action: "status" | "on" | "off" | "cycle") => (bus: BusBackend) =>
      bus.execute({ kind: "power", ...controller, action }, context);
    const off = {
      raw: "64,0,0,0",
      on: false,
      ok: true,
      overCurrent: false,
      underVoltage: false,
      inputPowerW: 0,
      inputVoltageV: 0,
      // In Python: (1.0/807)*(0*10.0-20745)
      outputCurrentA: -25.70631970260223,
    };
    const script: [(bus: BusBackend) => Promise<unknown>, unknown][] = [
      [(bus) => bus.execute({ kind: "version", board: boardId(2) }, context), "Scan-All Protocol Test Board 2"],
      [
        (bus) => bus.execute({ kind: "read", ...device(2, 1), type: "thermistor" }, context),
        reading({ kind: "temperature", temperatureC: 28.78 }),
      ],
      [power("status"), off],
      [power("on"), off],
      [power("off"), off],
      [power("cycle"), off],
      [(bus) => bus.execute({ kind: "led", ...device(2, 5), on: true }, context), reading({ kind: "led", on: true })],
      [
        (bus) => bus.execute({ kind: "fan", ...device(2, 2), rpm: "4100" }, context),
        reading({ kind: "fan_speed", speedRpm: 4100 }),
      ],
      [(bus) => bus.execute({ kind: "scan", board: boardId(4) }, context), boardsIn(repliesOf(10))],
      [(bus) => bus.scanAll(context), boardsIn(repliesOf(11))],
      // Damaged, and damaged when asked again, twice.
      [(bus) => bus.scanAll(context), "damaged-response"],
      [(bus) => bus.scanAll(context), boardsIn(repliesOf(17))],
      [(bus) => bus.scanAll(context), boardsIn(repliesOf(19))],
      [(bus) => bus.execute({ kind: "read", ...device(2, 0x99), type: "none" }, context), "no-response"],
    ];
    for (const [request, expected] of script) {
      const outcome = clock.until(request(backend)).catch((error: unknown) => error);
      const result = await outcome;
      if (expected === "damaged-response" || expected === "no-response")
        expect(result).toHaveProperty("code", expected);
      else if (expected instanceof Object) expect(result).toMatchObject(expected);
      else expect(result).toEqual(expected);
    }
    const ofServer = lines.filter(({ who, direction }) => who === "server" && direction === "sent");
    expect(sent).toEqual(ofServer.map(({ bytes }) => toHex(bytes)));
    expect(sent).toEqual(exchanges.map(({ request }) => toHex(request)));
    // One save after each of the three scans that worked, under the numbers that the recording leaves out.
    expect(
      port()
        .written.filter(isSave)
        .map((bytes) => bytes[2]),
    ).toEqual([0x0d, 0x10, 0x12]);
  },
);
