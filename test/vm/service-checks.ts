import { expect, test } from "bun:test";
import { ask } from "./client.ts";
import type { Machine } from "./machine/machine.ts";

/** What systemd does with the service. */
export function serviceChecks(there: () => Machine): void {
  const mainPid = () => there().must("systemctl show --property=MainPID --value opendcre");

  /** Waits, in the machine, for the service to be up in a process other than `pid`. */
  const untilRestarted = (pid: string) =>
    there()
      .must(`until [ "$(systemctl show --property=MainPID --value opendcre)" -gt 0 ] && systemctl is-active --quiet opendcre &&
      [ "$(systemctl show --property=MainPID --value opendcre)" != ${pid} ]; do sleep 0.1; done`);

  const isServing = async () => {
    expect(await ask(there(), "test", { retries: 10 })).toMatchObject({ status: 200 });
    expect((await ask(there(), "scan")).status).toBe(401);
  };

  test("has a status", async () => {
    const status = await there().must("systemctl status --no-pager opendcre");
    expect(status).toContain("Active: active (running)");
    expect(status).toMatch(/Status: "\S/);
    expect(await there().must(`stat --format=%U /proc/${await mainPid()}`)).toBe("opendcre");
  }, 30_000);

  test("reads its files again without a restart", async () => {
    const pid = await mainPid();
    await there().must("systemctl reload opendcre");
    expect(await mainPid()).toBe(pid);
    await isServing();
  }, 60_000);

  test("is started again after kill -9", async () => {
    const pid = await mainPid();
    await there().must(`kill -KILL ${pid}`);
    await untilRestarted(pid);
    await isServing();
  }, 60_000);

  test("is killed and started again when it does nothing any more", async () => {
    // The package's 30 seconds would do as well.
    await there().must(`mkdir -p /run/systemd/system/opendcre.service.d
      printf '[Service]\\nWatchdogSec=5\\n' > /run/systemd/system/opendcre.service.d/watchdog.conf
      systemctl daemon-reload && systemctl restart opendcre`);
    const pid = await mainPid();
    await there().must(`kill -STOP ${pid}`);
    await untilRestarted(pid);
    expect(await there().must("journalctl --no-pager -u opendcre")).toContain("Watchdog timeout (limit 5s)!");
    await isServing();
    // From its next start on, it has the package's again.
    await there().must("rm -r /run/systemd/system/opendcre.service.d; systemctl daemon-reload");
  }, 120_000);
}
