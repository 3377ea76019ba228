import { FAN_SPEED_PREFIX, powerCodes, WRITE_TAKEN } from "../bus/commands.ts";
import type { ActionName, Device } from "./board.ts";
import type { Response } from "./response.ts";

/** What a device is asked. */
export interface Request {
  readonly action: ActionName;
  /** The command's data behind its letter. */
  readonly value: Uint8Array;
  /** True for a retry frame, which asks for the last reply and repeats no action. */
  readonly isRetry: boolean;
}

/** What a stateful device remembers. */
export interface DeviceState {
  /** What the device does and answers where, without state, it would answer `scripted`. */
  respond(request: Request, scripted: Response): Response;
}

/** Data of the reply to a write that the device has not taken. */
const WRITE_REFUSED = "W0";
/** The fastest that a fan can be told to turn, in rpm. */
const MAX_FAN_SPEED_RPM = 10_000;

/** Bits of the power controller's status word. @see PMBus specification, STATUS_WORD */
const statusBits = { off: 1 << 6, notOk: 1 << 11 } as const;
/** The raw word that stands for no power, and the one nearest to no current, by the conversions of the device bus. */
const noLoad = { power: 0, current: 2075 } as const;

/** The state with which a device begins; undefined where it has none. @see docs/emulator.md, "Stateful devices" */
export function initialState({ type, stateful, actions }: Device): DeviceState | undefined {
  if (!stateful) return undefined;
  if (type === "led") return new WrittenState(ledValue);
  if (type === "fan_speed") return new WrittenState(fanSpeedValue);
  return new PowerState(actions.power?.responses ?? []);
}

const text = (value: string): Response => ({ kind: "text", text: value });

const isCharacters = (bytes: Uint8Array, characters: RegExp) => characters.test(String.fromCharCode(...bytes));

function ledValue(value: Uint8Array): string | undefined {
  return isCharacters(value, /^[01]$/) ? String.fromCharCode(...value) : undefined;
}

function fanSpeedValue(value: Uint8Array): string | undefined {
  const digits = value.subarray(1);
  if (value[0] !== FAN_SPEED_PREFIX || !isCharacters(digits, /^\d+$/)) return undefined;
  const speedRpm = Number(String.fromCharCode(...digits));
  return speedRpm <= MAX_FAN_SPEED_RPM ? String(speedRpm) : undefined;
}

/** A LED or a fan: what was written last is what is read. */
class WrittenState implements DeviceState {
  /** What a written value is read back as; undefined where the device refuses it. */
  readonly #accept: (value: Uint8Array) => string | undefined;
  #written: string | undefined;
  #verdict: string = WRITE_TAKEN;

  constructor(accept: (value: Uint8Array) => string | undefined) {
    this.#accept = accept;
  }

  respond({ action, value, isRetry }: Request, scripted: Response): Response {
    if (action === "read") return this.#written === undefined ? scripted : replaceText(scripted, this.#written);
    if (action !== "write") return scripted;
    const isRefusal = scripted.kind === "text" && scripted.text !== WRITE_TAKEN;
    if (!isRetry) this.#write(isRefusal ? undefined : this.#accept(value));
    return isRefusal ? scripted : replaceText(scripted, this.#verdict);
  }

  #write(accepted: string | undefined): void {
    this.#verdict = accepted === undefined ? WRITE_REFUSED : WRITE_TAKEN;
    this.#written = accepted ?? this.#written;
  }
}

const replaceText = (scripted: Response, by: string) => (scripted.kind === "text" ? text(by) : scripted);

interface PowerReport {
  readonly status: number;
  /** Power, voltage, current: raw words in decimal digits. */
  readonly power: string;
  readonly voltage: string;
  readonly current: string;
}

function parseReport(response: Response): PowerReport | undefined {
  if (response.kind !== "text") return undefined;
  const found = /^(\d{1,5}),(\d{1,9}),(\d{1,9}),(\d{1,9})$/.exec(response.text);
  if (!found) return undefined;
  const [, status = "", power = "", voltage = "", current = ""] = found;
  return { status: Number(status), power, voltage, current };
}

const isOff = ({ status }: PowerReport) => (status & statusBits.off) !== 0;

/** A power controller: on or off, whatever the reports of its list say. */
class PowerState implements DeviceState {
  #isOn: boolean;

  constructor(responses: readonly Response[]) {
    const first = responses.map(parseReport).find((report) => report !== undefined);
    this.#isOn = !first || !isOff(first);
  }

  respond({ action, value, isRetry }: Request, scripted: Response): Response {
    if (action !== "power") return scripted;
    const report = parseReport(scripted);
    const isRefusal = scripted.kind === "text" && !report;
    if (!isRetry && !isRefusal) this.#switch(value);
    return report ? text(this.#isOn ? reportOn(report) : reportOff(report)) : scripted;
  }

  #switch([action]: Uint8Array): void {
    if (action === powerCodes.off) this.#isOn = false;
    if (action === powerCodes.on || action === powerCodes.cycle) this.#isOn = true;
  }
}

function reportOn(report: PowerReport): string {
  const status = isOff(report) ? report.status & ~(statusBits.off | statusBits.notOk) : report.status;
  return `${status},${report.power},${report.voltage},${report.current}`;
}

/** The voltage is that of the input, which is there all the same. */
function reportOff({ status, voltage }: PowerReport): string {
  return `${status | statusBits.off | statusBits.notOk},${noLoad.power},${voltage},${noLoad.current}`;
}
