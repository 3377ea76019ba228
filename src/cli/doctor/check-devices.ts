import type { Config } from "../../config/config.ts";
import { toError } from "../../lib/to-error.ts";
import { fail, ok, type Finding } from "./finding.ts";
import type { GpioFacts, Holder, Machine } from "./machine.ts";
import { refusalAt, type RightsView } from "./rights.ts";
import { SERVICE_USER, wishes } from "./service-user.ts";

type PortView = RightsView & Pick<Machine, "realPath" | "holdersOf">;

/** The serial port of the bus. It is not opened: some adapters and boards start anew when somebody does. */
export function checkSerialPort({ bus, emulator, mayBusBeMissing }: Config, machine: PortView): Finding[] {
  const subject = "serial port";
  const { device } = bus;
  if (emulator.enabled) return [ok(subject, "none is needed: the rack is emulated")];
  if (device === null) return [ok(subject, "no bus is configured")];
  const facts = machine.facts(device);
  if (!facts && mayBusBeMissing)
    return [ok(subject, `no bus: there is no ${device}, and nobody has named a serial port in bus.device`)];
  if (!facts)
    return [
      fail(
        subject,
        `${device} is not there`,
        "plug it in, or correct bus.device: opendcre list-ports shows what there is. On a Raspberry Pi, enable the port: sudo raspi-config",
      ),
    ];
  if (facts.kind !== "character-device")
    return [
      fail(subject, `${device} is no serial port`, "correct bus.device: opendcre list-ports shows what there is"),
    ];
  const path = machine.realPath(device);
  const refusal = refusalAt(path, wishes.read | wishes.write, machine);
  if (refusal) return [fail(subject, refusal.message, refusal.advice)];
  const holders = machine.holdersOf(path);
  const others = holders.filter(({ name }) => name !== SERVICE_USER);
  if (others.length > 0)
    return [fail(subject, `${device} is in use by ${listed(others)}`, adviceAgainst(others, path))];
  const use = holders.length > 0 ? `, and in use by ${listed(holders)}` : "";
  return [ok(subject, `${device} is there, the user ${machine.user.name} may use it${use}`)];
}

const listed = (holders: readonly Holder[]) => holders.map(({ name, pid }) => `${name} (process ${pid})`).join(", ");

function adviceAgainst(holders: readonly Holder[], path: string): string {
  if (!holders.some(({ name }) => name.endsWith("getty"))) return "stop that program";
  const unit = `serial-getty@${path.replace("/dev/", "")}`;
  return `it is a login prompt: sudo systemctl disable --now ${unit}, and take console=${path.replace("/dev/", "")} out of the kernel's command line`;
}

/** The power-line HAT's GPIO lines; undefined where no HAT is configured. */
export function checkHat({ bus, hat, emulator }: Config, machine: RightsView & Pick<Machine, "findGpio">): Finding[] {
  const subject = "HAT";
  if (bus.hardware !== "hat" || emulator.enabled) return [];
  let gpio: GpioFacts;
  try {
    gpio = machine.findGpio(hat.gpioChip, [hat.commandPin, hat.frequencySelectPin, hat.inhPin, hat.nsleepPin]);
  } catch (error) {
    return [fail(subject, toError(error).message, "hat.gpio_chip and hat.…_pin say where the HAT is")];
  }
  const { path, taken } = gpio;
  const refusal = refusalAt(path, wishes.read | wishes.write, machine);
  if (refusal) return [fail(subject, refusal.message, refusal.advice)];
  const others = taken.filter(({ consumer }) => consumer !== SERVICE_USER);
  if (others.length > 0)
    return others.map(({ offset, consumer }) =>
      fail(
        subject,
        `line ${offset} of ${path} is in use by ${consumer === "" ? "someone who gave no name" : JSON.stringify(consumer)}`,
        "stop that program, or take the overlay out of config.txt that gives it the line; hat.…_pin say where the HAT is",
      ),
    );
  return [ok(subject, `its lines are on ${path}, which the user ${machine.user.name} may use`)];
}
