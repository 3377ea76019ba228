import type { LinkHealth } from "../devices/backend.ts";
import type { AssetInfo, BoardRecord, Command, DeviceRecord } from "../devices/command.ts";
import { DeviceError } from "../devices/errors.ts";
import { type BoardId, type DeviceId } from "../devices/ids.ts";
import { JobQueue, type Job } from "../devices/job-queue.ts";
import type { Measurement, PowerStatus, Reading } from "../devices/reading.ts";
import { Sharing } from "../devices/sharing.ts";
import type { Clock } from "../lib/clock.ts";
import type { Bmc } from "./bmc.ts";
import type { BmcDefinition } from "./bmc-definition.ts";
import { BmcDiscovery, type DiscoveryPolicy } from "./bmc-discovery.ts";
import { deviceErrorOf, detailOf, placeOf } from "./bmc-errors.ts";
import type { BmcEvents } from "./bmc-events.ts";
import { BmcInventory, type SensorDevice } from "./bmc-inventory.ts";
import { BmcLink, type LinkPolicy } from "./bmc-link.ts";
import { readBootTarget, setBootTarget } from "./boot-target.ts";
import { LED_DEVICE, POWER_DEVICE, SYSTEM_DEVICE } from "./device-ids.ts";
import { IdentifyLed } from "./identify-led.ts";
import { InputPower } from "./input-power.ts";
import type { InventoryStore } from "./inventory-cache.ts";
import { measurementOf } from "./measurements.ts";
import { powerStatusOf, switchPower, type SettlePolicy } from "./power.ts";
import { versionText } from "./version-text.ts";

/** What all boards of the back end have in common. */
export interface BmcBoardServices {
  readonly openBmc: (definition: BmcDefinition) => Bmc;
  readonly store: InventoryStore;
  readonly clock: Clock;
  /** From 0 up to, but not including, 1. */
  readonly random: () => number;
  readonly events: BmcEvents;
  readonly link: LinkPolicy;
  readonly discovery: DiscoveryPolicy;
  readonly settle: SettlePolicy;
  /** Commands that may wait for a BMC. */
  readonly queueLimit: number;
}

/** How long what is under way may take to end before its session is closed. */
const CLOSE_GRACE_MS = 2000;

/** One BMC as a board: what it has, whether it answers, and what it is asked, one thing at a time. */
export class BmcBoard {
  readonly definition: BmcDefinition;
  /** Its number: that of its definition, until the file gives it another. */
  board: BoardId;
  readonly #services: BmcBoardServices;
  readonly #bmc: Bmc;
  readonly #inventory = new BmcInventory();
  readonly #link: BmcLink;
  readonly #discovery: BmcDiscovery;
  readonly #queue: JobQueue;
  readonly #readings = new Sharing<Reading>();
  readonly #led: IdentifyLed;
  readonly #inputPower: InputPower;
  #record: BoardRecord | undefined;

  constructor(definition: BmcDefinition, services: BmcBoardServices) {
    const { clock, events, random, store } = services;
    const { name, host, port } = definition;
    this.definition = definition;
    this.board = definition.board;
    this.#services = services;
    this.#bmc = services.openBmc(definition);
    this.#queue = new JobQueue(services.queueLimit, clock, `BMC ${name}`);
    this.#link = new BmcLink({
      policy: services.link,
      clock,
      random,
      probe: () => this.#discovery.probe(),
      events: {
        up: () => events.up(name),
        down: (reason) => {
          this.#discovery.doubt();
          this.#inputPower.doubt();
          events.down(name, reason);
        },
        stillDown: (reason, nextMs) => events.stillDown(name, reason, nextMs),
      },
    });
    this.#discovery = new BmcDiscovery({
      bmc: this.#bmc,
      inventory: this.#inventory,
      store,
      name,
      address: `${host}:${port}`,
      clock,
      policy: services.discovery,
      events,
      watch: (asked) => this.#link.watch(asked),
    });
    this.#led = new IdentifyLed({
      bmc: this.#bmc,
      clock,
      queue: (run) => this.#queue.submit({ priority: "control", run: () => this.#link.watch(run()) }, neverAborted),
      renewalFailed: (reason) => events.failed(name, "keeping its identify LED on", reason),
    });
    this.#inputPower = new InputPower(this.#bmc, this.#inventory, clock);
  }

  /** Takes what is known from an earlier life, then asks the BMC itself. Returns at once. */
  start(): void {
    void this.#discovery.restore().then(() => this.#link.start());
  }

  /** Refuses what waits and what comes, lets what is under way end if that does not take long, closes the session. */
  async close(): Promise<void> {
    this.#link.close();
    this.#led.close();
    const idle = this.#queue.close();
    const outOfPatience = Promise.withResolvers<void>();
    const patience = this.#services.clock.after(CLOSE_GRACE_MS, outOfPatience.resolve);
    await Promise.race([idle, outOfPatience.promise]);
    patience.cancel();
    await Promise.all([this.#bmc.close(), this.#discovery.saved]);
  }

  get health(): LinkHealth {
    return { name: this.definition.name, board: this.board, ...this.#link.health };
  }

  /** As a scan lists it; the same object until something changes. */
  get record(): BoardRecord {
    const { listed } = this.#inventory;
    if (this.#record?.devices !== listed || this.#record.id !== this.board)
      this.#record = { id: this.board, devices: listed };
    return this.#record;
  }

  version(command: Command<"version">, signal: AbortSignal): Promise<string> {
    return this.#ask("read", "firmware version of", command, signal, async () =>
      versionText(await this.#bmc.getDeviceId()),
    );
  }

  async read(command: Command<"read">, signal: AbortSignal): Promise<Reading> {
    const { device, type } = command;
    const what = `read of ${type} from`;
    if (type === "led" && (device === LED_DEVICE || device === SYSTEM_DEVICE))
      return this.#ask("read", what, command, signal, async () => this.#ledReading(await this.#led.read()));
    this.#sensorDevice(command);
    // Sensors are told apart by their devices: whoever waits for the same one gets the same reading.
    return this.#readings.join(`${device} ${type}`, signal, (ownSignal, begun) =>
      this.#ask("read", what, command, ownSignal, async () => {
        begun();
        // Looked up now: the BMC may have come back with other sensors.
        return this.#readSensor(this.#sensorDevice(command), command);
      }),
    );
  }

  power(command: Command<"power">, signal: AbortSignal): Promise<PowerStatus> {
    this.#requireDevice(command, [POWER_DEVICE], "power");
    const { action } = command;
    if (action === "status") {
      return this.#ask("read", "power status of", command, signal, async () =>
        powerStatusOf(await this.#bmc.getChassisStatus(), await this.#inputPower.read()),
      );
    }
    return this.#ask("control", `power ${action} of`, command, signal, async () => {
      const status = await switchPower(this.#bmc, action, this.#services.clock, this.#services.settle);
      return powerStatusOf(status, await this.#inputPower.read());
    });
  }

  led(command: Command<"led">, signal: AbortSignal): Promise<Reading> {
    this.#requireDevice(command, [LED_DEVICE, SYSTEM_DEVICE], "led");
    return this.#ask("control", `switching ${command.on ? "on" : "off"} of the LED of`, command, signal, async () =>
      this.#ledReading(await this.#led.set(command.on)),
    );
  }

  async asset(command: Command<"asset">, signal: AbortSignal): Promise<AssetInfo> {
    this.#requireDevice(command, [SYSTEM_DEVICE], "system");
    if (!this.#inventory.asset)
      await this.#ask("read", "read of asset data from", command, signal, () => this.#discovery.readAsset());
    return { address: this.definition.host, ...this.#inventory.asset };
  }

  bootTarget(command: Command<"boot-target">, signal: AbortSignal) {
    this.#requireDevice(command, [SYSTEM_DEVICE], "system");
    const { target } = command;
    if (target === undefined)
      return this.#ask("read", "read of the boot target of", command, signal, () =>
        readBootTarget(this.#bmc, this.#inventory),
      );
    return this.#ask("control", `setting of the boot target ${target} of`, command, signal, async () => {
      const ignored = this.#inventory.ignoresBootValidity;
      const found = await setBootTarget(this.#bmc, target, this.#inventory);
      if (ignored !== this.#inventory.ignoresBootValidity) await this.#discovery.save();
      return found;
    });
  }

  /** Asks the BMC when the command's turn comes. Everything that goes wrong is a DeviceError that names the command's place. */
  async #ask<T>(
    priority: Job<T>["priority"],
    what: string,
    command: Command,
    signal: AbortSignal,
    run: () => Promise<T>,
  ): Promise<T> {
    const askedMs = this.#services.clock.monotonicMs();
    try {
      return await this.#queue.submit({ priority, run: () => this.#unlessSilent(askedMs, run) }, signal);
    } catch (error) {
      throw deviceErrorOf(error, what, command, this.definition.name);
    }
  }

  /** A command that was waiting when the BMC turned out to be silent does not wait for that itself, nor does one log in where nobody is let in. */
  #unlessSilent<T>(askedMs: number, run: () => Promise<T>): Promise<T> {
    const silence = this.#link.failureSince(askedMs) ?? this.#link.lockedOut;
    return silence ? Promise.reject(silence) : this.#link.watch(run());
  }

  async #readSensor({ sensor }: SensorDevice, command: Command<"read">): Promise<Reading> {
    const reading = await this.#bmc.readSensor(sensor);
    if (reading.kind === "analog") return this.#reading(measurementOf(reading.value, reading.unit));
    const why = reading.kind === "unavailable" ? reading.reason.replaceAll("-", " ") : "it has states and no value";
    const message = `The sensor ${JSON.stringify(sensor.name)}, ${placeOf(command, this.definition.name)}, has no reading: ${why}.`;
    throw new DeviceError("bad-value", message, { ...detailOf(command), expected: "a reading", received: why });
  }

  #ledReading(isOn: boolean): Reading {
    return this.#reading({ kind: "led", on: isOn, colour: "unknown" });
  }

  #reading(measurement: Measurement): Reading {
    return { measurement, takenAtMs: this.#services.clock.wallMs(), quality: "good" };
  }

  #sensorDevice(command: Command<"read">): SensorDevice {
    const found = this.#inventory.sensors.get(command.device);
    if (found?.type === command.type) return found;
    throw this.#noSuchDevice(command, command.type);
  }

  #requireDevice(
    command: Command<"power" | "led" | "asset" | "boot-target">,
    devices: readonly DeviceId[],
    type: string,
  ) {
    if (!devices.includes(command.device)) throw this.#noSuchDevice(command, type);
  }

  /** That the device is of another type, or not there, or not known yet. */
  #noSuchDevice(command: Command & { readonly device: DeviceId }, type: string): DeviceError {
    const place = placeOf(command, this.definition.name);
    const is = this.#inventory.listed.find(({ id }: DeviceRecord) => id === command.device);
    const detail = { ...detailOf(command), expected: type };
    if (is) {
      const message = `The ${place} is of type ${is.type}, not ${type}.`;
      return new DeviceError("unsupported", message, { ...detail, received: is.type });
    }
    if (this.#inventory.isKnown) return new DeviceError("unsupported", `There is no ${place}.`, detail);
    const { lastError = "it has not answered yet" } = this.#link.health;
    return new DeviceError(
      "no-response",
      `The ${place} is not known: the BMC's sensors could not be read (${lastError}).`,
      detail,
    );
  }
}

const neverAborted = new AbortController().signal;
