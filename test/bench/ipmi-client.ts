/** What ipmi-js does, as its users would have it: a session that is kept, and the sensors that the SDRs name. */
import { IpmiClient } from "../../src/ipmi-js/client/ipmi-client.ts";
import { getChassisStatus } from "../../src/ipmi-js/commands/chassis.ts";
import { readSdrs } from "../../src/ipmi-js/procedures/read-sdrs.ts";
import { SensorReader } from "../../src/ipmi-js/procedures/read-sensors.ts";
import { isReadable } from "../../src/ipmi-js/sensors/reading-of.ts";
import type { Sensor } from "../../src/ipmi-js/sensors/sensor.ts";
import { sensorsOf } from "../../src/ipmi-js/sensors/sensors-of.ts";
import type { IpmiSim } from "../support/ipmi-sim.ts";
import { BenchError } from "./http-client.ts";
import { SENSORS, USER } from "./ipmi-peers.ts";

/** Sensors of each simulated BMC, those that share a record counted one by one. */
export const READINGS = 50;

/** A BMC with an open session, and its sensors known. */
export class OurBmc {
  readonly #client: IpmiClient;
  readonly #reader: SensorReader;
  readonly #sensors: readonly Sensor[];

  private constructor(client: IpmiClient, sensors: readonly Sensor[]) {
    this.#client = client;
    this.#reader = new SensorReader(client);
    this.#sensors = sensors;
  }

  /** Opens a session and reads the SDRs. `at` is where the BMC is reached where that is not at its own port. */
  static async open(bmc: IpmiSim, at: Pick<IpmiSim, "host" | "port"> = bmc): Promise<OurBmc> {
    const { host, port } = at;
    // As the BMC file of a user says it; the peers are told the same suite.
    const client = new IpmiClient({ host, port, username: USER, password: bmc.passwordOf(USER), cipherSuite: 3 });
    const { records } = await readSdrs(client);
    const sensors = sensorsOf(records).filter(isReadable);
    if (new Set(sensors.map(({ recordId }) => recordId)).size !== SENSORS || sensors.length !== READINGS)
      throw new BenchError(`ipmi-js has found ${sensors.length} sensors of ${READINGS}`);
    return new OurBmc(client, sensors);
  }

  /** Reads all sensors, and hands back how many there are. One of them has no reading: it is not scanned. */
  async readAll(): Promise<number> {
    const readings = await this.#reader.readAll(this.#sensors);
    const without = readings.filter(({ reading }) => reading.kind === "unavailable");
    if (without.length !== 1) throw new BenchError(`ipmi-js has no reading of ${without.length} sensors instead of 1`);
    return readings.length;
  }

  /** Asks for the power status, which has to be the right one. */
  async askPower(isReallyOn: boolean): Promise<void> {
    const { isOn } = await this.#client.execute(getChassisStatus, {});
    if (isOn !== isReallyOn)
      throw new BenchError(`ipmi-js says that a BMC's power is ${isOn ? "on" : "off"}: it is not`);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

export const openAll = (bmcs: readonly IpmiSim[]): Promise<readonly OurBmc[]> =>
  Promise.all(bmcs.map((bmc) => OurBmc.open(bmc)));
