import { Reservation } from "./reservation.ts";
import type { SelClock } from "./sel-clock.ts";

/** Bytes of an entry, id and all. @see IPMI 2.0, section 32.1 */
export const ENTRY_BYTES = 16;
/** The BMC's own slave address, as software that generates events is told apart. */
const BMC_GENERATOR = 0x20;
/** IPMI 2.0's event message revision. */
const EVENT_MESSAGE_REVISION = 0x04;
const SYSTEM_EVENT = 0x02;
/** Record types up to this one have a time stamp. */
const LAST_TIMESTAMPED = 0xdf;
const HIGHEST_RECORD_ID = 0xff_fe;

/** Something that a sensor has noticed. */
export interface SensorEvent {
  readonly sensorType: number;
  readonly sensor: number;
  readonly lun: number;
  readonly eventType: number;
  readonly isAsserted: boolean;
  /** Event data 1 to 3, IPMI 2.0 table 29-6. */
  readonly data: readonly [number, number, number];
}

/** An entry's bytes, id and all. */
export interface LogEntry {
  readonly id: number;
  readonly bytes: Uint8Array;
}

function putU32(bytes: Uint8Array, at: number, value: number): void {
  for (let index = 0; index < 4; index++) bytes[at + index] = Math.floor(value / 256 ** index) % 256;
}

/** The system event log. What does not fit is lost, and that is remembered. */
export class EventLog {
  readonly capacity: number;
  readonly reservation = new Reservation();
  readonly #clock: SelClock;
  #entries: LogEntry[] = [];
  #nextId = 1;
  hasOverflowed = false;
  /** Seconds, as the BMC's calendar has them; 0 for never. */
  lastAddition = 0;
  lastErase = 0;

  constructor(capacity: number, clock: SelClock) {
    this.capacity = capacity;
    this.#clock = clock;
  }

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  /** Adds an event, at a time other than now where it is given. */
  add({ sensorType, sensor, lun, eventType, isAsserted, data }: SensorEvent, seconds = this.#clock.seconds): void {
    const bytes = new Uint8Array(ENTRY_BYTES - 2);
    bytes[0] = SYSTEM_EVENT;
    putU32(bytes, 1, seconds);
    bytes.set(
      [BMC_GENERATOR, lun, EVENT_MESSAGE_REVISION, sensorType, sensor, (isAsserted ? 0 : 0x80) | eventType, ...data],
      5,
    );
    this.#append(bytes);
  }

  /** Adds an entry that comes from outside; the BMC's own time is set where the type has one. Undefined: there is no room. */
  addFromOutside(entry: Uint8Array): number | undefined {
    const bytes = entry.slice(2, ENTRY_BYTES);
    if ((bytes[0] ?? 0) <= LAST_TIMESTAMPED) putU32(bytes, 1, this.#clock.seconds);
    return this.#append(bytes);
  }

  /** Record type and what follows, as they are. */
  addAsItIs(bytes: Uint8Array): void {
    this.#append(bytes);
  }

  delete(id: number): void {
    this.#entries = this.#entries.filter((entry) => entry.id !== id);
    this.#erased();
  }

  clear(): void {
    this.#entries = [];
    this.#nextId = 1;
    this.hasOverflowed = false;
    this.#erased();
  }

  #erased(): void {
    this.lastErase = this.#clock.seconds;
    this.reservation.cancel();
  }

  #append(bytes: Uint8Array): number | undefined {
    if (this.#entries.length >= this.capacity || this.#nextId > HIGHEST_RECORD_ID) {
      this.hasOverflowed = true;
      return undefined;
    }
    const id = this.#nextId++;
    const whole = new Uint8Array(ENTRY_BYTES);
    whole[0] = id & 0xff;
    whole[1] = id >> 8;
    whole.set(bytes.subarray(0, ENTRY_BYTES - 2), 2);
    this.#entries.push({ id, bytes: whole });
    this.lastAddition = this.#clock.seconds;
    this.reservation.cancel();
    return id;
  }
}
