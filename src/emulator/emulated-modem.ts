/** First bytes of the modem's commands: a write takes the register's new value behind it, a read is answered with the value. */
const WRITE_REGISTER_0 = 0x05;
const WRITE_REGISTER_1 = 0x15;
const READ_REGISTER_0 = 0x0d;
const READ_REGISTER_1 = 0x1d;

/** A line to the modem, as the one who drives it has it in hand. */
interface EmulatedPin {
  read(): boolean;
  drive(isHigh: boolean): void;
  float(): void;
}

/** The lines of an emulated modem. One that nobody drives is high. */
export interface EmulatedPins {
  readonly command: EmulatedPin;
  readonly frequencySelect: EmulatedPin;
  readonly inh: EmulatedPin;
  readonly nSleep: EmulatedPin;
}

const nothing = new Uint8Array();

/**
 * The modem of the power-line HAT, as far as a controller sees it: two registers, and where its lines are in reach, those. What comes
 * over the line is for the modem while the command pin is low. Where only bytes reach it (`bytes`), a command is what begins like one
 * outside of a frame. @see docs/emulator.md
 */
export class EmulatedModem {
  readonly pins: EmulatedPins;
  readonly #isKnownBy: "pins" | "bytes";
  readonly #registers: [number, number] = [0, 0];
  /** The register whose new value comes next. */
  #expected: 0 | 1 | undefined;
  #isCommand = false;
  #isAwake = false;

  constructor(isKnownBy: "pins" | "bytes") {
    this.#isKnownBy = isKnownBy;
    const wakeOnRise = (isHigh: boolean) => void (this.#isAwake ||= isHigh);
    this.pins = {
      command: pin((isHigh) => this.#setCommand(!isHigh)),
      frequencySelect: pin(() => undefined),
      inh: { ...pin(() => undefined), read: () => this.#isAwake },
      nSleep: pin(wakeOnRise),
    };
  }

  /** True in the middle of a command. */
  get isWaiting(): boolean {
    return this.#expected !== undefined;
  }

  /** Takes the next byte on the line: what it answers, which may be nothing; undefined where the byte is for the boards. */
  take(byte: number, isInsideFrame: boolean): Uint8Array | undefined {
    if (this.#isKnownBy === "pins" && !this.#isCommand) return undefined;
    if (this.#expected !== undefined) {
      this.#registers[this.#expected] = byte;
      this.#expected = undefined;
      return nothing;
    }
    if (this.#isKnownBy === "bytes" && isInsideFrame) return undefined;
    switch (byte) {
      case WRITE_REGISTER_0:
        this.#expected = 0;
        return nothing;
      case WRITE_REGISTER_1:
        this.#expected = 1;
        return nothing;
      case READ_REGISTER_0:
        return Uint8Array.of(this.#registers[0]);
      case READ_REGISTER_1:
        return Uint8Array.of(this.#registers[1]);
      default:
        return this.#isKnownBy === "pins" ? nothing : undefined;
    }
  }

  /** The line has fallen silent: what has begun is over. */
  silence(): void {
    this.#expected = undefined;
  }

  #setCommand(isCommand: boolean): void {
    this.#isCommand = isCommand;
    this.#expected = undefined;
  }
}

function pin(changed: (isHigh: boolean) => void): EmulatedPin {
  let level = true;
  const set = (isHigh: boolean) => {
    if (isHigh === level) return;
    level = isHigh;
    changed(isHigh);
  };
  return { read: () => level, drive: set, float: () => set(true) };
}
