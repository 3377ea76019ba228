import { describe, expect, test } from "bun:test";
import { reloader } from "../../src/cli/reload.ts";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { RecordedLog } from "../support/recorded-process.ts";

const configOf = (file: string): Config =>
  loadConfig({ fileName: "/c.json", options: [], env: {}, readFile: () => file });

async function start(reload: (config: Config) => Promise<boolean> = () => Promise.resolve(true)) {
  const recorded = new RecordedLog();
  const log = await recorded.create({ level: "info", format: "json" });
  const files = ["{}"];
  const load = () => configOf(files.at(-1) ?? "{}");
  const readAgain = reloader({ load, config: load(), appliance: { reload }, log });
  return { log, recorded, files, readAgain };
}

describe("reading again", () => {
  test("takes the level of the log", async () => {
    const { log, recorded, files, readAgain } = await start();
    files.push('{"log": {"level": "debug"}}');
    await readAgain();
    log.debug({}, "shown");
    expect(recorded.messages).toEqual(["info reading again what may change", "info taken: log.level", "debug shown"]);
    files.push('{"log": {"level": "warn"}}');
    await readAgain();
    log.info({}, "not shown");
    log.event("access", {}, "not shown either");
    expect(recorded.messages.slice(3)).toEqual(["info reading again what may change"]);
  });

  test("says what takes a restart, each time, until it is undone", async () => {
    const { recorded, files, readAgain } = await start();
    const restart = "warn changed, but only a restart takes it: server.port, server.max_body_bytes";
    files.push('{"server": {"port": 8080, "max_body_bytes": 1}}');
    await readAgain();
    expect(recorded.messages.at(-1)).toBe(restart);
    await readAgain();
    expect(recorded.messages.at(-1)).toBe(restart);
    files.push("{}");
    await readAgain();
    expect(recorded.messages.at(-1)).toBe("info reading again what may change");
  });

  test("says what people should know about the new configuration, once", async () => {
    const { recorded, files, readAgain } = await start();
    files.push('{"tls": {"certificate": "c.pem", "key": "k.pem"}}');
    await readAgain();
    const notice = "warn tls.certificate: not used, because tls.enabled is false";
    expect(recorded.messages).toContain(notice);
    await readAgain();
    expect(recorded.messages.filter((message) => message === notice).length).toBe(1);
  });

  test.each(['{"log": {"level": "loud"}}', "{", '{"server": {"port": 0, "prot": 1}}'])(
    "changes nothing where the configuration is wrong: %s",
    async (wrong) => {
      let reloads = 0;
      const { log, recorded, files, readAgain } = await start(() => {
        reloads++;
        return Promise.resolve(true);
      });
      files.push(wrong);
      await readAgain();
      expect(reloads).toBe(0);
      expect(log.isLevelEnabled("debug")).toBe(false);
      expect(recorded.messages.at(-1)).toStartWith(
        "error the configuration was not taken, and everything stays as it was: /c.json",
      );
    },
  );

  test("does not say of what was refused that it was taken", async () => {
    const { recorded, files, readAgain } = await start(() => Promise.resolve(false));
    files.push('{"control": {"cooldown_ms": 5}}');
    await readAgain();
    expect(recorded.messages.at(-1)).toBe("info taken: control.cooldown_ms, except for what is said above");
  });

  test("a storm of signals is served by one more reading after the one under way", async () => {
    const gate = Promise.withResolvers<boolean>();
    let reloads = 0;
    const { readAgain } = await start(() => {
      reloads++;
      return gate.promise;
    });
    const all = Array.from({ length: 1000 }, readAgain);
    gate.resolve(true);
    await Promise.all(all);
    expect(reloads).toBe(2);
    await readAgain();
    expect(reloads).toBe(3);
  });

  test("goes on after a failure, which is in the log", async () => {
    const { recorded, readAgain } = await start(() => Promise.reject(new RangeError("odd")));
    await readAgain();
    expect(recorded.messages.at(-1)).toBe("error reading again failed");
    await readAgain();
    expect(recorded.messages.filter((text) => text === "error reading again failed").length).toBe(2);
  });
});
