import { describe, expect, test } from "bun:test";
import { IpmiError } from "ipmi-js";
import { anyone } from "../../src/devices/caller.ts";
import { boardId, deviceId } from "../../src/devices/ids.ts";
import type { InventoryStore, KeptInventory } from "../../src/ipmi/inventory-cache.ts";
import { deviceErrorOf } from "../support/device-error.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";
import { definitionOf, openKnownRack, openRack, sdr, timeout, TIMEOUT_MS, units, type Rack } from "./fake-bmc.ts";

const context = { signal: new AbortController().signal, requestId: "r", caller: anyone };
const board = boardId(0x40000001);

/** What is kept, in memory, as the text that a file would hold. */
class MemoryStore implements InventoryStore {
  readonly texts = new Map<string, string>();
  saves = 0;

  load = (address: string): Promise<KeptInventory | undefined> => {
    const text = this.texts.get(address);
    return Promise.resolve(text === undefined ? undefined : JSON.parse(text));
  };
  save = (address: string, kept: KeptInventory) => {
    this.saves++;
    this.texts.set(address, JSON.stringify(kept));
    return Promise.resolve();
  };
}

/** A rack's sensors, as `1 temperature CPU Temp`. */
async function sensorsOf({ backend }: Rack, id = board): Promise<string[]> {
  const [record] = await backend.execute({ kind: "scan", board: id }, context);
  return (record?.devices ?? []).slice(3).map((each) => `${each.id.toString(16)} ${each.type} ${each.info}`);
}

async function keptStore(prepare?: Parameters<typeof openKnownRack>[0]) {
  const store = new MemoryStore();
  const rack = await openKnownRack({ store, ...prepare });
  await rack.backend.close();
  return store;
}

const fails = () => Promise.reject(new Error("disk full"));

/** Every fourth. */
const isDead = (n: number) => n % 4 === 0;

describe("the first time", () => {
  test("everything is read, once, and kept", async () => {
    const store = new MemoryStore();
    const rack = await openKnownRack({ store });
    expect(await sensorsOf(rack)).toEqual(["1 temperature CPU Temp", "10 fan_speed Fan"]);
    expect(rack.bmc().asked).toEqual(["device-id", "stamp", "sdrs", "fru"]);
    expect(rack.events.lines).toEqual(["bmc 1 up", "bmc 1 has 2 sensors (bmc)"]);
    const text = store.texts.get("192.0.2.1:623") ?? "";
    expect(JSON.parse(text)).toMatchObject({ sdrStamp: "1", deviceIds: { "20.0.0.1": 1, "20.0.0.10": 16 } });
    expect(text).not.toContain("password 1");
  });

  test("asset data that cannot be read keep nobody from the sensors", async () => {
    const store = new MemoryStore();
    const rack = await openKnownRack({
      store,
      prepare(bmc) {
        bmc.failure = (what) => (what === "fru" ? new IpmiError("completion-code", "Not there") : undefined);
      },
    });
    expect(await sensorsOf(rack)).toHaveLength(2);
    expect(store.saves).toBe(1);
    expect(rack.events.lines).toContain("bmc 1: reading of its asset data: Not there");
  });

  test("records that cannot be understood are told, and the others used", async () => {
    const rack = await openKnownRack({
      prepare(bmc) {
        bmc.sdrProblems = ["record 7 is damaged"];
        bmc.records = [...bmc.records, Uint8Array.of(7, 0, 0x51, 1, 40, 1, 2)];
      },
    });
    expect(await sensorsOf(rack)).toHaveLength(2);
    expect(rack.events.lines).toContain("bmc 1: record 7 is damaged");
  });

  test("what is missing of the records is read another time, seldom and then more seldom, also after the next start", async () => {
    const store = new MemoryStore();
    const [first, second] = [sdr({ number: 1, name: "CPU Temp" }), sdr({ number: 2, name: "Inlet" })];
    const rack = await openKnownRack({
      store,
      prepare(bmc) {
        bmc.records = [first];
        bmc.sdrProblems = ["SDR 0002h cannot be read"];
        bmc.areSdrsComplete = false;
      },
    });
    expect(await sensorsOf(rack)).toEqual(["1 temperature CPU Temp"]);
    await rack.clock.advance(20_000 + 40_000 + 80_000 + 160_000);
    expect(rack.bmc().countOf("sdrs")).toBe(5);
    expect(rack.events.lines).toEqual(["bmc 1 up", "bmc 1 has 1 sensors (bmc)", "bmc 1: SDR 0002h cannot be read"]);
    await rack.backend.close();
    const next = await openKnownRack({ store, prepare: (bmc) => void (bmc.records = [first, second]) });
    expect(await sensorsOf(next)).toEqual(["1 temperature CPU Temp", "2 temperature Inlet"]);
    expect(next.bmc().countOf("sdrs")).toBe(1);
    await next.clock.advance(300_000);
    expect(next.bmc().countOf("stamp")).toBe(1);
  });

  test("records that the BMC does not hand out are asked for again, seldom and then more seldom", async () => {
    const { bmc, clock, events, backend } = await openKnownRack({
      prepare: (each) =>
        void (each.failure = (what) => (what === "sdrs" ? new IpmiError("completion-code", "No") : undefined)),
    });
    await clock.advance(20_000 + 40_000 + 80_000 + 160_000);
    expect(bmc().countOf("sdrs")).toBe(5);
    expect(backend.health()[0]?.state).toBe("up");
    expect(events.lines.filter((line) => line === "bmc 1: reading of its sensor records: No")).toHaveLength(5);
    bmc().failure = undefined;
    await clock.advance(320_000);
    expect(events.lines).toContain("bmc 1 has 2 sensors (bmc)");
  });
});

describe("the next time", () => {
  test("sensors and asset data are known before the BMC has answered anything, and not read again", async () => {
    const store = await keptStore();
    const rack = openRack({ store, prepare: (bmc) => void (bmc.isSilent = true) });
    await settle();
    expect(await sensorsOf(rack)).toHaveLength(2);
    const asset = await rack.backend.execute({ kind: "asset", board, device: deviceId(0x200) }, context);
    expect(asset.board).toEqual({ manufacturer: "Lanternworks" });
    rack.bmc().isSilent = false;
    await rack.clock.advance(10_000);
    expect(rack.backend.health()[0]?.state).toBe("up");
    expect(rack.bmc().countOf("sdrs")).toBe(0);
    expect(rack.bmc().countOf("fru")).toBe(0);
    expect(rack.events.lines[0]).toBe("bmc 1 has 2 sensors (cache)");
  });

  test("SDRs of another state, or another firmware, are read again", async () => {
    const store = await keptStore();
    const changed = await openKnownRack({
      store,
      prepare(bmc) {
        bmc.stamp = "2";
        bmc.records = [sdr({ number: 3, name: "New", unit: units.volt })];
      },
    });
    expect(await sensorsOf(changed)).toEqual(["3 voltage New"]);
    await changed.backend.close();
    const updated = await openKnownRack({
      store,
      prepare(bmc) {
        bmc.stamp = "2";
        bmc.deviceId = { ...bmc.deviceId, firmwareMinor: 46 };
        bmc.records = [sdr({ number: 4, name: "Newer" })];
      },
    });
    expect(await sensorsOf(updated)).toEqual(["4 temperature Newer"]);
    const kept = JSON.parse(store.texts.get("192.0.2.1:623") ?? "");
    expect(kept.firmware).toContain("firmware 3.46");
  });

  test("device ids stay what they were, whatever order the records come in", async () => {
    const two = [sdr({ number: 1, name: "First" }), sdr({ number: 1, lun: 1, name: "Second" })];
    const store = await keptStore({ prepare: (bmc) => void (bmc.records = two) });
    const rack = await openKnownRack({
      store,
      prepare(bmc) {
        bmc.stamp = "2";
        bmc.records = [sdr({ number: 1, lun: 2, name: "Third" }), ...two.toReversed()];
      },
    });
    expect(await sensorsOf(rack)).toEqual(["1001 temperature Third", "1000 temperature Second", "1 temperature First"]);
  });

  test("asset data that are too old are read again, in the background", async () => {
    const store = await keptStore();
    const clock = new ManualClock(Date.UTC(2026, 0, 1, 2));
    const rack = await openKnownRack({ store, clock });
    expect(rack.bmc().countOf("fru")).toBe(1);
    expect(rack.bmc().countOf("sdrs")).toBe(0);
  });

  test("asset data that were read in the future, by a clock that was wrong, are read again", async () => {
    const store = await keptStore({ clock: new ManualClock(Date.UTC(2035, 0, 1)) });
    const rack = await openKnownRack({ store, clock: new ManualClock(Date.UTC(2026, 0, 1)) });
    expect(rack.bmc().countOf("fru")).toBe(1);
  });

  test("what cannot be used of what was kept is told, and read from the BMC", async () => {
    const store = await keptStore();
    const kept = JSON.parse(store.texts.get("192.0.2.1:623") ?? "");
    store.texts.set("192.0.2.1:623", JSON.stringify({ ...kept, sdrs: ["no base64!"] }));
    const rack = await openKnownRack({ store });
    expect(rack.events.lines[0]).toStartWith("bmc 1: use of what was kept of it: ");
    expect(await sensorsOf(rack)).toHaveLength(2);
  });

  test("a boot selection that the BMC never calls valid is still understood", async () => {
    const store = new MemoryStore();
    const first = await openKnownRack({ store });
    first.bmc().onBoot = (target) => void (first.bmc().boot = { target, device: target, isValid: false });
    const system = { board, device: deviceId(0x200) };
    await first.backend.execute({ kind: "boot-target", ...system, target: "pxe" }, context);
    const second = await openKnownRack({ store });
    second.bmc().boot = { target: "hdd", device: "hdd", isValid: false };
    expect(await second.backend.execute({ kind: "boot-target", ...system }, context)).toBe("hdd");
  });
});

test("a store that fails fails nothing else", async () => {
  const rack = await openKnownRack({ store: { load: fails, save: fails } });
  expect(await sensorsOf(rack)).toHaveLength(2);
  expect(rack.events.lines).toContain("bmc 1: use of what was kept of it: disk full");
  expect(rack.events.lines).toContain("bmc 1: keeping what is known of it: disk full");
});

describe("while it runs", () => {
  test("the SDRs' state is looked at every ten minutes, and after every time that the BMC was down", async () => {
    const { bmc, clock } = await openKnownRack();
    await clock.advance(599_000);
    expect(bmc().countOf("stamp")).toBe(1);
    await clock.advance(21_000);
    expect(bmc().countOf("stamp")).toBe(2);
    bmc().failure = () => timeout();
    await clock.advance(20_000);
    bmc().failure = undefined;
    await clock.advance(5000);
    expect(bmc().countOf("stamp")).toBe(3);
    expect(bmc().countOf("sdrs")).toBe(1);
  });

  test("a BMC that vanishes while it is read keeps the sensors that it had, until it comes back with others", async () => {
    const rack = await openKnownRack();
    const { clock, backend } = rack;
    rack.bmc().stamp = "2";
    rack.bmc().records = [sdr({ number: 2, name: "Inlet" })];
    rack.bmc().failure = (what) => (what === "sdrs" ? timeout() : undefined);
    await clock.advance(620_000);
    expect(rack.bmc().countOf("sdrs")).toBeGreaterThan(1);
    expect(rack.events.lines).toContain("bmc 1 down: No answer came within 4 s");
    expect(await sensorsOf(rack)).toEqual(["1 temperature CPU Temp", "10 fan_speed Fan"]);
    rack.bmc().failure = undefined;
    await clock.advance(61_000);
    expect(await sensorsOf(rack)).toEqual(["2 temperature Inlet"]);
    const gone = { kind: "read", board, device: deviceId(1), type: "temperature" } as const;
    expect((await deviceErrorOf(backend.execute(gone, context), "unsupported")).message).toBe(
      "There is no device 0001 on board 40000001 (bmc 1).",
    );
  });

  test.each([
    // At the start, after 20, 40, 80, 160 and 320 s, then every 600 s.
    ["sdrs", 10],
    // Whenever the SDRs are looked at.
    ["fru", 6],
  ])(
    "a BMC that answers, but nothing to %s, is asked for that seldom, and not taken for dead each time",
    async (silent, times) => {
      const rack = await openKnownRack({
        prepare: (bmc) => void (bmc.failure = (what) => (what === silent ? timeout() : undefined)),
      });
      await rack.clock.advance(3_600_000);
      expect(rack.bmc().countOf(silent)).toBe(times);
      expect(rack.events.lines.filter((line) => line.includes("down: ")).length).toBe(times);
    },
  );

  test("a BMC that says that it is being updated is looked at again soon", async () => {
    const { bmc, clock } = await openKnownRack({
      prepare: (each) => void (each.deviceId = { ...each.deviceId, isUpdating: true }),
    });
    bmc().stamp = "2";
    bmc().deviceId = { ...bmc().deviceId, isUpdating: false };
    await clock.advance(20_000);
    expect(bmc().countOf("sdrs")).toBe(2);
    await clock.advance(500_000);
    expect(bmc().countOf("stamp")).toBe(2);
  });
});

describe("a BMC that is down at the start", () => {
  test("is not lost: it is listed, and its sensors appear when it answers", async () => {
    const rack = openRack({ prepare: (bmc) => void (bmc.isSilent = true) });
    await rack.clock.advance(100_000);
    expect(await sensorsOf(rack)).toEqual([]);
    expect(rack.backend.health()).toEqual([
      { name: "bmc 1", board, state: "down", sinceMs: expect.any(Number), lastError: "No answer came within 4 s" },
    ]);
    rack.bmc().isSilent = false;
    await rack.clock.advance(61_000);
    expect(await sensorsOf(rack)).toHaveLength(2);
    expect(rack.backend.health()[0]?.state).toBe("up");
    expect(rack.events.lines.at(0)).toBe("bmc 1 down: No answer came within 4 s");
  });
});

test("of 200 BMCs of which 50 are dead, the live ones are discovered, read and kept alive as if those were not there", async () => {
  const definitions = Array.from({ length: 200 }, (_, index) => definitionOf(index + 1));
  const rack = openRack({
    definitions,
    prepare(bmc, { host }) {
      bmc.delayMs = 3;
      bmc.isSilent = isDead(Number(host.split(".").at(-1)));
    },
  });
  const { clock, backend } = rack;
  const startMs = clock.wallMs();
  // Four questions of three milliseconds each.
  await clock.advance(12);
  const live = definitions.filter((_, index) => !isDead(index + 1));
  expect(live).toHaveLength(150);
  for (const { board: id } of live) expect(await sensorsOf(rack, id)).toHaveLength(2);

  // Everything that can be read is read, at once, while those that are dead are being waited for.
  const reads = definitions.map(({ board: id }) =>
    backend.execute({ kind: "read", board: id, device: deviceId(1), type: "temperature" }, context).then(
      ({ takenAtMs }) => takenAtMs - startMs,
      () => undefined,
    ),
  );
  await clock.advance(3);
  const liveReads = reads.filter((_, index) => !isDead(index + 1));
  expect(new Set(await Promise.all(liveReads))).toEqual(new Set([15]));

  await clock.advance(120_000);
  await Promise.all(reads);
  const signs = live.map((_, index) =>
    rack.bmc([1, 2, 3][index % 3]! + 4 * Math.floor(index / 3)).countOf("device-id"),
  );
  // At the start, and every 20 s of silence since.
  expect(new Set(signs)).toEqual(new Set([6]));
  const states = backend.health().map(({ state }) => state);
  expect(states.filter((state) => state === "down")).toHaveLength(50);
  expect(states.filter((state) => state === "up")).toHaveLength(150);
  await clock.until(backend.close());
  await clock.advance(TIMEOUT_MS);
  expect(clock.timers).toBe(0);
});
