import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { listPorts } from "bun-serialport";

let root: string;

function file(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** A relative link, as sysfs and udev make them. */
function link(path: string, target: string): void {
  const at = join(root, path);
  mkdirSync(dirname(at), { recursive: true });
  mkdirSync(join(root, target), { recursive: true });
  symlinkSync(relative(dirname(at), join(root, target)), at);
}

/** A terminal of sysfs, with its device where it has one. */
function tty(name: string, device?: string): void {
  const folder = `sys/devices/${device ?? "virtual"}/tty/${name}`;
  file(`${folder}/dev`, "1:1\n");
  link(`sys/class/tty/${name}`, folder);
  if (device !== undefined) link(`${folder}/device`, `sys/devices/${device}`);
}

/** Names by which udev knows a terminal. */
function names(target: string, ...paths: string[]): void {
  file(`dev/${target}`, "");
  for (const path of paths) {
    mkdirSync(dirname(join(root, "dev", path)), { recursive: true });
    symlinkSync(relative(dirname(join("dev", path)), join("dev", target)), join(root, "dev", path));
  }
}

// Laid out as in /sys of a Raspberry Pi 4 with Linux 6.6 (serial-base devices between port and hardware), with an FT232R adapter and
// a two-port CP2105 in USB sockets, and of a PC with 8250 placeholders.
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "list-ports-"));
  const uart = "platform/soc/fe201000.serial";
  tty("ttyAMA0", `${uart}/fe201000.serial:0/fe201000.serial:0.0`);
  for (const part of ["fe201000.serial:0", "fe201000.serial:0/fe201000.serial:0.0"]) {
    link(`sys/devices/${uart}/${part}/subsystem`, "sys/bus/serial-base");
    link(`sys/devices/${uart}/${part}/driver`, "sys/bus/serial-base/drivers/port");
  }
  link(`sys/devices/${uart}/subsystem`, "sys/bus/amba");
  link(`sys/devices/${uart}/driver`, "sys/bus/amba/drivers/uart-pl011");
  names("ttyAMA0", "serial0");

  const usb = "platform/soc/fd500000.pcie/usb1/1-1";
  file(`sys/devices/${usb}/1-1.2/idVendor`, "0403\n");
  file(`sys/devices/${usb}/1-1.2/idProduct`, "6001\n");
  file(`sys/devices/${usb}/1-1.2/manufacturer`, "FTDI\n");
  file(`sys/devices/${usb}/1-1.2/product`, "FT232R USB UART\n");
  file(`sys/devices/${usb}/1-1.2/serial`, "A900abcd\n");
  file(`sys/devices/${usb}/idVendor`, "2109\n");
  file(`sys/devices/${usb}/idProduct`, "3431\n");
  tty("ttyUSB0", `${usb}/1-1.2/1-1.2:1.0/ttyUSB0`);
  link(`sys/devices/${usb}/1-1.2/1-1.2:1.0/ttyUSB0/driver`, "sys/bus/usb-serial/drivers/ftdi_sio");
  file(`sys/devices/${usb}/1-1.2/1-1.2:1.0/interface`, "FT232R USB UART\n");
  names("ttyUSB0", "serial/by-id/usb-FTDI_FT232R_USB_UART_A900abcd-if00-port0", "serial/by-path/b", "serial/by-path/a");

  tty("ttyUSB10", `${usb}/1-1.3/1-1.3:1.1/ttyUSB10`);
  file(`sys/devices/${usb}/1-1.3/idVendor`, "10c4\n");
  file(`sys/devices/${usb}/1-1.3/idProduct`, "ea70\n");
  file(`sys/devices/${usb}/1-1.3/serial`, "\n");
  file(`sys/devices/${usb}/1-1.3/1-1.3:1.1/interface`, "Standard Com Port\n");
  tty("ttyUSB2", `${usb}/1-1.4/1-1.4:1.0/ttyUSB2`);
  file(`sys/devices/${usb}/1-1.4/idVendor`, "1a86\n");
  file(`sys/devices/${usb}/1-1.4/idProduct`, "7523\n");

  tty("ttyS0", "pnp0/00:00");
  file("sys/devices/pnp0/00:00/tty/ttyS0/type", "4\n");
  tty("ttyS1", "platform/serial8250");
  file("sys/devices/platform/serial8250/tty/ttyS1/type", "0\n");
  for (const name of ["tty0", "console", "ptmx"]) tty(name);
});

afterAll(() => rmSync(root, { recursive: true }));

const list = () => listPorts({ sysfsPath: join(root, "sys"), devPath: join(root, "dev") });

test("lists ports that have hardware, in the order of their numbers", async () => {
  const paths = (await list()).map((port) => relative(join(root, "dev"), port.path));
  expect(paths).toEqual(["ttyAMA0", "ttyS0", "ttyUSB0", "ttyUSB2", "ttyUSB10"]);
});

test("a UART has its driver, not that of serial-core, and its aliases", async () => {
  const [uart] = await list();
  expect(uart).toEqual({
    path: join(root, "dev/ttyAMA0"),
    byId: [],
    byPath: [],
    aliases: [join(root, "dev/serial0")],
    driver: "uart-pl011",
  });
});

test("a USB adapter has everything that USB tells, and its stable names", async () => {
  const adapter = (await list()).find(({ path }) => path.endsWith("ttyUSB0"));
  expect(adapter).toEqual({
    path: join(root, "dev/ttyUSB0"),
    byId: [join(root, "dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A900abcd-if00-port0")],
    byPath: [join(root, "dev/serial/by-path/a"), join(root, "dev/serial/by-path/b")],
    aliases: [],
    driver: "ftdi_sio",
    usb: {
      vendorId: "0403",
      productId: "6001",
      manufacturer: "FTDI",
      product: "FT232R USB UART",
      serialNumber: "A900abcd",
      interface: "FT232R USB UART",
    },
  });
});

test("what a device does not tell is absent", async () => {
  const [second, bare] = (await list()).filter(({ path }) => /ttyUSB(10|2)$/.test(path)).toReversed();
  expect(second?.usb).toEqual({ vendorId: "10c4", productId: "ea70", interface: "Standard Com Port" });
  expect(bare?.usb).toEqual({ vendorId: "1a86", productId: "7523" });
  expect(bare).not.toHaveProperty("driver");
});

test("a system without sysfs has no ports, and this one can be asked", async () => {
  expect(await listPorts({ sysfsPath: join(root, "none"), devPath: join(root, "none") })).toEqual([]);
  for (const port of await listPorts()) expect(port.path).toStartWith("/dev/");
});
