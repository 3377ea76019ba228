import { expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { demonstrationBmcs } from "../../src/appliance/demonstration-bmcs.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { deviceErrorOf } from "../support/device-error.ts";
import { context } from "../support/memory-backend.ts";
import { RecordedLog } from "../support/recorded-process.ts";

async function start() {
  const log = new RecordedLog();
  const config = loadConfig({ fileName: null, env: {}, readFile: () => "" });
  const bmcs = demonstrationBmcs(config, await log.create(config.log));
  const ports = () => log.lines.flatMap(({ port }) => (typeof port === "number" ? [port] : []));
  return { bmcs, log, ports };
}

/** Whether nobody listens on any of these UDP ports. */
async function areFree(ports: readonly number[]): Promise<boolean> {
  for (const port of ports) {
    const socket = createSocket("udp4").bind({ address: "127.0.0.1", port, exclusive: true });
    const isFree = await once(socket, "listening").then(
      () => true,
      () => false,
    );
    socket.close();
    if (!isFree) return false;
  }
  return true;
}

test("they are there when somebody asks, and gone when the appliance closes", async () => {
  const { bmcs, ports } = await start();
  expect(ports()).toEqual([]);
  const boards = await bmcs.backend.scanAll(context);
  expect(boards.map(({ id }) => Number(id))).toEqual([0x4000_0001, 0x4000_0002]);
  // With sensors: whoever scans first waits for these.
  for (const { devices } of boards) expect(devices.some(({ type }) => type === "temperature")).toBe(true);
  expect(ports()).toHaveLength(2);
  expect(await areFree(ports())).toBe(false);
  await bmcs.close();
  expect(await areFree(ports())).toBe(true);
});

test("closing while they start leaves none behind", async () => {
  const { bmcs, ports } = await start();
  const scan = bmcs.backend.scanAll(context).then(
    () => "boards",
    () => "refused",
  );
  await bmcs.close();
  expect(["boards", "refused"]).toContain(await scan);
  expect(ports()).toHaveLength(2);
  expect(await areFree(ports())).toBe(true);
});

test("none are started any more once the appliance closes", async () => {
  const { bmcs, log } = await start();
  await bmcs.close();
  await deviceErrorOf(bmcs.backend.scanAll(context), "shutting-down");
  expect(log.lines).toEqual([]);
});
