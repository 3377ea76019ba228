import type { FaultDescription } from "../file/fault-shapes.ts";
import type { Agenda } from "./agenda.ts";

type FaultKind = FaultDescription["fault"];

/** What is to go wrong with a datagram, or a command. */
export interface Trouble {
  readonly isSilent: boolean;
  readonly isAnswerLost: boolean;
  readonly isBusy: boolean;
  readonly isReservationCancelled: boolean;
  readonly isSessionLost: boolean;
  readonly isDoubled: boolean;
  readonly delayMs: number;
}

/** Faults that are about messages, whether or not commands are named. */
const commandFaults: ReadonlySet<FaultKind> = new Set(["busy", "reservation-cancelled"]);

/** A fault of which only the kind must be said. */
type ScriptedFault = Pick<FaultDescription, "fault"> & Partial<FaultDescription>;

/** What a fault is where a file says nothing about it. */
const plain: Omit<FaultDescription, "fault"> = {
  commands: undefined,
  afterRequests: 0,
  requests: undefined,
  afterMs: 0,
  forMs: undefined,
  delayMs: 0,
  sensors: [],
};

interface ActiveFault {
  readonly fault: FaultDescription;
  readonly fromMs: number;
  readonly untilMs: number;
  seen: number;
}

/** Which fault meets what. */
export class FaultScript {
  readonly #agenda: Agenda;
  #faults: readonly ActiveFault[] = [];

  constructor(agenda: Agenda, faults: readonly FaultDescription[]) {
    this.#agenda = agenda;
    for (const fault of faults) this.add(fault);
  }

  /** Adds a fault; what it does not say is as in a file. What is returned takes it away again. */
  add(scripted: ScriptedFault): () => void {
    const fault = { ...plain, ...scripted };
    const fromMs = this.#agenda.nowMs + fault.afterMs;
    const untilMs = fault.forMs === undefined ? Number.POSITIVE_INFINITY : fromMs + fault.forMs;
    const active = { fault, fromMs, untilMs, seen: 0 };
    this.#faults = [...this.#faults, active];
    return () => {
      this.#faults = this.#faults.filter((other) => other !== active);
    };
  }

  /** A datagram has come. */
  meetDatagram(): Trouble {
    return this.#meet(({ commands, fault }) => commands === undefined && !commandFaults.has(fault));
  }

  /** A command is about to be carried out. */
  meetCommand(name: string): Trouble {
    return this.#meet(({ commands, fault }) =>
      commands === undefined ? commandFaults.has(fault) : commands.includes(name),
    );
  }

  isUnavailable(sensor: number): boolean {
    return this.#faults.some(
      (active) => active.fault.fault === "unavailable" && active.fault.sensors.includes(sensor) && this.#isNow(active),
    );
  }

  #isNow({ fromMs, untilMs }: ActiveFault): boolean {
    return this.#agenda.nowMs >= fromMs && this.#agenda.nowMs < untilMs;
  }

  #meet(concerns: (fault: FaultDescription) => boolean): Trouble {
    const met = new Set<FaultKind>();
    let delayMs = 0;
    for (const active of this.#faults) {
      const { fault } = active;
      if (!concerns(fault) || !this.#isNow(active)) continue;
      const at = active.seen++ - fault.afterRequests;
      if (at < 0 || at >= (fault.requests ?? Number.POSITIVE_INFINITY)) continue;
      met.add(fault.fault);
      if (fault.fault === "delay") delayMs += fault.delayMs;
    }
    return {
      isSilent: met.has("silence"),
      isAnswerLost: met.has("lost-answer"),
      isBusy: met.has("busy"),
      isReservationCancelled: met.has("reservation-cancelled"),
      isSessionLost: met.has("lost-session"),
      isDoubled: met.has("duplicate"),
      delayMs,
    };
  }
}
