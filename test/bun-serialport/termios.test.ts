import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { STANDARD_RATES } from "../../src/bun-serialport/linux.ts";
import {
  decodeTermios,
  encodeTermios,
  framingNotTaken,
  makeRaw,
  type Termios,
  TERMIOS2_BYTES,
  TERMIOS_BYTES,
  withBaudRate,
  withSettings,
} from "../../src/bun-serialport/termios.ts";

/** TCGETS2 of a new pseudo terminal, as Linux 6 gave it on x64: cooked, with echo, 38400 baud, 8N1. */
const FRESH = new Uint8Array(44);
const fresh = new DataView(FRESH.buffer);
fresh.setUint32(0, 0o2400, true); // IXON | ICRNL
fresh.setUint32(4, 0o5, true); // OPOST | ONLCR
fresh.setUint32(8, 0o277, true); // B38400 | CS8 | CREAD
fresh.setUint32(12, 0o105073, true); // ECHO, ICANON, ISIG, IEXTEN and more
FRESH.set([3, 0x1c, 0x7f, 0x15, 4, 0, 1, 0, 0x11, 0x13, 0x1a, 0, 0x12, 0x0f, 0x17, 0x16], 17);
fresh.setUint32(36, 38_400, true);
fresh.setUint32(40, 38_400, true);

const word = fc.integer({ min: 0, max: 0xffff_ffff });

const anyTermios: fc.Arbitrary<Termios> = fc.record({
  inputFlags: word,
  outputFlags: word,
  controlFlags: word,
  localFlags: word,
  discipline: fc.integer({ min: 0, max: 255 }),
  controlCharacters: fc.uint8Array({ minLength: 19, maxLength: 19 }),
  inputRate: word,
  outputRate: word,
});

const settings = {
  baudRate: 9600,
  dataBits: 8,
  parity: "none",
  stopBits: 1,
  flowControl: "none",
} as const;

test("struct termios2 survives reading and writing, byte for byte", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 44, maxLength: 44 }), (bytes) => {
      expect(encodeTermios(decodeTermios(bytes), TERMIOS2_BYTES)).toEqual(bytes);
    }),
  );
});

test("struct termios is the same without the rates", () => {
  fc.assert(
    fc.property(anyTermios, (termios) => {
      const whole = encodeTermios(termios, TERMIOS2_BYTES);
      expect(encodeTermios(termios, TERMIOS_BYTES)).toEqual(whole.slice(0, 36));
    }),
  );
});

test("reads a terminal at any place in a larger buffer", () => {
  const padded = new Uint8Array(60);
  padded.set(FRESH, 7);
  expect(decodeTermios(padded.subarray(7, 51))).toEqual(decodeTermios(FRESH));
});

// What cfmakeraw(3) is documented to clear and set, with VMIN and VTIME for a read that returns as soon as there is a byte.
test("raw mode interprets nothing, whatever was before", () => {
  const interpreting = 0o1 | 0o2 | 0o10 | 0o40 | 0o100 | 0o200 | 0o400 | 0o2000;
  fc.assert(
    fc.property(anyTermios, (before) => {
      const raw = makeRaw(before);
      expect(raw.inputFlags & interpreting).toBe(0);
      expect(raw.outputFlags & 0o1).toBe(0);
      expect(raw.localFlags & (0o10 | 0o100 | 0o2 | 0o1 | 0o100000)).toBe(0);
      expect(raw.controlFlags & 0o4200).toBe(0o4200);
      expect([raw.controlCharacters[6], raw.controlCharacters[5]]).toEqual([1, 0]);
      expect(raw.discipline).toBe(before.discipline);
    }),
  );
});

// Values of asm-generic/termbits.h.
test.each([
  ["5N1", { dataBits: 5 } as const, 0o0],
  ["6N1", { dataBits: 6 } as const, 0o20],
  ["7N1", { dataBits: 7 } as const, 0o40],
  ["8N1", {}, 0o60],
  ["8N2", { stopBits: 2 } as const, 0o160],
  ["8E1", { parity: "even" } as const, 0o460],
  ["8O1", { parity: "odd" } as const, 0o1460],
  ["7E2", { dataBits: 7, parity: "even", stopBits: 2 } as const, 0o540],
  ["8M1", { parity: "mark" } as const, 0o10000001460],
  ["8S1", { parity: "space" } as const, 0o10000000460],
  ["8N1 with RTS and CTS", { flowControl: "rtscts" } as const, 0o20000000060],
])("%s", (_name, change, expected) => {
  const framing = 0o30000001560;
  const before = { ...decodeTermios(FRESH), controlFlags: 0xffff_ffff };
  const { controlFlags } = withSettings(before, { ...settings, ...change });
  expect((controlFlags & framing) >>> 0).toBe(expected);
});

test("XON and XOFF are for xonxoff alone", () => {
  const before = { ...decodeTermios(FRESH), controlCharacters: new Uint8Array(19) };
  const taken = withSettings(before, { ...settings, flowControl: "xonxoff" });
  expect(taken.inputFlags & 0o12000).toBe(0o12000);
  expect([...taken.controlCharacters.subarray(8, 10)]).toEqual([0x11, 0x13]);
  expect(withSettings(before, settings).inputFlags & 0o16000).toBe(0);
});

test("a standard rate goes by its constant, any other as a number, and the input has the output's", () => {
  const before = { ...decodeTermios(FRESH), controlFlags: 0o2003610077 };
  const rateFlags = (baudRate: number) => withBaudRate(before, baudRate).controlFlags & 0o2003610017;
  expect(rateFlags(9600)).toBe(0o15);
  expect(rateFlags(115_200)).toBe(0o10002);
  expect(rateFlags(250_000)).toBe(0o10000);
  expect(withBaudRate(before, 250_000)).toMatchObject({ inputRate: 250_000, outputRate: 250_000 });
});

test("without rates of its own, struct termios has that of its constant", () => {
  for (const rate of STANDARD_RATES.keys()) {
    const bytes = encodeTermios(withBaudRate(decodeTermios(FRESH), rate), TERMIOS_BYTES);
    expect(decodeTermios(bytes)).toMatchObject({ inputRate: rate, outputRate: rate });
  }
  const odd = encodeTermios(withBaudRate(decodeTermios(FRESH), 12_345), TERMIOS_BYTES);
  expect(decodeTermios(odd).outputRate).toBe(0);
});

test("names what a device has not taken", () => {
  const asked = withSettings(decodeTermios(FRESH), {
    baudRate: 9600,
    dataBits: 7,
    parity: "even",
    stopBits: 2,
    flowControl: "rtscts",
  });
  expect(framingNotTaken(asked, asked)).toEqual([]);
  const plain = withSettings(decodeTermios(FRESH), settings);
  expect(framingNotTaken(asked, plain)).toEqual(["dataBits", "parity", "stopBits", "flowControl"]);
  expect(framingNotTaken(asked, { ...asked, controlFlags: asked.controlFlags ^ 0o400 })).toEqual(["parity"]);
});
