import { describe, expect, test } from "bun:test";
import { getFruInventoryAreaInfo, readFruData } from "../../../src/ipmi-js/commands/fru-commands.ts";
import { encodeFru } from "../../../src/ipmi-js/fru/encode-fru.ts";
import { readFru, readFruImage, readFruInventory } from "../../../src/ipmi-js/procedures/read-fru.ts";
import { decodeSdrs } from "../../../src/ipmi-js/procedures/read-sdrs.ts";
import { ipmiFailureOf } from "../../support/ipmi-failure.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { Refusal, ScriptedRequester } from "../../support/scripted-requester.ts";
import { repositoryRecords } from "../decoded-fixtures.ts";
import { richFru } from "../fru/fru-samples.ts";

const image = encodeFru(richFru);

interface FruManners {
  readonly sizeBytes?: number;
  readonly isByWords?: boolean;
  readonly limit?: number;
  readonly tooMuch?: number;
  /** Says this of the nth read. */
  readonly refuses?: (read: number) => number | undefined;
}

/** A BMC with one FRU device, `image` at its beginning. */
function bmcWithFru(manners: FruManners = {}): ScriptedRequester {
  const { sizeBytes = 2048, isByWords = false, limit = 255, tooMuch = 0xc8 } = manners;
  const memory = new Uint8Array(sizeBytes).fill(0xff);
  memory.set(image.subarray(0, sizeBytes));
  const unit = isByWords ? 2 : 1;
  let reads = 0;
  return new ScriptedRequester()
    .on(getFruInventoryAreaInfo, ({ fru }) => (fru === 0 ? { sizeBytes, isByWords } : new Refusal(0xcb)))
    .on(readFruData, ({ offset, count }) => {
      const refusal = manners.refuses?.(++reads);
      if (refusal !== undefined) return new Refusal(refusal);
      if (count * unit > limit) return new Refusal(tooMuch);
      if (offset * unit >= sizeBytes) return new Refusal(0xc9);
      const data = memory.slice(offset * unit, (offset + count) * unit);
      return { count: data.length / unit, data };
    });
}

describe("a FRU device is read from BMCs that", () => {
  test("send 32 bytes at once: as many as its areas have, of a device of 2 KiB", async () => {
    const bmc = bmcWithFru();
    expect(await readFru(bmc)).toEqual({ ...richFru, problems: [] });
    expect(bmc.count(readFruData)).toBe(Math.ceil(image.length / 32));
  });

  test.each([0xc7, 0xc8, 0xca, 0xff])("send less, and say %p of more", async (tooMuch) => {
    for (const limit of [31, 24, 16, 8]) {
      const bmc = bmcWithFru({ limit, tooMuch });
      expect(await readFru(bmc)).toEqual({ ...richFru, problems: [] });
      expect(bmc.count(readFruData)).toBeLessThan(4 + (image.length + 32) / 8);
    }
  });

  test("count in words", async () => {
    const bmc = bmcWithFru({ isByWords: true, limit: 20 });
    expect(await readFru(bmc)).toEqual({ ...richFru, problems: [] });
    // 16 bytes from byte 16 on: 8 words from word 8 on.
    expect(bmc.asked.map(({ data }) => data.toHex())).toContain("00080008");
  });

  test("have the device in use for a moment, but not for ever", async () => {
    const clock = new ManualClock();
    const once = bmcWithFru({ refuses: (read) => (read === 2 ? 0x81 : undefined) });
    expect(await clock.until(readFru(once, 0, { clock }))).toMatchObject({ problems: [] });
    expect(clock.monotonicMs()).toBe(100);
    const always = bmcWithFru({ refuses: () => 0x81 });
    const failure = await ipmiFailureOf(clock.until(readFru(always, 0, { clock })), "completion-code");
    expect(failure.message).toContain("FRU device busy");
  });
});

test("what was read before a failure is delivered, and the failure told", async () => {
  const inventory = await readFru(bmcWithFru({ refuses: (read) => (read > 2 ? 0xd5 : undefined) }));
  expect(inventory.chassis).toEqual(richFru.chassis);
  expect(inventory.problems[0]).toMatchObject({ area: "header", offset: 64, what: "reading", expected: "2048 bytes" });
  expect(inventory.problems[0]?.found).toContain("not supported in the present state");
});

test("a device that is larger than the BMC says is read as far as it says", async () => {
  const { bytes, failure } = await readFruImage(bmcWithFru({ sizeBytes: 100 }), 0);
  expect(bytes).toEqual(image.subarray(0, 100));
  expect(failure).toBeUndefined();
});

test("the whole device, where that is wanted", async () => {
  const { bytes } = await readFruImage(bmcWithFru(), 0, { wholeDevice: true });
  expect(bytes.length).toBe(2048);
  expect(bytes.subarray(image.length).every((byte) => byte === 0xff)).toBeTrue();
});

test("a BMC that answers reads with nothing", async () => {
  const bmc = bmcWithFru().onBytes(readFruData, () => Uint8Array.of(0));
  expect(await readFru(bmc)).toMatchObject({ problems: [{ area: "header", what: "header", found: "0 bytes" }] });
  expect(bmc.count(readFruData)).toBe(1);
});

test("a count that is not that of the data is not believed", async () => {
  const bmc = bmcWithFru();
  bmc.on(readFruData, ({ offset, count }) => ({ count: 255, data: image.slice(offset, offset + count) }));
  expect((await readFru(bmc)).chassis).toEqual(richFru.chassis);
});

test("no such device: an error that says so", async () => {
  const failure = await ipmiFailureOf(readFru(new ScriptedRequester(), 3), "completion-code");
  expect(failure.detail.completionCode).toBe(0xc1);
});

test("of all devices that locators name, one that is not there keeps none of the others", async () => {
  const { records } = decodeSdrs(repositoryRecords());
  const frus = await readFruInventory(bmcWithFru(), records);
  expect(frus.map(({ fru, name }) => [fru, name])).toEqual([
    [0, "Mainboard"],
    [1, "PSU0"],
  ]);
  expect(frus[0]?.inventory?.chassis).toEqual(richFru.chassis);
  expect(frus[1]?.inventory).toBeUndefined();
  expect(frus[1]?.failure?.detail.completionCode).toBe(0xcb);
});

test("device 0 is read where no locator names it, and those of other controllers over the bridge", async () => {
  const { records } = decodeSdrs(repositoryRecords());
  const locators = records.flatMap((record) =>
    record.kind === "fru-device-locator" && record.deviceId === 1
      ? [{ ...record, accessAddress: 0x82, channel: 6, deviceId: 0, accessLun: 2 }]
      : [],
  );
  const bmc = bmcWithFru();
  const frus = await readFruInventory(bmc, locators);
  expect(frus.map(({ name }) => name)).toEqual(["Builtin FRU Device", "PSU0"]);
  const [own, foreign] = bmc.asked.filter(({ name }) => name === getFruInventoryAreaInfo.name);
  expect(own?.options.target).toBeUndefined();
  expect(foreign?.options).toMatchObject({ target: { channel: 6, address: 0x82 }, lun: 2 });
});
