/** FRU images held against what FreeIPMI, ipmitool and pyghmi read of them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFruData } from "../../../src/ipmi-js/commands/fru-commands.ts";
import { chassisTypeName } from "../../../src/ipmi-js/fru/chassis-types.ts";
import { decodeFru } from "../../../src/ipmi-js/fru/decode-fru.ts";
import { encodeFru } from "../../../src/ipmi-js/fru/encode-fru.ts";
import type { FruBoard, FruChassis, FruField, FruProduct } from "../../../src/ipmi-js/fru/inventory.ts";
import { recordedSession } from "../../support/recorded-ipmi.ts";
import { recordedCommands } from "../../support/recorded-messages.ts";
import { richFru } from "./fru-samples.ts";

/** The image that was read in a recording, as far as it was read. */
function recordedImage(name: string): Uint8Array {
  const image = new Uint8Array(2048);
  let size = 0;
  for (const { netFn, code, request, completionCode, reply } of recordedCommands(recordedSession(name))) {
    if (netFn !== readFruData.netFn || code !== readFruData.code || completionCode !== 0) continue;
    const { offset } = readFruData.request.decode(request);
    const { data } = readFruData.reply.decode(reply);
    image.set(data, offset);
    size = Math.max(size, offset + data.length);
  }
  return image.subarray(0, size);
}

/** What ipmitool printed of it: labels and values, in their order. */
const printed = (name: string): [string, string][] =>
  recordedSession(name).output.flatMap((line) => {
    const [, label, value] = /^ (\S.*?) +: (.*)$/.exec(line) ?? [];
    return label !== undefined && value !== undefined ? [[label, value]] : [];
  });

type Line = readonly [label: string, value: string | undefined];

const extra = (label: string, fields: readonly FruField[] | undefined): Line[] =>
  (fields ?? []).map(({ text }) => [label, text]);

const capitalized = (text: string) => text.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase());

const dateText = (date: Date | undefined) =>
  date?.toUTCString().replace(/^(...), (..) (...) (....) (.*) GMT$/, "$1 $3 $2 $5 $4 UTC");

const chassisLines = (chassis: FruChassis | undefined): Line[] => [
  ["Chassis Type", chassis && capitalized(chassisTypeName(chassis.type))],
  ["Chassis Part Number", chassis?.partNumber?.text],
  ["Chassis Serial", chassis?.serialNumber?.text],
  ...extra("Chassis Extra", chassis?.custom),
];

const boardLines = (board: FruBoard | undefined): Line[] => [
  ["Board Mfg Date", dateText(board?.manufacturedAt)],
  ["Board Mfg", board?.manufacturer?.text],
  ["Board Product", board?.productName?.text],
  ["Board Serial", board?.serialNumber?.text],
  ["Board Part Number", board?.partNumber?.text],
  ...extra("Board Extra", board?.custom),
];

const productLines = (product: FruProduct | undefined): Line[] => [
  ["Product Manufacturer", product?.manufacturer?.text],
  ["Product Name", product?.productName?.text],
  ["Product Part Number", product?.partNumber?.text],
  ["Product Version", product?.version?.text],
  ["Product Serial", product?.serialNumber?.text],
  ["Product Asset Tag", product?.assetTag?.text],
  ...extra("Product Extra", product?.custom),
];

describe("images of the simulated BMC", () => {
  test.each(["ipmitool-fru", "ipmitool-fru-1"])("%s as ipmitool printed it", (name) => {
    const inventory = decodeFru(recordedImage(name));
    expect(inventory.problems).toEqual([]);
    const { chassis, board, product } = inventory;
    const mine = [...chassisLines(chassis), ...boardLines(board), ...productLines(product)];
    expect(mine.filter(([, value]) => value !== undefined)).toEqual(printed(name));
  });
});

/** What a program prints. */
const run = async (...command: string[]) => {
  const child = Bun.spawn(command, { stdio: ["ignore", "pipe", "ignore"] });
  return new Uint8Array(await new Response(child.stdout).arrayBuffer());
};

describe("images that were encoded here", () => {
  const folder = mkdtempSync(join(tmpdir(), "opendcre-fru-"));
  const path = join(folder, "rich.bin");
  beforeAll(() => writeFileSync(path, encodeFru(richFru)));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.skipIf(Bun.which("ipmi-fru") === null)("FreeIPMI finds every area, field and record", async () => {
    // It writes Latin-1 as it is.
    const output = new TextDecoder("latin1").decode(await run("ipmi-fru", `--fru-file=${path}`));
    const lines = output
      .split("\n")
      .flatMap((line) => (line.startsWith("  FRU ") ? [line.slice("  FRU ".length)] : []));
    // FreeIPMI 1.6 refuses all BCD plus, digits too: pyghmi has that field, below.
    expect(lines.filter((line) => line !== "Board Product Name: Error 'FRU invalid BCD encoding'")).toEqual([
      "Chassis Type: Rack Mount Chassis",
      "Chassis Part Number: CH-1",
      "Chassis Serial Number: X1",
      "Chassis Custom Info: one",
      "Chassis Custom Info: DEh ADh BEh EFh",
      "Board Manufacturing Date/Time: 02/29/24 - 12:34:00",
      "Board Manufacturer: ACME CORP 12",
      "Board Serial Number: Ärger",
      "FRU File ID: f1",
      "Product Manufacturer Name: M1",
      "Product Name: N1",
      "Product Part/Model Number: P1",
      "Product Version: V1",
      "Product Serial Number: S1",
      "Product Asset Tag: A1",
      "FRU File ID: F1",
      "Product Custom Info: c1",
      "Product Custom Info: c2",
      "Power Supply Overall Capacity: 900 Watts",
      "Power Supply Peak VA: 1000 VA",
      "Power Supply Max Inrush Current: 30 Amps",
      "Power Supply Inrush Interval: 5 ms",
      "Power Supply Low End Input Voltage 1: 90000 mV",
      "Power Supply High End Input Voltage 1: 132000 mV",
      "Power Supply Low End Input Voltage 2: 180000 mV",
      "Power Supply High End Input Voltage 2: 264000 mV",
      "Power Supply Low End Acceptable Frequency: 47 Hz",
      "Power Supply High End Acceptable Frequency: 63 Hz",
      "Power Supply A/C Dropout Tolerance: 20 ms",
      "Power Supply Predictive Fail Support: Yes",
      "Power Supply Predictive Fail: Tach output, two pulses per rotation",
      "Power Supply Power Factor Correction Supported: Yes",
      "Power Supply AutoSwitch Supprt: No",
      "Power Supply Hot Swap Support: Yes",
      "Power Supply Peak Capacity: 1100 Watts",
      "Power Supply Hold Up Time: 10 s",
      "Power Supply Voltage 1: 12V",
      "Power Supply Voltage 2: 3.3V",
      "Power Supply Total Combined Wattage: 300 Watts",
      "DC Output Output Number: 2",
      "DC Output Output on Standy: Yes",
      "DC Output Nominal Voltage: -12000 mV",
      "DC Output Maximum Negative Voltage Deviation: -12600 mV",
      "DC Output Maximum Positive Voltage Deviation: -11400 mV",
      "DC Output Ripple and Noise pk-pk: 120 mV",
      "DC Output Minimum Current Draw: 500 mA",
      "DC Output Maximum Current Draw: 3000 mA",
      "DC Load Output Number: 1",
      "DC Load Nominal Voltage: 5000 mV",
      "DC Load Spec'd Minimum Voltage: 4750 mV",
      "DC Load Spec'd Maximum Voltage: 5250 mV",
      "DC Load Spec'd Ripple and Noise pk-pk: 50 mV",
      "DC Load Minimum Current Load: 100 mA",
      "DC Load Maximum Current Load: 2000 mA",
      "Management Access System Management URL: http://192.0.2.1/",
      "Base Compatibility Manufacturer ID: Example Enterprise Number for Documentation Use (7ED9h)",
      "Base Compatibility Entity ID: 7h",
      "Base Compatibility Comptability Base: 1h",
      "Base Compatibility Comptability Code Start Value: 2h",
      "Base Compatibility Code Mask: 03h",
      "OEM Manufacturer ID: Example Enterprise Number for Documentation Use (7ED9h)",
      "OEM Data: 01h 02h 03h",
    ]);
  });

  const python = "/usr/bin/python3";
  const hasPyghmi = existsSync(python) && existsSync("/usr/lib/python3/dist-packages/pyghmi/ipmi/fru.py");

  test.skipIf(!hasPyghmi)("pyghmi reads all encodings", async () => {
    const script =
      "import sys, json; from pyghmi.ipmi import fru; print(json.dumps(fru.FRU(rawdata=bytearray(open(sys.argv[1], 'rb').read())).info, default=lambda raw: raw.hex()))";
    const info: unknown = JSON.parse(new TextDecoder().decode(await run(python, "-c", script, path)));
    expect(info).toEqual({
      "Chassis type": "Rack Mount Chassis",
      "Chassis part number": "CH-1",
      "Chassis serial number": "X1",
      chassis_extra: ["one", "deadbeef"],
      "Board manufacture date": "2024-02-29T12:34",
      "Board manufacturer": "ACME CORP 12",
      "Board product name": "12-34.5",
      "Board serial number": "Ärger",
      "Board model": null,
      "Board FRU Id": "f1",
      board_extra: [],
      Manufacturer: "M1",
      "Product name": "N1",
      Model: "P1",
      "Hardware Version": "V1",
      "Serial Number": "S1",
      "Asset Number": "A1",
      "FRU ID": "F1",
      product_extra: ["c1", "c2"],
    });
  });
});
