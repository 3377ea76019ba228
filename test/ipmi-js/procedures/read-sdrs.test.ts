import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { DeviceId } from "../../../src/ipmi-js/commands/device.ts";
import {
  getDeviceSdr,
  getDeviceSdrInfo,
  getSdr,
  getSdrRepositoryInfo,
  reserveDeviceSdrRepository,
  reserveSdrRepository,
} from "../../../src/ipmi-js/commands/sdr.ts";
import { IpmiError } from "../../../src/ipmi-js/errors.ts";
import { readSdrs, sdrStampOf } from "../../../src/ipmi-js/procedures/read-sdrs.ts";
import { ipmiFailureOf } from "../../support/ipmi-failure.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { Refusal, ScriptedRequester } from "../../support/scripted-requester.ts";
import { repositoryRecords } from "../decoded-fixtures.ts";
import { FakeRepository } from "./fake-repository.ts";

/** Records of all types. */
const records = repositoryRecords();
const idOf = (record: Uint8Array) => record[0]! | (record[1]! << 8);

const device: DeviceId = {
  deviceId: 32,
  hasDeviceSdrs: false,
  deviceRevision: 1,
  isUpdating: false,
  firmwareMajor: 1,
  firmwareMinor: 0,
  ipmiVersion: "2.0",
  isChassisDevice: true,
  isBridge: false,
  isEventGenerator: true,
  isEventReceiver: true,
  hasFru: true,
  hasSel: true,
  hasSdrRepository: true,
  hasSensors: true,
  manufacturerId: 32_473,
  productId: 1,
  auxiliaryFirmware: undefined,
};

const hexOf = (all: readonly Uint8Array[]) => all.map((bytes) => bytes.toHex());

test("the repository has what the tests below need", () => {
  expect(records.length).toBe(53);
  expect(new Set(records.map((record) => record[3]!))).toEqual(new Set([0x01, 0x02, 0x03, 0x11, 0x12, 0xc0]));
});

describe("all records are read from BMCs that", () => {
  test("send a whole record at once, in two reads at most for each", async () => {
    const bmc = new FakeRepository(records);
    const { raw, problems, source } = await readSdrs(bmc, device);
    expect(hexOf(raw)).toEqual(hexOf(records));
    expect(problems).toEqual([]);
    expect(source).toMatchObject({ kind: "repository", records: 53 });
    expect(bmc.count(getSdr)).toBeLessThanOrEqual(2 * records.length);
    expect(bmc.count(reserveSdrRepository)).toBe(1);
  });

  test.each([0xca, 0xc8, 0xc7, 0xff])("send little at once, and say %p of more", async (tooMuch) => {
    for (const limit of [33, 32, 24, 20, 16, 15, 10, 8]) {
      const bmc = new FakeRepository(records, { limit, tooMuch });
      const { raw, problems } = await readSdrs(bmc, device);
      expect([limit, ...hexOf(raw)]).toEqual([limit, ...hexOf(records)]);
      expect(problems).toEqual([]);
      // What a BMC can take is found out once, and not for each record.
      expect(bmc.count(getSdr)).toBeLessThan(10 + records.length * (2 + 60 / Math.min(limit, 8)));
    }
  });

  test.each([0xc8, 0xc9, 0xca, 0xcc, 0xff])("refuse to read beyond a record's end, with %p", async (beyondEnd) => {
    for (const limit of [33, 20]) {
      const bmc = new FakeRepository(records, { limit, beyondEnd });
      const { raw, problems } = await readSdrs(bmc, device);
      expect(hexOf(raw)).toEqual(hexOf(records));
      expect(problems).toEqual([]);
    }
  });

  test("send more than they were asked for, or than the record has", async () => {
    for (const surplus of [1, 6, 40]) {
      const { raw } = await readSdrs(new FakeRepository(records, { limit: 33, surplus }), device);
      expect(hexOf(raw)).toEqual(hexOf(records));
    }
  });

  test("have no reservations", async () => {
    for (const refusesReserve of [0xc1, 0xd6]) {
      const bmc = new FakeRepository(records, { limit: 33, refusesReserve });
      const { raw, problems } = await readSdrs(bmc, device);
      expect(hexOf(raw)).toEqual(hexOf(records));
      expect(problems).toEqual([]);
      expect(
        bmc.asked.filter(({ name }) => name === getSdr.name).every(({ data }) => data[0] === 0 && data[1] === 0),
      ).toBeTrue();
    }
  });
});

describe("another client that reads, too", () => {
  test("costs the record that was under way", async () => {
    const bmc = new FakeRepository(records, { limit: 16, cancelledBefore: (read) => read % 40 === 7 });
    const { raw, problems } = await readSdrs(bmc, device, { clock: new ManualClock() });
    expect(hexOf(raw)).toEqual(hexOf(records));
    expect(problems).toEqual([]);
    expect(bmc.count(reserveSdrRepository)).toBeGreaterThan(3);
  });

  test("is given time, by pauses of random length", async () => {
    const clock = new ManualClock();
    let cancelled = 0;
    const bmc = new FakeRepository(records, { limit: 16, cancelledBefore: () => cancelled++ < 5 });
    const reading = readSdrs(bmc, device, { clock, random: () => 0.5 });
    expect((await clock.until(reading)).problems).toEqual([]);
    // The first is tried again at once; the pauses behind are half of 20, 40, 80 and 160 ms.
    expect(clock.monotonicMs()).toBe(150);
  });

  test("and never ends: an error, in the end", async () => {
    const clock = new ManualClock();
    const bmc = new FakeRepository(records, { limit: 16, cancelledBefore: () => true });
    const failure = await ipmiFailureOf(clock.until(readSdrs(bmc, device, { clock })), "completion-code");
    expect(failure.detail.completionCode).toBe(0xc5);
    expect(bmc.count(getSdr)).toBeLessThan(20);
  });

  test("pauses end at once when the caller gives up", async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const bmc = new FakeRepository(records, { limit: 16, cancelledBefore: () => true });
    const reading = readSdrs(bmc, device, { clock, random: () => 1, signal: abort.signal });
    const failure = ipmiFailureOf(reading, "cancelled");
    await clock.advance(30);
    abort.abort();
    await failure;
    expect(clock.timers).toBe(0);
  });
});

describe("broken repositories", () => {
  test.each([
    ["itself", () => 3],
    ["an earlier one", (position: number) => (position === 5 ? 2 : position + 1)],
    ["the first, asked for as 0", (position: number) => (position === 5 ? 0 : position + 1)],
  ])("a record that is followed by %s ends the chain", async (_, following) => {
    const { raw, problems } = await readSdrs(new FakeRepository(records, { following }), device);
    expect(problems).toEqual([expect.stringContaining("leads from record")]);
    expect(raw.length).toBeLessThanOrEqual(6);
  });

  test("a chain that never ends is given up", async () => {
    const endless = new FakeRepository(records);
    let last = 0;
    endless.on(getSdr, ({ recordId }) => {
      last = recordId;
      const header = Uint8Array.of(recordId & 0xff, recordId >> 8, 0x51, 0xc0, 3, 1, 2, 3);
      return { nextRecordId: recordId + 1, data: header };
    });
    const { problems } = await readSdrs(endless, device);
    expect(problems).toHaveLength(1);
    expect(last).toBeLessThan(5000);
  });

  test("a record that cannot be read ends it, and those before are there", async () => {
    const bmc = new FakeRepository(records, { refuses: (position) => (position === 9 ? 0xcb : undefined) });
    const { raw, problems, isComplete } = await readSdrs(bmc, device);
    expect(isComplete).toBe(false);
    expect(hexOf(raw)).toEqual(hexOf(records.slice(0, 9)));
    expect(problems).toEqual([expect.stringMatching(/^SDR 000Ah cannot be read: .*CBh/)]);
  });

  test("records that cannot be understood keep nobody else from it", async () => {
    const lying = records.map((record, position) => (position === 4 ? record.slice(0, 20) : record));
    const bmc = new FakeRepository(lying, { limit: 33 });
    const { records: understood, raw, problems, isComplete } = await readSdrs(bmc, device);
    expect(raw).toHaveLength(records.length);
    expect(understood).toHaveLength(records.length - 1);
    expect(problems).toEqual([expect.stringContaining("SDR 0005h")]);
    // Reading them once more would bring the same.
    expect(isComplete).toBe(true);
  });

  test("an empty one has no records, and no problem", async () => {
    expect(await readSdrs(new FakeRepository([]), device)).toMatchObject({
      records: [],
      problems: [],
      isComplete: true,
    });
  });

  test("one that refuses its first record throws", async () => {
    const bmc = new FakeRepository(records, { refuses: () => 0xd4 });
    const failure = await ipmiFailureOf(readSdrs(bmc, device), "completion-code");
    expect(failure.message).toContain("insufficient privilege");
  });

  test("one that is being updated is waited for", async () => {
    const clock = new ManualClock();
    let refusals = 3;
    const bmc = new FakeRepository(records, { refuses: () => (refusals-- > 0 ? 0xd0 : undefined) });
    expect(await clock.until(readSdrs(bmc, device, { clock }))).toMatchObject({ problems: [] });
    expect(clock.monotonicMs()).toBe(900);
  });

  test("one that changed meanwhile is read again, and one that always does is said to", async () => {
    let reads = 0;
    const once: FakeRepository = new FakeRepository(records, {
      cancelledBefore: () => {
        if (++reads === 20) once.lastAddition++;
        return false;
      },
    });
    expect((await readSdrs(once, device)).problems).toEqual([]);
    expect(once.count(getSdr)).toBeGreaterThan(2 * records.length);
    const always: FakeRepository = new FakeRepository(records, {
      cancelledBefore: () => {
        always.lastAddition++;
        return false;
      },
    });
    const { raw, problems, isComplete } = await readSdrs(always, device);
    expect(isComplete).toBe(false);
    expect(raw).toHaveLength(records.length);
    expect(problems).toEqual(["The SDRs changed each of 3 times while they were read."]);
  });

  test("any bytes for answers: an end without anything but IpmiError", async () => {
    const answer = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom(0xc0, 0xc5, 0xc8, 0xca, 0xcb, 0xff).map((code) => new Refusal(code)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 60 }), async (answers) => {
        const bmc = new FakeRepository(records);
        bmc.onBytes(getSdr, () => answers[bmc.count(getSdr) % answers.length] ?? new Refusal(0xff));
        const clock = new ManualClock();
        try {
          const { raw } = await clock.until(readSdrs(bmc, device, { clock }));
          expect(raw.length).toBeLessThanOrEqual(4096);
        } catch (error) {
          expect(error).toBeInstanceOf(IpmiError);
        }
      }),
      { numRuns: 150 },
    );
  });
});

/** A BMC with two records on LUN 0, and where it says so, two on LUN 1, one of them the same. */
function withDevice(lun1: boolean, isDynamic = false): ScriptedRequester {
  const bmc = new ScriptedRequester();
  const own = [records[20]!, records[21]!];
  const others = [records[21]!, records[22]!];
  bmc.on(getDeviceSdrInfo, () => ({
    count: 3,
    hasLun0Sensors: true,
    hasLun1Sensors: lun1,
    hasLun2Sensors: false,
    hasLun3Sensors: true,
    isDynamic,
    populationChange: isDynamic ? 7 : undefined,
  }));
  bmc.on(getDeviceSdr, ({ recordId, offset, count }, { lun }) => {
    if (lun === 3) return new Refusal(0xc2);
    const all = lun === 1 ? others : own;
    const position = recordId === 0 ? 0 : all.findIndex((record) => idOf(record) === recordId);
    const next = all[position + 1];
    return { nextRecordId: next ? idOf(next) : 0xffff, data: all[position]!.slice(offset, offset + count) };
  });
  return bmc;
}

describe("device SDRs", () => {
  test("are read where there is no repository, from all LUNs that have sensors, the same one once", async () => {
    const bmc = withDevice(true);
    const read = await readSdrs(bmc, { ...device, hasSdrRepository: false, hasDeviceSdrs: true });
    expect(hexOf(read.raw)).toEqual(hexOf([records[20]!, records[21]!, records[22]!]));
    expect(read.source.kind).toBe("device");
    expect(bmc.count(reserveDeviceSdrRepository)).toBe(3);
    expect(bmc.count(getSdrRepositoryInfo)).toBe(0);
  });

  test("and where the device says that there is a repository, and there is none", async () => {
    const { raw } = await readSdrs(withDevice(false), device);
    expect(raw).toHaveLength(2);
  });

  test("nowhere: no records", async () => {
    expect(await readSdrs(new ScriptedRequester(), device)).toMatchObject({ source: { kind: "none" }, records: [] });
  });

  test("a stamp tells when they may be others", async () => {
    const dynamic = await readSdrs(withDevice(false, true), { ...device, hasSdrRepository: false });
    expect(sdrStampOf(dynamic.source)).toBe("device 3 population 7");
    const before = await readSdrs(new FakeRepository(records), device);
    const changed = new FakeRepository(records);
    changed.lastAddition = 2000;
    expect(sdrStampOf((await readSdrs(changed, device)).source)).not.toBe(sdrStampOf(before.source));
  });
});
