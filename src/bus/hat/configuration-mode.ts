import { DeviceError } from "../../devices/errors.ts";
import type { Clock } from "../../lib/clock.ts";
import { toError } from "../../lib/to-error.ts";
import type { ExchangeRunner } from "../exchange-runner.ts";
import type { Line } from "../line.ts";
import { ModemInbox } from "./modem-inbox.ts";
import type { ModemPort } from "./modem-port.ts";
import type { ModemRegisters } from "./modem-registers.ts";
import { pause } from "./pause.ts";
import type { Pins } from "./pins.ts";

/** The modem's commands. @see device bus specification, "The power-line HAT" */
const WRITE_REGISTER_0 = 0x05;
const WRITE_REGISTER_1 = 0x15;
const READ_REGISTER_0 = 0x0d;
const READ_REGISTER_1 = 0x1d;

/** The speed of the port in configuration mode, in baud, whatever the bus's is. */
const CONFIGURATION_BAUD_RATE = 19_200;
/** How long the command pin is low before the first byte, and after the last one, in milliseconds. */
const COMMAND_PIN_MS = 1;
/** How long the modem may take to say what is in a register. */
const ANSWER_MS = 250;
/** How long the port may take to send what it has taken: the longest frame takes 270 ms at the slowest speed. */
const SENDING_MS = 1000;

/** What leads to the modem. */
export interface ModemAccess {
  readonly line: Line<ModemPort>;
  readonly runner: Pick<ExchangeRunner, "lend">;
  readonly pins: Pins;
  readonly clock: Clock;
  /** The speed of the bus, in baud, at which the port is outside of configuration mode. */
  readonly baudRate: number;
}

/** The modem's registers, while it is in configuration mode. */
export interface RegisterAccess {
  write(registers: ModemRegisters): Promise<void>;
  /** @throws DeviceError `no-response` */
  read(): Promise<ModemRegisters>;
}

/**
 * Puts the modem into configuration mode, does something with its registers, and puts it back, however that ends. No exchange may
 * be under way. A port whose speed cannot be set back is given up, so that it is opened again at the right one.
 *
 * @throws DeviceError `line-down` where the line or the pins cannot be used, and what `use` throws
 */
export async function inConfigurationMode<T>(
  access: ModemAccess,
  signal: AbortSignal,
  use: (registers: RegisterAccess) => Promise<T>,
): Promise<T> {
  const { state } = access.line;
  if (state.kind === "down") throw unreachable(state.reason);
  const inbox = new ModemInbox();
  const giveBack = access.runner.lend(inbox);
  try {
    const result = await outcomeOf(() => enterAndUse(access, state.stream, inbox, signal, use));
    const left = await outcomeOf(() => leave(access, state.stream));
    if ("error" in result) throw unreachable(result.error);
    if ("error" in left) throw unreachable(left.error);
    return result.value;
  } finally {
    giveBack();
  }
}

async function enterAndUse<T>(
  access: ModemAccess,
  port: ModemPort,
  inbox: ModemInbox,
  signal: AbortSignal,
  use: (registers: RegisterAccess) => Promise<T>,
): Promise<T> {
  const { pins, clock } = access;
  // What is on its way out belongs to the bus, at the bus's speed.
  await drain(access, port, signal);
  pins.command.drive(false);
  await pause(clock, COMMAND_PIN_MS, signal);
  await port.setBaudRate(CONFIGURATION_BAUD_RATE);
  port.flush("input");
  const result = await use(registerAccess(port, inbox, clock, signal));
  await drain(access, port, signal);
  await pause(clock, COMMAND_PIN_MS, signal);
  return result;
}

/** Waits until everything is on the wire. A port that sends nothing would keep the bus waiting for good: it is given up. */
function drain({ line, clock }: ModemAccess, port: ModemPort, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => settle(() => reject(toError(signal.reason)));
    const timer = clock.after(SENDING_MS, () => {
      const stuck = new DeviceError("line-down", `${port.path} has sent nothing for ${SENDING_MS} ms.`);
      line.fail(stuck, port);
      settle(() => reject(stuck));
    });
    const settle = (how: () => void) => {
      timer.cancel();
      signal.removeEventListener("abort", stop);
      how();
    };
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    else
      port.drain().then(
        () => settle(resolve),
        (error: unknown) => settle(() => reject(toError(error))),
      );
  });
}

/** Ends configuration mode. Both steps are taken, whatever becomes of the first. */
async function leave({ line, pins, baudRate }: ModemAccess, port: ModemPort): Promise<void> {
  const floated = await outcomeOf(async () => pins.command.float());
  try {
    await port.setBaudRate(baudRate);
  } catch (error) {
    line.fail(toError(error), port);
    throw error;
  }
  if ("error" in floated) throw floated.error;
}

function registerAccess(port: ModemPort, inbox: ModemInbox, clock: Clock, signal: AbortSignal): RegisterAccess {
  const readRegister = async (number: 0 | 1, command: number): Promise<number> => {
    inbox.empty();
    await port.write(Uint8Array.of(command));
    const byte = await inbox.byte(clock, ANSWER_MS, signal);
    if (byte !== undefined) return byte;
    const message = `The modem of the power-line HAT did not say what is in register ${number}: nothing came within ${ANSWER_MS} ms.`;
    throw new DeviceError("no-response", message, { attempts: 1 });
  };
  return {
    async write({ register0, register1 }) {
      await port.write(Uint8Array.of(WRITE_REGISTER_0, register0));
      await port.write(Uint8Array.of(WRITE_REGISTER_1, register1));
    },
    async read() {
      const register0 = await readRegister(0, READ_REGISTER_0);
      return { register0, register1: await readRegister(1, READ_REGISTER_1) };
    },
  };
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

async function outcomeOf<T>(action: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await action() };
  } catch (error) {
    return { error };
  }
}

/** A failure on the way to the modem, as what commands fail with. */
export function unreachable(thrown: unknown): DeviceError {
  if (thrown instanceof DeviceError) return thrown;
  const cause = toError(thrown);
  const message = `The modem of the power-line HAT cannot be reached: ${cause.message}.`;
  return new DeviceError("line-down", message, {}, { cause });
}
