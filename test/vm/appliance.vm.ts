// The package on an arm64 machine in QEMU: a real kernel, systemd, a PL011 UART and a PL061 GPIO chip. `npm run test:vm`; two to five minutes.
// The checks share one machine and come in order: each goes on where the one before it left the machine.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Machine, missingPackages } from "./machine/machine.ts";
import { writePayload } from "./machine/payload.ts";
import { bootChecks } from "./boot-checks.ts";
import { certificateChecks } from "./certificate-checks.ts";
import { hardwareChecks } from "./hardware-checks.ts";
import { hatChecks } from "./hat-checks.ts";
import { lineChecks } from "./line-checks.ts";
import { serviceChecks } from "./service-checks.ts";

const STARTING_MS = 300_000;

// An emulated processor is slow, and two tests at once make it slower. What takes longer says so.
setDefaultTimeout(60_000);

const needs = missingPackages.length === 0 ? "" : ` (needs ${missingPackages.join(", ")})`;

describe.skipIf(missingPackages.length > 0)(`an arm64 machine${needs}`, () => {
  let folder: string;
  let machine: Machine | undefined;
  const there = (): Machine => {
    if (machine === undefined) throw new Error("the machine did not start");
    return machine;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "opendcre-payload-"));
    machine = await Machine.boot(await writePayload(folder));
    await machine.must("mkdir /opt/payload && tar -xf /dev/vdb -C /opt/payload");
  }, STARTING_MS);

  afterAll(async () => {
    await machine?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test("has booted Debian without a failed unit", async () => {
    expect(await there().must("uname -m; systemctl is-system-running --wait")).toBe("aarch64\nrunning");
  });

  describe("the package", () => bootChecks(there));
  describe("the service", () => serviceChecks(there));
  describe("certificates", () => certificateChecks(there));
  describe("the bus over the UART", () => lineChecks(there));
  describe("the power-line HAT", () => hatChecks(there));
  describe("the hardware", () => hardwareChecks(there));
});
