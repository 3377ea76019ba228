/**
 * Labels of the chips that the header of a Raspberry Pi hangs on: Pi 1 to 3 and Zero (BCM2835 to BCM2837), Pi 4 (BCM2711),
 * Pi 5 (RP1). On all of them, a line's offset is its BCM number. The chip's own number differs: on a Pi 5 it was gpiochip4 up to
 * Linux 6.6 and is gpiochip0 since, which is why it is looked for by its label.
 * @see drivers/pinctrl/bcm/pinctrl-bcm2835.c and drivers/pinctrl/pinctrl-rp1.c of Raspberry Pi's Linux
 */
export const headerChipLabels: readonly string[] = ["pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"];

/**
 * BCM numbers by physical pin of the 40-pin header, which every model since the 1 B+ has; the 26 pins of the first ones are its
 * first 26 (but for revision 1 of 2012, which no HAT fits). Pins that are missing are power and ground.
 */
const bcmByPin: ReadonlyMap<number, number> = new Map([
  [3, 2],
  [5, 3],
  [7, 4],
  [8, 14],
  [10, 15],
  [11, 17],
  [12, 18],
  [13, 27],
  [15, 22],
  [16, 23],
  [18, 24],
  [19, 10],
  [21, 9],
  [22, 25],
  [23, 11],
  [24, 8],
  [26, 7],
  [27, 0],
  [28, 1],
  [29, 5],
  [31, 6],
  [32, 12],
  [33, 13],
  [35, 19],
  [36, 16],
  [37, 26],
  [38, 20],
  [40, 21],
]);

/** The BCM number of the line at a physical pin; undefined for power, ground and numbers that are no pin. */
export const bcmLineOf = (pin: number): number | undefined => bcmByPin.get(pin);
