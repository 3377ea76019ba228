import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InventoryCache, type KeptInventory } from "../../src/ipmi/inventory-cache.ts";

let folder: string;
let damaged: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "opendcre-cache-"));
  damaged = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (directory = join(folder, "bmc")) =>
  new InventoryCache(directory, (path, { message }) => void damaged.push(`${path.slice(folder.length)}: ${message}`));

const kept: KeptInventory = {
  version: 1,
  firmware: "firmware 1.2",
  sdrStamp: "7",
  sdrs: ["AQID"],
  deviceIds: { "20.0.0.1": 1, "20.0.1.1": 0x1000 },
  asset: { board: { manufacturer: "Lanternworks" }, readAtMs: 5 },
  ignoresBootValidity: true,
};

test("what is saved is loaded, by another instance, for the same address alone", async () => {
  await open().save("192.0.2.1:623", kept);
  await open().save("192.0.2.2:623", { ...kept, sdrStamp: "8" });
  expect(await open().load("192.0.2.1:623")).toEqual(kept);
  expect(await open().load("192.0.2.2:623")).toMatchObject({ sdrStamp: "8" });
  expect(await open().load("192.0.2.3:623")).toBeUndefined();
  expect(damaged).toEqual([]);
});

test("any address makes a file in the folder, each its own", async () => {
  const addresses = ["fe80::1%eth0:623", "../../etc/passwd:623", "a*b:623", "a%2Ab:623", "BMC:623", ".:623"];
  for (const [index, address] of addresses.entries()) await open().save(address, { ...kept, sdrStamp: String(index) });
  expect(readdirSync(join(folder, "bmc"))).toHaveLength(addresses.length);
  for (const [index, address] of addresses.entries())
    expect(await open().load(address)).toMatchObject({ sdrStamp: String(index) });
  // Names of hosts count in either case.
  expect(await open().load("bmc:623")).toMatchObject({ sdrStamp: "4" });
});

test("of saves at the same time the last one stays, and nothing else", async () => {
  const cache = open();
  const stamps = Array.from({ length: 20 }, (_, index) => String(index));
  await Promise.all(stamps.map((sdrStamp) => cache.save("a:1", { ...kept, sdrStamp })));
  expect(await cache.load("a:1")).toMatchObject({ sdrStamp: "19" });
  expect(readdirSync(join(folder, "bmc"))).toEqual(["a%3A1.json"]);
});

describe("a file that cannot be used", () => {
  const contents = [
    "",
    "{",
    "null",
    "[]",
    "{}",
    JSON.stringify({ ...kept, version: 2 }),
    JSON.stringify({ ...kept, deviceIds: { a: 0x10000 } }),
    JSON.stringify({ ...kept, sdrs: [1] }),
    JSON.stringify({ ...kept, asset: { board: { manufacturer: 7 }, readAtMs: 5 } }),
    "\0".repeat(100),
  ];

  test.each(contents)("is told of, ignored, and written anew: %p", async (text) => {
    const path = join(folder, "bmc", "a%3A1.json");
    mkdirSync(join(folder, "bmc"));
    writeFileSync(path, text);
    expect(await open().load("a:1")).toBeUndefined();
    expect(damaged).toHaveLength(1);
    await open().save("a:1", kept);
    expect(await open().load("a:1")).toEqual(kept);
  });

  test("because it is a folder is told of, too", async () => {
    mkdirSync(join(folder, "bmc", "a%3A1.json"), { recursive: true });
    expect(await open().load("a:1")).toBeUndefined();
    expect(damaged).toHaveLength(1);
  });
});

test("what a power cut left of an earlier save is no hindrance", async () => {
  mkdirSync(join(folder, "bmc"));
  writeFileSync(join(folder, "bmc", "a%3A1.json.tmp"), "half of a fi");
  expect(await open().load("a:1")).toBeUndefined();
  await open().save("a:1", kept);
  expect(await open().load("a:1")).toEqual(kept);
  expect(readdirSync(join(folder, "bmc"))).toEqual(["a%3A1.json"]);
});

test("a save that fails leaves the old file as it was", async () => {
  const cache = open();
  await cache.save("a:1", kept);
  // A folder in the temporary file's place: it cannot be written, whoever runs the test.
  mkdirSync(join(folder, "bmc", "a%3A1.json.tmp", "in-the-way"), { recursive: true });
  expect(cache.save("a:1", { ...kept, sdrStamp: "9" })).rejects.toThrow();
  expect(await cache.load("a:1")).toEqual(kept);
});

test("files are for the service and its group alone", async () => {
  await open().save("a:1", kept);
  const path = join(folder, "bmc", "a%3A1.json");
  expect(existsSync(path)).toBe(true);
  const { mode } = await Bun.file(path).stat();
  expect(mode & 0o007).toBe(0);
  chmodSync(path, 0o600);
  expect(readFileSync(path, "utf8")).toContain("firmware 1.2");
});
