/**
 * Takes a line of a real GPIO chip, sets it both ways and reads it back, and looks whether the kernel says no as it should. Compiled
 * for the machine in which it runs; writes a line for each thing that was looked at, and exits 1 where one was not as it should be.
 *
 * gpio-check [CHIP [OFFSET]]: by default /dev/gpiochip0 and its line 4.
 */
import { openChip, offsetOn } from "../../src/gpio/find.ts";
import { GpioError } from "../../src/gpio/errors.ts";
import { GpioChip } from "../../src/gpio/gpio-chip.ts";

const [which = "/dev/gpiochip0", spelledOffset = "4"] = process.argv.slice(2);
let failures = 0;

function check(what: string, found: unknown, expected: unknown): void {
  const isRight = JSON.stringify(found) === JSON.stringify(expected);
  if (!isRight) failures++;
  const verdict = isRight ? "ok" : `FAILED, expected ${JSON.stringify(expected)}`;
  console.log(`${what}: ${JSON.stringify(found)} ${verdict}`);
}

/** The code of what the action throws. */
function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (!(error instanceof GpioError)) throw error;
    console.log(`  ${error.message}`);
    return error.code;
  }
  return "nothing thrown";
}

using chip = openChip(which);
console.log(`${chip.path} is ${chip.info.name}, ${chip.info.label}, ${chip.info.lines} lines`);
const offset = offsetOn(chip, `offset ${spelledOffset}`);
check("the line is free", chip.lineInfo(offset).isUsed, false);

const line = chip.request(offset, { consumer: "gpio-check", mode: { direction: "output", isHigh: true } });
const taken = chip.lineInfo(offset);
check("the line is ours", [taken.isUsed, taken.consumer, taken.direction], [true, "gpio-check", "output"]);
check("high from the first moment", line.read(), true);
line.drive(false);
check("driven low", line.read(), false);
line.drive(true);
check("driven high", line.read(), true);
check(
  "asked for twice",
  codeOf(() => chip.request(offset, { consumer: "second", mode: { direction: "input" } })),
  "gpio-busy",
);
line.float();
check("let go", chip.lineInfo(offset).direction, "input");
line.drive(false);
check("driven again", [chip.lineInfo(offset).direction, line.read()], ["output", false]);
line.release();
check(
  "after release",
  codeOf(() => line.read()),
  "gpio-released",
);
check("the line is free again", chip.lineInfo(offset).isUsed, false);

check(
  "a line that is not there",
  codeOf(() => chip.lineInfo(chip.info.lines)),
  "gpio-not-found",
);
check(
  "a name that is not there",
  codeOf(() => offsetOn(chip, "NO SUCH LINE")),
  "gpio-not-found",
);
check(
  "a chip that is not there",
  codeOf(() => openChip("/dev/gpiochip99")),
  "gpio-not-found",
);
check(
  "no chip at all",
  codeOf(() => GpioChip.open("/dev/null")),
  "gpio-not-found",
);
check("by its label", openChip(chip.info.label).info.label, chip.info.label);
process.exit(failures === 0 ? 0 : 1);
