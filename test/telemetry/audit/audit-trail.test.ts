import { describe, expect, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { audited, AuditError } from "../../../src/telemetry/audit/audit.ts";
import { AuditTrail } from "../../../src/telemetry/audit/audit-trail.ts";
import type { ChainEnd, LineContent } from "../../../src/telemetry/audit/record.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { act, linesOf, openTrail, sha256sum, temporaryFolder, textOf } from "./support.ts";

describe("a line", () => {
  test("says who wanted what, before and after", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "audit", "audit.jsonl");
    const { trail } = openTrail(path, { clock: new ManualClock() });
    const begun = await trail.begin(act);
    const members = {
      kind: "control",
      who: { name: "alice", via: "token" },
      remote: "192.0.2.1",
      route: "POST /opendcre/1.2/power/1/2/off",
      action: "power",
      board: "00000001",
      device: "0002",
      value: "off",
      request_id: "r-1",
    };
    const hashes = { prev: expect.any(String), hash: expect.any(String) };
    const intent = { seq: 1, time: "2026-01-01T00:00:00.000Z", phase: "intent", ...members, ...hashes };
    expect(linesOf(path)).toEqual([intent]);
    await begun.end("no-response");
    await trail.close();
    const outcome = { ...intent, seq: 2, phase: "outcome", intent: 1, result: "no-response", ...hashes };
    expect(linesOf(path)).toEqual([intent, outcome]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("bears the hash of the one before, as sha256sum makes it", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "audit.jsonl");
    const { trail } = openTrail(path);
    await (await trail.begin({ ...act, who: { name: 'Zoë \u{1F600}\n\u{2028}"', via: "oidc" } })).end("ok");
    await trail.close();
    const [first, second] = linesOf(path);
    expect(first?.["prev"]).toBe("0".repeat(64));
    for (const line of textOf(path).trimEnd().split("\n")) {
      const [, body = "", hash] = /^(.*),"hash":"(\w+)"\}$/su.exec(line) ?? [];
      expect(await sha256sum(body)).toBe(hash!);
    }
    expect(second?.["prev"]).toBe(first?.["hash"]);
  });

  test("is checked by hand as the documentation says", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "audit.jsonl");
    const { trail } = openTrail(path);
    for (let number = 0; number < 3; number++) await (await trail.begin(act)).end("ok");
    await trail.close();
    const page = textOf(join(import.meta.dirname, "../../../docs/audit-trail.md"));
    const [, script = ""] = /```sh\n(.*?)```/s.exec(page) ?? [];
    const { stdout } = Bun.spawnSync(["sh", "-c", script], { cwd: folder.path });
    expect(stdout.toString().slice(0, 64)).toBe(String(linesOf(path)[4]?.["hash"]));
  });

  test("is never long, whatever a caller calls himself", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "audit.jsonl");
    const { trail } = openTrail(path);
    const long = "\u0000".repeat(100_000);
    const hostile = { ...act, who: { name: long, via: long }, route: long, requestId: long, remote: long, value: long };
    await (await trail.begin({ ...hostile, target: long })).end("ok");
    await trail.close();
    for (const line of textOf(path).split("\n")) expect(line.length).toBeLessThan(20_000);
    expect(linesOf(path)).toHaveLength(2);
  });
});

/** A disk that is slow, and fails when a test says so. */
class SlowSink {
  readonly portions: (readonly LineContent[])[] = [];
  readonly #waiting: PromiseWithResolvers<void>[] = [];
  seq = 0;
  isClosed = false;

  async append(contents: readonly LineContent[]): Promise<readonly ChainEnd[]> {
    this.portions.push(contents);
    const done = Promise.withResolvers<void>();
    this.#waiting.push(done);
    await done.promise;
    return contents.map(() => ({ seq: ++this.seq, hash: "" }));
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  /** Ends the write that is under way. */
  async finish(error?: Error): Promise<void> {
    const done = this.#waiting.shift();
    if (!done) throw new RangeError("nothing is being written");
    if (error) done.reject(error);
    else done.resolve();
    await settle();
  }
}

const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });

function openSlowTrail() {
  const [sink, clock] = [new SlowSink(), new ManualClock()];
  const told: string[] = [];
  const trail = new AuditTrail(sink, clock, {
    unavailable: ({ message }) => void told.push(message),
    available: () => void told.push("available"),
  });
  const actions = () =>
    sink.portions.map((contents) => contents.map(({ phase, fields }) => `${phase} ${String(fields["value"])}`));
  return { sink, clock, told, trail, actions };
}

const numbered = (number: number) => ({ ...act, value: `${number}` });

describe("acts that come together", () => {
  test("are flushed together while others are being flushed, in the order in which they came", async () => {
    const { trail, sink, actions } = openSlowTrail();
    const begun = [trail.begin(numbered(1))];
    await settle();
    begun.push(trail.begin(numbered(2)), trail.begin(numbered(3)));
    await settle();
    expect(actions()).toEqual([["intent 1"]]);
    await sink.finish();
    expect(actions()).toEqual([["intent 1"], ["intent 2", "intent 3"]]);
    const end = (await begun[0])?.end("ok");
    await sink.finish();
    await sink.finish();
    await Promise.all([...begun, end]);
    expect(actions()).toEqual([["intent 1"], ["intent 2", "intent 3"], ["outcome 1"]]);
  });

  test("wait until they are on the disk", async () => {
    const { trail, sink } = openSlowTrail();
    let hasBegun = false;
    const begun = trail.begin(act).then(() => (hasBegun = true));
    await settle();
    expect(hasBegun).toBe(false);
    await sink.finish();
    await begun;
    expect(hasBegun).toBe(true);
  });
});

describe("a disk that is full", () => {
  test("lets nothing begin, and says why, once", async () => {
    const { trail, sink, told } = openSlowTrail();
    for (let tries = 0; tries < 2; tries++) {
      const begun = trail.begin(act).catch((error: unknown) => error);
      await settle();
      await sink.finish(full);
      expect(await begun).toBeInstanceOf(AuditError);
    }
    expect(told).toEqual(["the audit trail cannot be written: the disk is full"]);
  });

  test("gets the outcomes of what was done as soon as it takes them, ahead of everything else", async () => {
    const { trail, sink, told, actions } = openSlowTrail();
    const begun = trail.begin(numbered(1));
    await settle();
    await sink.finish();
    const ended = (await begun).end("ok").catch((error: unknown) => error);
    await settle();
    await sink.finish(full);
    expect(await ended).toBeInstanceOf(AuditError);
    const next = trail.begin(numbered(2));
    await settle();
    await sink.finish();
    await next;
    expect(actions()).toEqual([["intent 1"], ["outcome 1"], ["outcome 1", "intent 2"]]);
    expect(told).toEqual(["the audit trail cannot be written: the disk is full", "available"]);
  });

  test("is tried again by itself while outcomes wait", async () => {
    const { trail, sink, clock, actions } = openSlowTrail();
    const begun = trail.begin(numbered(1));
    await settle();
    await sink.finish();
    const ended = (await begun).end("ok").catch((error: unknown) => error);
    await settle();
    await sink.finish(full);
    await ended;
    await clock.advance(5000);
    await sink.finish(full);
    await clock.advance(5000);
    await sink.finish();
    expect(actions()).toEqual([["intent 1"], ["outcome 1"], ["outcome 1"], ["outcome 1"]]);
    expect(clock.timers).toBe(0);
  });

  test("is not waited for where the act comes right after a failure", async () => {
    const { trail, sink, clock } = openSlowTrail();
    const again = trail.begin(numbered(1)).catch(() => trail.begin(numbered(2)));
    await settle();
    await sink.finish(full);
    await sink.finish();
    await again;
    expect(clock.timers).toBe(0);
  });

  test("does not undo what was done: its caller gets the result", async () => {
    const { trail, sink } = openSlowTrail();
    const done = audited(trail, act, () => 42, String);
    await settle();
    await sink.finish();
    await sink.finish(full);
    expect(await done).toBe(42);
  });

  test("keeps an act from being carried out", async () => {
    const { trail, sink } = openSlowTrail();
    let isDone = false;
    const failed = audited(trail, act, () => (isDone = true), String).catch((error: unknown) => error);
    await settle();
    await sink.finish(full);
    expect(await failed).toBeInstanceOf(AuditError);
    expect(isDone).toBe(false);
  });
});

describe("a trail that is closed", () => {
  test("closes its files when nothing is being written any more, be it after a failure", async () => {
    const { trail, sink } = openSlowTrail();
    const again = trail.begin(numbered(1)).catch(() => trail.begin(numbered(2)));
    await settle();
    const closed = trail.close();
    await sink.finish(full);
    expect(sink.isClosed).toBe(false);
    await sink.finish();
    await Promise.all([again, closed]);
    expect(sink.isClosed).toBe(true);
  });

  test("tries once more to write the outcomes that wait, and waits for no timer", async () => {
    const { trail, sink, clock, actions } = openSlowTrail();
    const begun = trail.begin(numbered(1));
    await settle();
    await sink.finish();
    const ended = (await begun).end("ok").catch((error: unknown) => error);
    await settle();
    await sink.finish(full);
    expect(await ended).toBeInstanceOf(AuditError);
    const closed = trail.close();
    await settle();
    await sink.finish(full);
    await closed;
    expect(actions()).toEqual([["intent 1"], ["outcome 1"], ["outcome 1"]]);
    expect([sink.isClosed, clock.timers]).toEqual([true, 0]);
  });
});

test("an act that fails is written down with how it failed, and fails as it did", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "audit.jsonl");
  const { trail } = openTrail(path);
  const reason = new Error("no");
  const failed = await audited(trail, act, () => Promise.reject(reason), String).catch((error: unknown) => error);
  await trail.close();
  expect(failed).toBe(reason);
  expect(linesOf(path)[1]?.["result"]).toBe("Error: no");
});

test("1,000 acts at once are all written, each before it is carried out", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "audit.jsonl");
  const { trail } = openTrail(path);
  const acts = Array.from({ length: 1000 }, (_, number) => numbered(number));
  await Promise.all(
    acts.map((one) => audited(trail, one, () => expect(textOf(path)).toContain(`"value":"${one.value}"`), String)),
  );
  await trail.close();
  const lines = linesOf(path);
  expect(lines.map(({ seq }) => seq)).toEqual(Array.from({ length: 2000 }, (_, index) => index + 1));
  const intents = lines.filter(({ phase }) => phase === "intent");
  expect(intents.map(({ value }) => value)).toEqual(acts.map(({ value }) => value));
  const outcomes = lines.filter(({ phase, result }) => phase === "outcome" && result === "ok");
  const ended = outcomes.map((outcome) => Number(outcome["intent"])).toSorted((a, b) => a - b);
  expect(ended).toEqual(intents.map(({ seq }) => Number(seq)));
  expect(readdirSync(folder.path).toSorted()).toEqual(["audit.jsonl", "audit.jsonl.head"]);
});
