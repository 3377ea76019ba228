import { describe, expect, test } from "bun:test";
import { portTable } from "../../src/cli/list-ports.ts";

describe("the table of serial ports", () => {
  test("has a column for what is known", () => {
    const table = portTable([
      { path: "/dev/ttyAMA0", driver: "uart-pl011", byId: [], byPath: [], aliases: ["/dev/serial0"] },
      {
        path: "/dev/ttyUSB0",
        driver: "ftdi_sio",
        usb: {
          vendorId: "0403",
          productId: "6001",
          manufacturer: "FTDI",
          product: "FT232R USB UART",
          serialNumber: "A50285BI",
        },
        byId: ["/dev/serial/by-id/usb-FTDI-port0"],
        byPath: ["/dev/serial/by-path/usb-1.2"],
        aliases: [],
      },
      {
        path: "/dev/ttyUSB1",
        usb: { vendorId: "1a86", productId: "7523" },
        byId: [],
        byPath: ["/dev/serial/by-path/usb-1.3"],
        aliases: [],
      },
    ]);
    expect(table).toBe(
      [
        "PORT          DRIVER      PRODUCT               USB ID     SERIAL    STABLE NAME",
        "/dev/ttyAMA0  uart-pl011                                             /dev/serial0",
        "/dev/ttyUSB0  ftdi_sio    FTDI FT232R USB UART  0403:6001  A50285BI  /dev/serial/by-id/usb-FTDI-port0",
        "/dev/ttyUSB1                                    1a86:7523            /dev/serial/by-path/usb-1.3",
        "",
      ].join("\n"),
    );
  });

  test("leaves out columns that are empty", () => {
    expect(portTable([{ path: "/dev/ttyS0", byId: [], byPath: [], aliases: [] }])).toBe("PORT\n/dev/ttyS0\n");
  });

  test("says that there are none", () => {
    expect(portTable([])).toBe("no serial ports\n");
  });
});
