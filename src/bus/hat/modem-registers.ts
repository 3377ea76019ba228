import type { ModemConfiguration } from "../../devices/modem.ts";

/** The two control registers of the power-line modem, a byte each. */
export interface ModemRegisters {
  readonly register0: number;
  readonly register1: number;
}

/** Frequencies in MHz by the index in register 1. @see device bus specification, "The power-line HAT" */
export const frequencyPairs = [
  [1.75, 4.5],
  [1.75, 5.5],
  [1.75, 6],
  [1.75, 6.5],
  [4.5, 5.5],
  [4.5, 6],
  [4.5, 6.5],
  [4.5, 10.5],
  [10.5, 13],
  [5.5, 10.5],
  [5.5, 13],
  [6, 10.5],
  [6, 13],
  [6.5, 10.5],
  [6.5, 13],
  [5.5, 6.5],
] as const;

/** Bit rates in bit/s by the index in register 1, for frequencies below 10 MHz and from there on. */
const slowBitRates = [38_400, 57_600, 9600, 19_200] as const;
const fastBitRates = [38_400, 57_600, 115_200, 19_200] as const;
const FAST_FROM_MHZ = 10;

/** A bit of register 0, and whether it is set where the member is true or where it is false. */
interface Flag {
  readonly bit: number;
  readonly isSetWhen: boolean;
}

/** Register 0 but for its bit 0, the frequency number. */
const flags = {
  remoteLoopback: { bit: 1, isSetWhen: true },
  interferenceHopping: { bit: 2, isSetWhen: true },
  longWakeUpMessage: { bit: 3, isSetWhen: true },
  autoSleep: { bit: 4, isSetWhen: false },
  autoWakeUpMessage: { bit: 5, isSetWhen: false },
  loopbackEnabled: { bit: 6, isSetWhen: false },
  interferenceDetected: { bit: 7, isSetWhen: true },
} as const satisfies Partial<Record<keyof ModemConfiguration, Flag>>;

/** Register 1: where the indices are. */
const PAIR_MASK = 0x0f;
const BIT_RATE_SHIFT = 4;
const BIT_RATE_MASK = 0x03;

/** Bits that the modem sets by itself, or that mean nothing: not compared when registers are read back. */
const REGISTER_0_OWN = 1 << flags.interferenceDetected.bit;
const REGISTER_1_UNUSED = 0xc0;

/** The bit rates, in bit/s, that the modem has at a frequency in MHz, by their index. */
export const bitRatesAt = (frequencyMhz: number): readonly number[] =>
  frequencyMhz < FAST_FROM_MHZ ? slowBitRates : fastBitRates;

/** What the registers say. Every byte says something; the two highest bits of register 1 mean nothing. */
export function decodeModemRegisters({ register0, register1 }: ModemRegisters): ModemConfiguration {
  const is = ({ bit, isSetWhen }: Flag) => (((register0 >> bit) & 1) === 1) === isSetWhen;
  const frequencyNumber = (register0 & 1) === 0 ? 0 : 1;
  const pair = frequencyPairs[register1 & PAIR_MASK]!;
  return {
    frequencyNumber,
    remoteLoopback: is(flags.remoteLoopback),
    interferenceHopping: is(flags.interferenceHopping),
    longWakeUpMessage: is(flags.longWakeUpMessage),
    autoSleep: is(flags.autoSleep),
    autoWakeUpMessage: is(flags.autoWakeUpMessage),
    loopbackEnabled: is(flags.loopbackEnabled),
    interferenceDetected: is(flags.interferenceDetected),
    firstFrequencyMhz: pair[0],
    secondFrequencyMhz: pair[1],
    bitRate: bitRatesAt(pair[frequencyNumber])[(register1 >> BIT_RATE_SHIFT) & BIT_RATE_MASK]!,
  };
}

/** The registers that say this. @throws RangeError for frequencies or a bit rate that the modem does not have */
export function encodeModemRegisters(configuration: ModemConfiguration): ModemRegisters {
  const { frequencyNumber, firstFrequencyMhz: first, secondFrequencyMhz: second, bitRate } = configuration;
  const pair = frequencyPairs.findIndex(([a, b]) => a === first && b === second);
  if (pair < 0) throw new RangeError(`the modem has no pair of ${first} and ${second} MHz`);
  const frequencyMhz = frequencyNumber === 0 ? first : second;
  const rate = bitRatesAt(frequencyMhz).indexOf(bitRate);
  if (rate < 0) throw new RangeError(`the modem has no ${bitRate} bit/s at ${frequencyMhz} MHz`);
  let register0: number = frequencyNumber;
  for (const name of flagNames) {
    const { bit, isSetWhen } = flags[name];
    if (configuration[name] === isSetWhen) register0 |= 1 << bit;
  }
  return { register0, register1: pair | (rate << BIT_RATE_SHIFT) };
}

/** Whether registers read back are those that were written, but for what the modem changes by itself. */
export function areSameRegisters(written: ModemRegisters, read: ModemRegisters): boolean {
  const differing0 = (written.register0 ^ read.register0) & ~REGISTER_0_OWN & 0xff;
  const differing1 = (written.register1 ^ read.register1) & ~REGISTER_1_UNUSED & 0xff;
  return differing0 === 0 && differing1 === 0;
}

const flagNames = [
  "remoteLoopback",
  "interferenceHopping",
  "longWakeUpMessage",
  "autoSleep",
  "autoWakeUpMessage",
  "loopbackEnabled",
  "interferenceDetected",
] as const satisfies readonly (keyof typeof flags)[];
