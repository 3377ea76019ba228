import { Type } from "@sinclair/typebox";
import { flag } from "./setting-types.ts";

/** A line of the Raspberry Pi's header. */
const pin = (preset: number, description: string) =>
  Type.Union([Type.Integer({ minimum: 1, maximum: 40 }), Type.String({ minLength: 1, maxLength: 31 })], {
    default: preset,
    description,
    expected: 'a physical pin from 1 to 40, the name of a line, or a line of the chip as "offset 4"',
  });

/** The modem's pairs of frequencies, in MHz. */
const pairs = [
  "1.75/4.5",
  "1.75/5.5",
  "1.75/6",
  "1.75/6.5",
  "4.5/5.5",
  "4.5/6",
  "4.5/6.5",
  "4.5/10.5",
  "10.5/13",
  "5.5/10.5",
  "5.5/13",
  "6/10.5",
  "6/13",
  "6.5/10.5",
  "6.5/13",
  "5.5/6.5",
] as const;

/** What is set of the power-line HAT. */
export const hat = Type.Object(
  {
    gpio_chip: Type.Union([Type.String({ minLength: 1 }), Type.Null()], {
      default: null,
      description:
        "The GPIO chip that the pins are lines of: its path, its number or its label. null finds the one of the Raspberry Pi's header.",
      expected: "the path, the number or the label of a GPIO chip, or null",
    }),
    command_pin: pin(
      13,
      'The pin that is low while the modem is configured. All pins: a physical pin of the Raspberry Pi\'s header as a number, a line by its name, or by its place on the chip as "offset 4".',
    ),
    frequency_select_pin: pin(19, "The pin that is high while the second frequency is in use."),
    inh_pin: pin(15, "The pin that the modem holds high while it is awake."),
    nsleep_pin: pin(11, "The pin that wakes the modem by a pulse to low."),
    frequency_pair: Type.Union(
      pairs.map((pair) => Type.Literal(pair)),
      { default: "5.5/10.5", description: "The two frequencies on the power line, in MHz." },
    ),
    frequency_number: Type.Union([Type.Literal(0), Type.Literal(1)], {
      default: 1,
      description:
        "Which of them is in use: 0 the first, 1 the second. Below 10 MHz bus.baud_rate is 9600, 19200, 38400 or 57600, else 19200, 38400, 57600 or 115200.",
    }),
    interference_hopping: flag(false, "Lets the modem go to the other frequency where there is interference."),
    long_wake_up_message: flag(true, "Sends the long message when the modem wakes, on which the boards wake, too."),
    auto_sleep: flag(true, "Lets the modem go to sleep when the line has been silent."),
    auto_wake_up_message: flag(false, "Lets the modem send a wake-up message by itself before it sends."),
  },
  { description: "The power-line HAT, where bus.hardware is hat. Its modem's bit rate is bus.baud_rate." },
);
