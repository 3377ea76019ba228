import type { BusBackend } from "../bus/bus-backend.ts";
import type { ExchangeRunner } from "../bus/exchange-runner.ts";
import { Hat } from "../bus/hat/hat.ts";
import type { ModemPort } from "../bus/hat/modem-port.ts";
import type { Pins } from "../bus/hat/pins.ts";
import type { Line } from "../bus/line.ts";
import type { Config } from "../config/config.ts";
import type { ModemConfiguration } from "../devices/modem.ts";
import { offsetOn, openChip } from "../gpio/find.ts";
import { systemClock as clock } from "../lib/clock.ts";
import { hatEvents } from "../telemetry/hat-log.ts";
import type { Log } from "../telemetry/log.ts";

/** What the HAT sits between. */
export interface HatPlace {
  readonly line: Line<ModemPort>;
  readonly runner: ExchangeRunner;
  readonly backend: BusBackend;
  /** The lines to the modem, where they are not those of a GPIO chip. */
  readonly pins: Pins | undefined;
}

/** The modem of the power-line HAT, being woken and configured. @throws GpioError */
export function startHat(
  { line, runner, backend, pins }: HatPlace,
  config: Config,
  log: Log,
  started: AsyncDisposableStack,
): Hat {
  const hat = new Hat({
    line,
    runner,
    pins: pins ?? takePins(config, log, started),
    clock,
    baudRate: config.bus.baudRate,
    configuration: modemConfigurationOf(config),
    submit: (job, signal) => backend.submit(job, signal),
    events: hatEvents(log),
  });
  started.defer(() => hat.close());
  hat.start();
  return hat;
}

/** Takes the lines, as inputs. They are let go of and given back when the appliance stops. */
function takePins({ hat }: Config, log: Log, started: AsyncDisposableStack): Pins {
  using chip = openChip(hat.gpioChip);
  const take = (pin: number | string) => {
    const line = chip.request(offsetOn(chip, pin), { consumer: "opendcre", mode: { direction: "input" } });
    started.defer(() => {
      try {
        line.float();
      } finally {
        line.release();
      }
    });
    return line;
  };
  const pins = {
    command: take(hat.commandPin),
    frequencySelect: take(hat.frequencySelectPin),
    inh: take(hat.inhPin),
    nSleep: take(hat.nsleepPin),
  };
  const { path, info } = chip;
  const places = Object.values(pins).map(({ place }) => place.offset);
  log.info(
    { event: "hat", chip: path, lines: places },
    `the power-line HAT is on lines ${places.join(", ")} of ${path} (${info.label})`,
  );
  return pins;
}

/** Loopbacks are for the laboratory: nothing comes through while they are on. */
function modemConfigurationOf({ hat, bus }: Config): ModemConfiguration {
  const [firstFrequencyMhz = 0, secondFrequencyMhz = 0] = hat.frequencyPair.split("/").map(Number);
  return {
    frequencyNumber: hat.frequencyNumber,
    remoteLoopback: false,
    interferenceHopping: hat.interferenceHopping,
    longWakeUpMessage: hat.longWakeUpMessage,
    autoSleep: hat.autoSleep,
    autoWakeUpMessage: hat.autoWakeUpMessage,
    loopbackEnabled: false,
    interferenceDetected: false,
    firstFrequencyMhz,
    secondFrequencyMhz,
    bitRate: bus.baudRate,
  };
}
