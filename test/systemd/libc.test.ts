import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openNotification, unixAddress } from "../../src/systemd/libc.ts";
import { hasSocat } from "../support/socat.ts";

let folder = "";
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "opendcre-notify-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** socat with a socket for datagrams, and what it has received. */
async function receiver(address: string) {
  const socat = Bun.spawn(["socat", "-u", "-d", "-d", address, "STDOUT"], { stdio: ["ignore", "pipe", "pipe"] });
  const decoder = new TextDecoder();
  let messages = "";
  for await (const chunk of socat.stderr.values({ preventCancel: true })) {
    messages += decoder.decode(chunk);
    if (messages.includes("starting data transfer loop")) break;
  }
  return socat;
}

describe("a socket's address", () => {
  test("is as unix(7) has it", () => {
    expect(unixAddress("/r")).toEqual(new Uint8Array([1, 0, 0x2f, 0x72, 0]));
    expect(unixAddress("@r")).toEqual(new Uint8Array([1, 0, 0, 0x72]));
    expect(unixAddress(`/${"x".repeat(106)}`)?.length).toBe(110);
  });

  test.each(["", "run/x", "vsock:2:1", `/${"x".repeat(107)}`, "/a\0b"])("is not made of %j", (path) => {
    expect(unixAddress(path)).toBeUndefined();
    expect(openNotification(path)).toBeUndefined();
  });
});

describe.skipIf(!hasSocat)(`datagrams${hasSocat ? "" : " (socat is missing)"}`, () => {
  test.each(["path", "abstract"])("reach a socket named by %s", async (kind) => {
    const path = join(folder, "notify");
    const abstract = `opendcre-test-${process.pid}`;
    const isPath = kind === "path";
    const socat = await receiver(isPath ? `UNIX-RECV:${path}` : `ABSTRACT-RECV:${abstract}`);
    const notification = openNotification(isPath ? path : `@${abstract}`);
    expect(notification?.send("READY=1\nSTATUS=üp")).toBe(true);
    const { value } = await socat.stdout.getReader().read();
    expect(new TextDecoder().decode(value)).toBe("READY=1\nSTATUS=üp");
    socat.kill();
    await socat.exited;
  });

  test("are not taken where nobody listens, and that is all", () => {
    expect(openNotification(join(folder, "nobody"))?.send("WATCHDOG=1")).toBe(false);
  });
});

test("the clock is the kernel's monotonic one, which /proc/uptime shows where the machine never slept", () => {
  const uptimeS = Number(readFileSync("/proc/uptime", "utf8").split(" ", 1)[0]);
  const monotonicUs = openNotification("/nowhere")?.monotonicUs() ?? 0n;
  expect(Math.abs(Number(monotonicUs) / 1e6 - uptimeS)).toBeLessThan(5);
});
