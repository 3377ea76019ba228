/**
 * Numbers of the Linux interface to serial lines, the same on x64 and arm64 (and on every architecture that uses the generic headers).
 * @see Linux include/uapi/asm-generic/{fcntl,ioctls,termbits,termbits-common,termios}.h, include/uapi/linux/serial_core.h
 */

/** `open(2)`: asm-generic/fcntl.h. */
export const OPEN = { readWrite: 0o2, noControllingTty: 0o400, nonBlocking: 0o4000, closeOnExec: 0o2000000 } as const;

/** `flock(2)`: asm-generic/fcntl.h. */
export const LOCK = { exclusive: 2, nonBlocking: 4, unlock: 8 } as const;

/** `ioctl(2)` requests on a terminal: asm-generic/ioctls.h. */
export const IOCTL = {
  TCGETS: 0x5401,
  TCSETS: 0x5402,
  TIOCEXCL: 0x540c,
  TIOCNXCL: 0x540d,
  TIOCOUTQ: 0x5411,
  TIOCSWINSZ: 0x5414,
  TIOCMGET: 0x5415,
  TIOCMBIS: 0x5416,
  TIOCMBIC: 0x5417,
  TIOCSBRK: 0x5427,
  TIOCCBRK: 0x5428,
  TIOCSERGETLSR: 0x5459,
  /** _IOR('T', 0x30, unsigned int) */
  TIOCGPTN: 0x80045430,
  /** _IOW('T', 0x31, int) */
  TIOCSPTLCK: 0x40045431,
  /** _IOR('T', 0x2A, struct termios2), 44 bytes */
  TCGETS2: 0x802c542a,
  /** _IOW('T', 0x2B, struct termios2) */
  TCSETS2: 0x402c542b,
} as const;

export type IoctlName = keyof typeof IOCTL;

/** `tcflush(3)`: asm-generic/termbits-common.h. */
export const FLUSH_QUEUE = { input: 0, output: 1, both: 2 } as const;

/** Modem lines, bits of TIOCMGET: asm-generic/termios.h. */
export const MODEM_BIT = { dtr: 0x002, rts: 0x004, cts: 0x020, dcd: 0x040, ri: 0x080, dsr: 0x100 } as const;

/** Transmitter empty, a bit of TIOCSERGETLSR: linux/serial.h. */
export const TIOCSER_TEMT = 0x01;

/** Bits of c_iflag: asm-generic/termbits.h. */
export const INPUT_FLAG = {
  IGNBRK: 0o1,
  BRKINT: 0o2,
  IGNPAR: 0o4,
  PARMRK: 0o10,
  INPCK: 0o20,
  ISTRIP: 0o40,
  INLCR: 0o100,
  IGNCR: 0o200,
  ICRNL: 0o400,
  IUCLC: 0o1000,
  IXON: 0o2000,
  IXANY: 0o4000,
  IXOFF: 0o10000,
} as const;

/** Bits of c_oflag: post-processing as a whole. */
export const OPOST = 0o1;

/** Bits of c_cflag. */
export const CONTROL_FLAG = {
  /** The rate, together with BOTHER: a Bxxx constant. */
  CBAUD: 0o10017,
  CSIZE: 0o60,
  CSTOPB: 0o100,
  CREAD: 0o200,
  PARENB: 0o400,
  PARODD: 0o1000,
  CLOCAL: 0o4000,
  /** The rate is the number in c_ospeed. */
  BOTHER: 0o10000,
  /** The rate of input; none given means that of output. */
  CIBAUD: 0o2003600000,
  CMSPAR: 0o10000000000,
  CRTSCTS: 0o20000000000,
} as const;

/** Bits of c_lflag. */
export const LOCAL_FLAG = {
  ISIG: 0o1,
  ICANON: 0o2,
  ECHO: 0o10,
  ECHONL: 0o100,
  IEXTEN: 0o100000,
} as const;

/** Indices into c_cc. */
export const CONTROL_CHARACTER = { VTIME: 5, VMIN: 6, VSTART: 8, VSTOP: 9 } as const;

/** Bxxx constants by the baud rate that they stand for. */
export const STANDARD_RATES: ReadonlyMap<number, number> = new Map([
  [50, 0o1],
  [75, 0o2],
  [110, 0o3],
  [134, 0o4],
  [150, 0o5],
  [200, 0o6],
  [300, 0o7],
  [600, 0o10],
  [1200, 0o11],
  [1800, 0o12],
  [2400, 0o13],
  [4800, 0o14],
  [9600, 0o15],
  [19_200, 0o16],
  [38_400, 0o17],
  [57_600, 0o10001],
  [115_200, 0o10002],
  [230_400, 0o10003],
  [460_800, 0o10004],
  [500_000, 0o10005],
  [576_000, 0o10006],
  [921_600, 0o10007],
  [1_000_000, 0o10010],
  [1_152_000, 0o10011],
  [1_500_000, 0o10012],
  [2_000_000, 0o10013],
  [2_500_000, 0o10014],
  [3_000_000, 0o10015],
  [3_500_000, 0o10016],
  [4_000_000, 0o10017],
]);
