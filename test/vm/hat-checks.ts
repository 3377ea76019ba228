import { afterAll, beforeAll, expect, test } from "bun:test";
import { modemPresetAnswer } from "../fixtures/modem-preset.ts";
import { type EmulatorProcess, startEmulator } from "../support/emulator-process.ts";
import { ask, createToken } from "./client.ts";
import { type Machine, physical } from "./machine/machine.ts";

/** Registers of the PL061 GPIO chip (ARM DDI 0190, chapter 3): a bit for each line. */
const gpioRegisters = { data: 0x3fc, direction: 0x400 } as const;
/** Registers of the PL011 UART (ARM DDI 0183, chapter 3). */
const uartRegisters = { integerBaud: 0x24, fractionalBaud: 0x28 } as const;
/** What feeds the UART's clock on QEMU's machine, in hertz; the divisor counts in 64ths of sixteen times the bit rate. */
const UART_CLOCK_HZ = 24_000_000;

/** The lines that the HAT has in this test. Line 3 is the machine's power button. */
const lines = { command: 0, frequencySelect: 1, inh: 2, nSleep: 4 } as const;
const bit = (line: keyof typeof lines): number => 1 << lines[line];
const ours = bit("command") | bit("frequencySelect") | bit("inh") | bit("nSleep");

const settings = `OPENDCRE_OPTS="--device /dev/ttyAMA0"
OPENDCRE_BUS_HARDWARE=hat
OPENDCRE_HAT_GPIO_CHIP=/dev/gpiochip0
OPENDCRE_HAT_COMMAND_PIN="offset ${lines.command}"
OPENDCRE_HAT_FREQUENCY_SELECT_PIN="offset ${lines.frequencySelect}"
OPENDCRE_HAT_INH_PIN="offset ${lines.inh}"
OPENDCRE_HAT_NSLEEP_PIN="offset ${lines.nSleep}"
`;

/** The power-line HAT with real lines and a real UART; its modem is emulated, and nothing raises INH. */
export function hatChecks(there: () => Machine): void {
  let emulator: EmulatorProcess | undefined;
  let token = "";
  const gpio = (name: keyof typeof gpioRegisters) => there().monitor.word(physical.gpio + gpioRegisters[name]);
  const uart = (name: keyof typeof uartRegisters) => there().monitor.word(physical.uart + uartRegisters[name]);
  const plcConfig = async () => JSON.parse((await ask(there(), "plc_config", { token, retries: 30 })).body);
  /** What the program that takes a line, sets it and gives it back says of it. */
  const checkLine = (line: number) =>
    there().run(`BUN_BE_BUN=1 opendcre run /opt/payload/gpio-check.js /dev/gpiochip0 ${line}`);

  /** The frequency select pin high, nSleep high, the other two let go of. */
  async function expectAtRest(): Promise<void> {
    expect((await gpio("direction")) & ours).toBe(bit("frequencySelect") | bit("nSleep"));
    expect((await gpio("data")) & ours).toBe(bit("frequencySelect") | bit("nSleep"));
    const divisor = (await uart("integerBaud")) * 64 + (await uart("fractionalBaud"));
    expect(divisor).toBe(Math.round((UART_CLOCK_HZ * 4) / 115_200));
  }

  beforeAll(async () => {
    emulator = await startEmulator(there().uart, "--hat");
    await there().must(`cp /etc/default/opendcre /root/default-before-hat
      cat > /etc/default/opendcre << 'END'\n${settings}END
      systemctl restart opendcre`);
    token = await createToken(there(), "hat-checks", "reader");
  }, 60_000);

  afterAll(async () => {
    await there().must("mv /root/default-before-hat /etc/default/opendcre; systemctl restart opendcre");
    emulator?.kill();
    await emulator?.exited;
  }, 60_000);

  test("plc_config answers what was written over the UART, and the boards answer, too", async () => {
    expect(await plcConfig()).toEqual(modemPresetAnswer);
    expect((await ask(there(), "version/1", { token })).body).toContain("OpenDCRE Emulator 2 - server 1");
    await expectAtRest();
  }, 60_000);

  test("the lines are the program's, and a modem that raises no INH was reported and configured all the same", async () => {
    // One for all: such a program takes seconds to start here.
    const { status, stderr } = await checkLine(lines.command);
    expect(stderr).toContain(`line ${lines.command} of /dev/gpiochip0 is in use by "opendcre"`);
    expect(status).not.toBe(0);
    const log = await there().must("journalctl --unit opendcre --boot --output cat");
    expect(log).toContain("INH has not gone high within 1 s");
    expect(log).toContain("the modem of the power-line HAT is configured: 10.5 MHz, 115200 bit/s");
  }, 60_000);

  test("the lines are inputs and nobody's when the service has stopped", async () => {
    await there().must("systemctl stop opendcre");
    expect((await gpio("direction")) & ours).toBe(0);
    expect((await checkLine(lines.command)).status).toBe(0);
    await there().must("systemctl start opendcre");
    expect(await plcConfig()).toMatchObject({ bit_rate: 115_200 });
  }, 60_000);

  test("a program that was killed holds none of them, and the next one takes them", async () => {
    const before = await there().must("systemctl show --property MainPID --value opendcre");
    await there().must(`kill -KILL ${before}
      until systemctl is-active --quiet opendcre && ! systemctl show --property MainPID --value opendcre | grep -qx ${before}
      do sleep 0.1; done`);
    expect(await plcConfig()).toMatchObject({ bit_rate: 115_200 });
    await expectAtRest();
  }, 60_000);
}
