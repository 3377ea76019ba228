import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** What USB tells of a device. Ids are four hexadecimal digits in lower case, as lsusb shows them. */
export interface UsbIdentity {
  readonly vendorId: string;
  readonly productId: string;
  readonly manufacturer?: string;
  readonly product?: string;
  readonly serialNumber?: string;
  /** The name of the USB interface, which tells the ports of a device with several apart. */
  readonly interface?: string;
}

/** A serial port of the machine. */
export interface PortInfo {
  /** The kernel's name, which may change from start to start: /dev/ttyUSB0. */
  readonly path: string;
  /** Names made of maker, product and serial number, which follow the device: /dev/serial/by-id/... */
  readonly byId: readonly string[];
  /** Names made of the socket it is plugged into, which stay with the socket: /dev/serial/by-path/... */
  readonly byPath: readonly string[];
  /** Further names that the system has for it: /dev/serial0 on a Raspberry Pi. */
  readonly aliases: readonly string[];
  /** The kernel's driver: ftdi_sio, uart-pl011. */
  readonly driver?: string;
  /** Absent where the port is not at a USB device. */
  readonly usb?: UsbIdentity;
}

export interface ListPortsOptions {
  /** Where sysfs is, default /sys. */
  readonly sysfsPath?: string;
  /** Where the device files are, default /dev. */
  readonly devPath?: string;
}

/** The further names of every port, by its kernel name. */
type Links = Readonly<Record<"byId" | "byPath" | "aliases", ReadonlyMap<string, readonly string[]>>>;

/** `type` of a port of the 8250 driver behind which no hardware was found: PORT_UNKNOWN of linux/serial_core.h. */
const NO_HARDWARE = "0";

/**
 * The serial ports of this machine, sorted by path (ttyUSB2 before ttyUSB10), whether or not somebody uses them or this user may.
 * Consoles, pseudo terminals and 8250 placeholders without hardware are not among them. Empty where there is no sysfs.
 */
export async function listPorts(options: ListPortsOptions = {}): Promise<PortInfo[]> {
  const classPath = join(options.sysfsPath ?? "/sys", "class/tty");
  const devPath = options.devPath ?? "/dev";
  const links: Links = {
    byId: await linksByTarget(join(devPath, "serial/by-id")),
    byPath: await linksByTarget(join(devPath, "serial/by-path")),
    aliases: await linksByTarget(devPath, /^serial\d+$/),
  };
  const names = (await entries(classPath)).toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const ports = await Promise.all(names.map((name) => portInfo(classPath, devPath, name, links)));
  return ports.filter((port) => port !== undefined);
}

/** What is known of a port; undefined where `name` is none. */
async function portInfo(classPath: string, devPath: string, name: string, links: Links): Promise<PortInfo | undefined> {
  const device = await resolved(join(classPath, name, "device"));
  if (device === undefined || (await attribute(join(classPath, name), "type")) === NO_HARDWARE) return undefined;
  return {
    path: join(devPath, name),
    byId: links.byId.get(name) ?? [],
    byPath: links.byPath.get(name) ?? [],
    aliases: links.aliases.get(name) ?? [],
    ...(await driverOf(device)),
    ...(await usbOf(device)),
  };
}

/** The driver of a port's device. Since Linux 6.5, serial-core puts two devices of its own between port and hardware: not those. */
async function driverOf(device: string): Promise<{ driver?: string }> {
  for (const folder of upwards(device)) {
    if ((await linkName(join(folder, "subsystem"))) === "serial-base") continue;
    const driver = await linkName(join(folder, "driver"));
    return driver === undefined ? {} : { driver };
  }
  return {};
}

/** The USB device that a port belongs to: the nearest one above it, and the name of the interface in between. */
async function usbOf(device: string): Promise<{ usb?: UsbIdentity }> {
  let interfaceName: string | undefined;
  for (const folder of upwards(device)) {
    interfaceName ??= await attribute(folder, "interface");
    const [vendorId, productId] = await Promise.all([attribute(folder, "idVendor"), attribute(folder, "idProduct")]);
    if (vendorId === undefined || productId === undefined) continue;
    const [manufacturer, product, serialNumber] = await Promise.all([
      attribute(folder, "manufacturer"),
      attribute(folder, "product"),
      attribute(folder, "serial"),
    ]);
    const usb = {
      vendorId,
      productId,
      ...(manufacturer !== undefined && { manufacturer }),
      ...(product !== undefined && { product }),
      ...(serialNumber !== undefined && { serialNumber }),
      ...(interfaceName !== undefined && { interface: interfaceName }),
    };
    return { usb };
  }
  return {};
}

/** A folder and those above it. */
function* upwards(folder: string): Generator<string> {
  for (let at = folder; at !== dirname(at); at = dirname(at)) yield at;
}

/** The links in `folder` whose names match, as full paths by the last part of what they lead to. */
async function linksByTarget(folder: string, name = /./): Promise<Map<string, string[]>> {
  const byTarget = new Map<string, string[]>();
  for (const entry of (await entries(folder)).toSorted()) {
    if (!name.test(entry)) continue;
    const path = join(folder, entry);
    const target = await linkName(path);
    if (target === undefined) continue;
    const paths = byTarget.get(target);
    if (paths) paths.push(path);
    else byTarget.set(target, [path]);
  }
  return byTarget;
}

// What sysfs and udev do not have, or take away while it is read, is absent and no error.

const absent = (): undefined => undefined;

const entries = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

const resolved = (path: string): Promise<string | undefined> => realpath(path).catch(absent);

/** The last part of what a link leads to; undefined where there is no link. */
const linkName = (path: string): Promise<string | undefined> => readlink(path).then(basename, absent);

/** A value of sysfs; undefined where it is missing or empty. */
async function attribute(folder: string, name: string): Promise<string | undefined> {
  const text = await readFile(join(folder, name), "utf8").catch(absent);
  return text?.trim() || undefined;
}
