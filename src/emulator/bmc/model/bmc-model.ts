import type { BmcDescription } from "../file/bmc-shape.ts";
import { Agenda } from "./agenda.ts";
import { BootOptions } from "./boot-options.ts";
import { Chassis } from "./chassis.ts";
import { DcmiSettings } from "./dcmi-settings.ts";
import { EventLog } from "./event-log.ts";
import { FaultScript } from "./fault-script.ts";
import { FruMemory } from "./fru-memory.ts";
import { Happenings } from "./happenings.ts";
import { IdentifyLight } from "./identify-light.ts";
import { LanSettings } from "./lan-settings.ts";
import { MovingValue, type Surroundings } from "./moving-value.ts";
import { PowerMeter } from "./power-meter.ts";
import { SdrRepository } from "./sdr-repository.ts";
import { SelClock } from "./sel-clock.ts";
import { fillLog } from "./sel-entries.ts";
import { Sensors } from "./sensors.ts";
import { Users } from "./users.ts";
import { Watchdog } from "./watchdog.ts";

/** Looks at the sensors that are made up for at most, after nobody has asked anything for a long time. */
const MOST_SCANS = 2000;

/** The hardware of an emulated BMC and all that it remembers, without sessions and commands. */
export class BmcModel {
  readonly description: BmcDescription;
  readonly agenda: Agenda;
  readonly clock: SelClock;
  readonly log: EventLog;
  readonly chassis: Chassis;
  readonly identify: IdentifyLight;
  readonly bootOptions: BootOptions;
  readonly watchdog: Watchdog;
  readonly sensors: Sensors;
  readonly sdrs: SdrRepository;
  readonly frus: ReadonlyMap<number, FruMemory>;
  readonly meter: PowerMeter;
  readonly users: Users;
  readonly faults: FaultScript;
  readonly lan: LanSettings;
  readonly dcmi: DcmiSettings;
  readonly happenings: Happenings;
  /** When measuring of power began. */
  readonly startMs: number;
  /** The BMC's time when the SDRs were made. */
  readonly startSeconds: number;
  readonly #load: MovingValue;
  #scannedMs: number;

  /** `nowMs` is of a clock that never jumps, `wallMs` the time of day. */
  constructor(description: BmcDescription, nowMs: number, wallMs: number) {
    this.description = description;
    this.agenda = new Agenda(nowMs);
    this.startMs = this.#scannedMs = nowMs;
    this.clock = new SelClock(this.agenda, wallMs);
    this.startSeconds = this.clock.seconds;
    this.log = new EventLog(description.sel.capacity, this.clock);
    this.chassis = new Chassis(description.chassis, this.agenda, (event) => {
      this.#settle();
      this.happenings.power(event);
    });
    this.identify = new IdentifyLight(this.agenda);
    this.bootOptions = new BootOptions(this.agenda, description.quirks.bootFlagsKept);
    this.watchdog = new Watchdog(this.agenda, (expiry) => this.happenings.watchdogExpired(expiry));
    this.#load = new MovingValue(description.load, description.seed, { nowMs, isOn: this.chassis.isOn });
    this.sensors = new Sensors(description, this.surroundings, (event) => this.log.add(event));
    this.sdrs = new SdrRepository(description, this.sensors.analog);
    this.frus = new Map(
      description.frus.map((fru) => [fru.id, new FruMemory(fru, description.quirks.damagedFrus.includes(fru.id))]),
    );
    this.meter = new PowerMeter(() => this.surroundings.watts);
    this.users = new Users(description.users, description.quirks.passwordBytes);
    this.faults = new FaultScript(this.agenda, description.faults);
    this.lan = new LanSettings(description);
    this.dcmi = new DcmiSettings(description);
    this.happenings = new Happenings(this);
    fillLog(this.log, description);
  }

  /** What the sensors depend on, now. */
  get surroundings(): Surroundings {
    const { idleW, fullW, offW } = this.description.power;
    const { nowMs } = this.agenda;
    const { isOn } = this.chassis;
    const wanted = this.#load.at({ nowMs, isOn, load: 0, watts: 0, wattsWhenOn: 0 }) ?? 0;
    const load = Math.min(1, Math.max(0, wanted));
    const wattsWhenOn = idleW + (fullW - idleW) * load;
    return { nowMs, isOn, load, watts: isOn ? wattsWhenOn : offW, wattsWhenOn };
  }

  /** Lets everything happen that was to happen until now, in its order. */
  advance(nowMs: number): void {
    const intervalMs = this.description.scanIntervalS * 1000;
    const elapsedMs = nowMs - this.#scannedMs;
    const stepMs = Math.max(intervalMs, elapsedMs / MOST_SCANS);
    for (let atMs = this.#scannedMs + stepMs; atMs <= nowMs; atMs += stepMs) {
      this.agenda.runUntil(atMs);
      this.#scan();
      this.#scannedMs = atMs;
    }
    this.agenda.runUntil(nowMs);
  }

  /** Brings what lags to where it was when the power was switched. */
  #settle(): void {
    for (const sensor of this.sensors.analog) sensor.read(this.surroundings);
  }

  #scan(): void {
    this.meter.sample();
    this.sensors.scan(this.surroundings);
  }
}
