import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { hasIpmiSim, hasIpmitool, IPMI_SIM, startIpmiSim, startIpmiSimFleet, type IpmiSim } from "./ipmi-sim.ts";

async function ipmitool(sim: IpmiSim, ...words: readonly string[]): Promise<string> {
  const who = ["-H", sim.host, "-p", String(sim.port), "-U", "admin", "-P", sim.passwordOf("admin")];
  const child = Bun.spawn(["ipmitool", "-I", "lanplus", "-C", "3", ...who, ...words], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new Response(child.stdout).text();
}

/** A process that has ended may still be listed, without a command line, where its parent does not ask about it. */
function isRunning(pid: number): boolean {
  const path = `/proc/${pid}/cmdline`;
  return existsSync(path) && readFileSync(path, "utf8") !== "";
}

describe.skipIf(!hasIpmiSim || !hasIpmitool)(`simulated BMCs (need ${IPMI_SIM}, and ipmitool)`, () => {
  test("one answers, is switched, remembers, and leaves nothing", async () => {
    const sim = await startIpmiSim();
    expect(sim.expected.sensors.length).toBe(49);
    expect(await ipmitool(sim, "power", "status")).toBe("Chassis Power is on\n");
    await ipmitool(sim, "power", "off");
    expect(sim.chassisLog()).toEqual(["power 0"]);
    expect(sim.state("power")).toBe("0");
    await sim.restart();
    expect(await ipmitool(sim, "power", "status")).toBe("Chassis Power is off\n");
    sim.setPower(true);
    expect(await ipmitool(sim, "power", "status")).toBe("Chassis Power is on\n");
    sim.pause();
    const { pid, dir } = sim;
    await sim.close();
    expect(isRunning(pid)).toBeFalse();
    expect(existsSync(dir)).toBeFalse();
  });

  test("its console changes a reading", async () => {
    await using sim = await startIpmiSim();
    await sim.control("sensor_set_value 0x20 0 0x01 0x3b 1");
    expect(await ipmitool(sim, "sensor", "reading", "CPU0 Temp")).toContain("59");
    expect(sim.control("no_such_command")).rejects.toThrow("**");
  });

  test("IPv6", async () => {
    await using sim = await startIpmiSim({ address: "::1" });
    expect(await ipmitool(sim, "power", "status")).toBe("Chassis Power is on\n");
  });

  test("a fleet, with serial numbers of their own", async () => {
    const fleet = await startIpmiSimFleet(3, { options: ["clean"] });
    const serials = fleet.bmcs.map(({ expected }) => expected.fru["0"]?.product?.serial);
    expect(serials).toEqual(["SN00001", "SN00002", "SN00003"]);
    const answers = await Promise.all(fleet.bmcs.map((bmc) => ipmitool(bmc, "power", "status")));
    expect(answers).toEqual(Array.from({ length: 3 }, () => "Chassis Power is on\n"));
    await fleet.close();
    expect(fleet.bmcs.some(({ pid }) => isRunning(pid))).toBeFalse();
    expect(fleet.bmcs.some(({ dir }) => existsSync(dir))).toBeFalse();
  });

  test("a port that is taken is said so", async () => {
    await using sim = await startIpmiSim();
    expect(startIpmiSim({ port: sim.port })).rejects.toThrow("Address already in use");
  });

  test("a test that ends without closing leaves nothing", async () => {
    const script = `const { startIpmiSim } = await import("${join(import.meta.dirname, "ipmi-sim.ts")}");
      const { pid, dir } = await startIpmiSim(); console.log(pid, dir); process.exit(0);`;
    const child = Bun.spawn([process.execPath, "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    const [pid = "", dir = ""] = (await new Response(child.stdout).text()).trim().split(" ");
    await child.exited;
    expect(Number(pid)).toBeGreaterThan(1);
    expect(isRunning(Number(pid))).toBeFalse();
    expect(dir).not.toBe("");
    expect(existsSync(dir)).toBeFalse();
  });
});
