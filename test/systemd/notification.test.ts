import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { openNotification } from "../../src/systemd/notification.ts";
import { hasPython, startDatagramReceiver } from "../support/datagram-receiver.ts";

test.skipIf(!hasPython)(`a text is one datagram${hasPython ? "" : " (python3 is missing)"}`, async () => {
  const receiver = await startDatagramReceiver();
  expect(openNotification(receiver.path)?.send("READY=1\nSTATUS=üp")).toBe("sent");
  expect(new TextDecoder().decode(await receiver.next())).toBe("READY=1\nSTATUS=üp");
  await receiver.stop();
});

test("the clock is the kernel's monotonic one, which /proc/uptime shows where the machine never slept", () => {
  const uptimeS = Number(readFileSync("/proc/uptime", "utf8").split(" ", 1)[0]);
  const monotonicUs = openNotification("/nowhere")?.monotonicUs() ?? 0n;
  expect(Math.abs(Number(monotonicUs) / 1e6 - uptimeS)).toBeLessThan(5);
});
