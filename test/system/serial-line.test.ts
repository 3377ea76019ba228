// The server on one end of a cable, the emulator on the other, each in a process of its own.
import { describe, expect, test } from "bun:test";
import { startEmulator } from "../support/emulator-process.ts";
import { startProduct, type Product } from "../support/product.ts";
import { hasSocat, openCable } from "../support/socat.ts";

/** What is kept on this machine is not a test's. */
const env = { OPENDCRE_AUDIT_MODE: "off" };

/** Asks until there is an answer; what was on its way when one end was killed may spoil the first one. */
async function untilAnswered(product: Product, path: string): Promise<unknown> {
  for (;;) {
    const { status, body } = await product.get(path);
    if (status === 200) return body;
  }
}

describe.skipIf(!hasSocat)("over a cable (needs socat)", () => {
  test("the emulator is killed and started again: the server stays up and finds it (needs socat)", async () => {
    const cable = await openCable();
    let emulator = await startEmulator(cable.far);
    const product = await startProduct(["--device", cable.near], undefined, env);
    expect((await product.get("version/1")).body.firmware_version).toBe("OpenDCRE Emulator 2 - server 1");
    emulator.kill("SIGKILL");
    await emulator.exited;
    const silent = await product.get("read/temperature/1/5801");
    expect([silent.status, silent.body.code]).toEqual([500, "no-response"]);
    expect((await product.get("test")).status).toBe(200);
    emulator = await startEmulator(cable.far);
    await untilAnswered(product, "read/temperature/1/5801");
    expect(await product.stop()).toBe(0);
    emulator.kill();
    expect(await emulator.exited).toBe(0);
    await cable.close();
  }, 30_000);

  test("the server is killed and started again: the emulator goes on (needs socat)", async () => {
    const cable = await openCable();
    const emulator = await startEmulator(cable.far);
    const first = await startProduct(["--device", cable.near], undefined, env);
    expect((await first.get("fan/1/3002/4321")).body).toEqual({ speed_rpm: 4321 });
    await first.stop("SIGKILL");
    const second = await startProduct(["--device", cable.near], undefined, env);
    // A fan keeps its speed: the emulator is still the same.
    expect(await untilAnswered(second, "fan/1/3002")).toEqual({ speed_rpm: 4321 });
    expect(await second.stop()).toBe(0);
    emulator.kill();
    await emulator.exited;
    await cable.close();
  }, 30_000);

  test("the cable is pulled out in mid scan: a clear error at once, and back when it is plugged in (needs socat)", async () => {
    const cable = await openCable();
    // At 1200 baud a scan takes seconds.
    const emulator = await startEmulator(cable.far, "--baud-delay", "1200");
    const product = await startProduct(["--device", cable.near, "--log-level", "debug"], undefined, env);
    const scan = product.get("scan");
    await product.until(({ received }) => received !== undefined);
    await cable.unplug();
    const { status, body } = await scan;
    expect([status, body.code]).toEqual([500, "line-down"]);
    expect(body.message).toContain(cable.near);
    const down = await product.get("read/temperature/1/5801");
    expect([down.status, down.body.code]).toEqual([500, "line-down"]);
    await cable.plug();
    await product.until(({ event }) => event === "line-up");
    await untilAnswered(product, "read/temperature/1/5801");
    expect(await product.stop()).toBe(0);
    emulator.kill();
    await emulator.exited;
    await cable.close();
  }, 60_000);
});
