import { afterAll, beforeAll, expect, test } from "bun:test";
import { type EmulatorProcess, startEmulator } from "../support/emulator-process.ts";
import { simpleRack } from "../support/product.ts";
import { ask, createToken } from "./client.ts";
import type { Machine } from "./machine/machine.ts";

/** What the rack's file says, as far as it is compared. */
interface BoardFile {
  readonly boards: readonly {
    readonly board_id: string;
    readonly firmware_version: string;
    readonly devices: readonly { readonly device_id: string; readonly device_type: string }[];
  }[];
}

/** The whole way: curl, TLS, token, API, bus, bun-serialport, the kernel's driver, a UART; and an emulated rack behind that. */
export function lineChecks(there: () => Machine): void {
  let emulator: EmulatorProcess | undefined;
  let token = "";
  const json = async (path: string, options = {}) => {
    const { status, body } = await ask(there(), path, { token, retries: 5, ...options });
    return { status, body: JSON.parse(body) };
  };

  beforeAll(async () => {
    emulator = await startEmulator(there().uart);
    await there().must(`echo 'OPENDCRE_OPTS="--device /dev/ttyAMA0"' > /etc/default/opendcre
      systemctl restart opendcre`);
    token = await createToken(there(), "checks", "admin");
  }, 60_000);

  afterAll(async () => {
    emulator?.kill();
    await emulator?.exited;
  });

  test("a scan finds the boards of the rack's file", async () => {
    const { boards }: BoardFile = JSON.parse(await Bun.file(simpleRack).text());
    const ids = boards.map(({ board_id, devices }) => ({
      board_id,
      devices: devices.map(({ device_id, device_type }) => ({ device_id: device_id.toLowerCase(), device_type })),
    }));
    expect(await json("scan")).toEqual({ status: 200, body: { boards: ids } });
    expect((await json("version/1")).body.firmware_version).toBe(boards[0]!.firmware_version);
  }, 60_000);

  test("a reading, and power off and on", async () => {
    expect(await json("fan/1/3002/4321")).toEqual({ status: 200, body: { speed_rpm: 4321 } });
    expect(await json("read/fan_speed/1/3002")).toEqual({ status: 200, body: { speed_rpm: 4321 } });
    expect((await json("power/1/3001")).body.power_status).toBe("on");
    expect((await json("power/1/3001/off", { post: true })).body.power_status).toBe("off");
    expect((await json("power/1/3001")).body.power_status).toBe("off");
  }, 60_000);

  test("nobody gets through without the role that it takes", async () => {
    expect((await ask(there(), "power/1/3001")).status).toBe(401);
    const reader = await createToken(there(), "reads", "reader");
    expect((await ask(there(), "power/1/3001", { token: reader })).status).toBe(200);
    expect((await ask(there(), "power/1/3001/on", { token: reader, post: true })).status).toBe(403);
    expect((await json("power/1/3001")).body.power_status).toBe("off");
  });
}
