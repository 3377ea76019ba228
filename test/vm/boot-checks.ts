import { expect, test } from "bun:test";
import { ask, createToken } from "./client.ts";
import type { Machine } from "./machine/machine.ts";

/** Installed, and switched off and on. */
export function bootChecks(there: () => Machine): void {
  test("installs, and is up and asks for credentials at once", async () => {
    const { status, stdout, stderr } = await there().run("dpkg --install /opt/payload/opendcre.deb");
    expect(`${stderr}${stdout}`).not.toMatch(/error|warning/i);
    expect(status).toBe(0);
    expect(await there().must("systemctl is-active opendcre; systemctl is-enabled opendcre")).toBe("active\nenabled");
    expect(await ask(there(), "test", { retries: 30 })).toMatchObject({ status: 200 });
    expect((await ask(there(), "scan")).status).toBe(401);
    expect((await ask(there(), "power/1/3001/off", { post: true })).status).toBe(401);
  }, 180_000);

  test("answers over HTTPS after the plug was pulled, and believes the token that was made just before", async () => {
    const token = await createToken(there(), "kept", "reader");
    const { booted } = await there().cutPower();
    const start = performance.now();
    const answer = await ask(there(), "test", { retries: 120 });
    console.log(`from power-on to the first HTTPS answer: ${((performance.now() - start) / 1000).toFixed(1)} s`);
    expect(answer).toEqual({ status: 200, body: '{"status":"ok"}' });
    expect((await ask(there(), "scan")).status).toBe(401);
    expect((await ask(there(), "scan", { token })).status).toBe(200);
    expect((await ask(there(), "power/1/3001/off", { token, post: true })).status).toBe(403);
    await booted;
  }, 180_000);
}
