import { afterAll, beforeAll, expect, test } from "bun:test";
import { SerialPort, type SerialPortOptions } from "bun-serialport";
import { type Machine, physical } from "./machine/machine.ts";

/** Registers of the PL011 UART by their offset, and the bits looked at (ARM DDI 0183, chapter 3). */
const uartRegisters = { integerBaud: 0x24, fractionalBaud: 0x28, lineControl: 0x2c, control: 0x30 } as const;
const lineControl = {
  break: 1,
  parityEnable: 2,
  evenParity: 4,
  twoStopBits: 8,
  wordLength: 0x60,
  stickParity: 0x80,
} as const;
const control = { dtr: 0x400, rts: 0x800, rtsFlow: 0x4000, ctsFlow: 0x8000 } as const;

/** What feeds the UART's clock on QEMU's machine, in hertz. */
const UART_CLOCK_HZ = 24_000_000;

const { break: breakBit, wordLength, parityEnable, evenParity, twoStopBits, stickParity } = lineControl;
const FRAME = wordLength | parityEnable | evenParity | twoStopBits | stickParity;

/** Bytes of every value. */
const allBytes = Uint8Array.from({ length: 256 }, (_, value) => value);

/** Collects so many bytes from a port. */
async function take(port: SerialPort, count: number): Promise<number[]> {
  const bytes: number[] = [];
  for await (const chunk of port) {
    bytes.push(...chunk);
    if (bytes.length >= count) break;
  }
  return bytes;
}

/** What bun-serialport and src/gpio do to real hardware, seen from outside: in the registers, and at the other end of the line. */
export function hardwareChecks(there: () => Machine): void {
  const register = (name: keyof typeof uartRegisters) => there().monitor.word(physical.uart + uartRegisters[name]);

  /** Asks the serial server in the machine (serial-server.ts). */
  async function serial(
    method: "GET" | "POST",
    path: string,
    body?: string | Uint8Array<ArrayBuffer>,
  ): Promise<unknown> {
    const url = `http://127.0.0.1:${there().secondPort}/${path}`;
    return await (await fetch(url, { method, ...(body === undefined ? {} : { body }) })).json();
  }

  /** Opens the UART in the machine for as long as `look` looks. */
  async function whileOpen<T>(options: SerialPortOptions, look: () => Promise<T>): Promise<T> {
    expect(await serial("POST", "open", JSON.stringify(options))).toBe(true);
    try {
      return await look();
    } finally {
      await serial("POST", "close");
    }
  }

  beforeAll(async () => {
    const bun = "systemd-run --quiet --setenv=BUN_BE_BUN=1";
    await there().must(`systemctl stop opendcre
      ${bun} --unit=serial-server /usr/bin/opendcre run /opt/payload/serial-server.js /dev/ttyAMA0 5001
      until (exec 3<>/dev/tcp/127.0.0.1/5001) 2>/dev/null; do sleep 0.1; done`);
  }, 60_000);

  afterAll(async () => {
    await there().must("systemctl stop serial-server; systemctl start opendcre");
  }, 60_000);

  test.each([1200, 9600, 31_250, 74_880, 115_200, 250_000, 921_600, 1_000_000])(
    "%d baud are in the UART's divisor",
    async (baudRate) => {
      const divisor = await whileOpen({ baudRate }, async () => {
        return (await register("integerBaud")) * 64 + (await register("fractionalBaud"));
      });
      // The divisor counts in 64ths of sixteen times the bit rate.
      expect(divisor).toBe(Math.round((UART_CLOCK_HZ * 4) / baudRate));
    },
  );

  test("a rate changed while the port is open", async () => {
    const divisor = await whileOpen({ baudRate: 115_200 }, async () => {
      await serial("POST", "rate", "19200");
      return (await register("integerBaud")) * 64 + (await register("fractionalBaud"));
    });
    expect(divisor).toBe((UART_CLOCK_HZ * 4) / 19_200);
  });

  test("a rate that the UART cannot do is refused", async () => {
    expect(await serial("POST", "open", JSON.stringify({ baudRate: 3_000_000 }))).toBe("unsupported-rate");
  });

  test.each<[string, SerialPortOptions, number]>([
    ["8N1", { baudRate: 9600 }, 0x60],
    ["7E1", { baudRate: 9600, dataBits: 7, parity: "even" }, 0x40 | parityEnable | evenParity],
    ["7O2", { baudRate: 9600, dataBits: 7, parity: "odd", stopBits: 2 }, 0x40 | parityEnable | twoStopBits],
    ["6N2", { baudRate: 9600, dataBits: 6, stopBits: 2 }, 0x20 | twoStopBits],
    ["5N1", { baudRate: 9600, dataBits: 5 }, 0],
    ["8M1", { baudRate: 9600, parity: "mark" }, 0x60 | parityEnable | stickParity],
    ["8S1", { baudRate: 9600, parity: "space" }, 0x60 | parityEnable | evenParity | stickParity],
  ])("%s is in the UART's line control", async (_name, options, expected) => {
    expect((await whileOpen(options, () => register("lineControl"))) & FRAME).toBe(expected);
  });

  test("modem lines and flow control are in the UART's control register", async () => {
    await whileOpen({ baudRate: 9600 }, async () => {
      for (const [lines, bits] of [
        [{ rts: true, dtr: false }, control.rts],
        [{ rts: false, dtr: true }, control.dtr],
        [{ rts: true, dtr: true }, control.rts | control.dtr],
        [{ rts: false, dtr: false }, 0],
      ] as const) {
        expect(await serial("POST", "lines", JSON.stringify(lines))).toBe(true);
        expect((await register("control")) & (control.rts | control.dtr)).toBe(bits);
        expect(await serial("GET", "lines")).toMatchObject(lines);
      }
      expect((await register("control")) & (control.rtsFlow | control.ctsFlow)).toBe(0);
    });
    const flow = control.rtsFlow | control.ctsFlow;
    const flowing = await whileOpen({ baudRate: 9600, flowControl: "rtscts" }, () => register("control"));
    expect(flowing & flow).toBe(flow);
  });

  test("a break is on the line as long as it is asked for", async () => {
    await whileOpen({ baudRate: 9600 }, async () => {
      const over = new AbortController();
      const sent = serial("POST", "break", "1500").finally(() => over.abort());
      let seen = 0;
      while (!over.signal.aborted && seen === 0) seen = (await register("lineControl")) & breakBit;
      await sent;
      expect(seen).toBe(breakBit);
      expect((await register("lineControl")) & breakBit).toBe(0);
    });
  });

  test("bytes of every value pass in both directions", async () => {
    await whileOpen({ baudRate: 115_200 }, async () => {
      await using outside = await SerialPort.open(there().uart, { baudRate: 115_200 });
      const arriving = take(outside, allBytes.length);
      await serial("POST", "write", allBytes);
      expect(await arriving).toEqual([...allBytes]);
      await outside.write(allBytes);
      expect(await serial("GET", "read?bytes=256")).toEqual([...allBytes]);
    });
  }, 30_000);

  test("GPIO lines are set and read back through the driver of the HAT", async () => {
    const { status, stdout, stderr } = await there().run("BUN_BE_BUN=1 opendcre run /opt/payload/gpio-check.js");
    expect(`${stdout}${stderr}`).not.toContain("FAILED");
    expect(stdout).toContain("driven high: true ok");
    expect(status).toBe(0);
  }, 30_000);
}
