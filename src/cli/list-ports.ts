import { listPorts, type PortInfo } from "bun-serialport";
import { optionOf, type CommandContext, type Invocation } from "./command.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";

/** `opendcre list-ports`. */
export async function printPorts(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const ports = await listPorts();
  await context.print(optionOf(invocation, "json") ? `${JSON.stringify(ports, undefined, 2)}\n` : portTable(ports));
  return exitCodes.ok;
}

const words = (...parts: readonly (string | undefined)[]) => parts.filter((part) => part !== undefined).join(" ");

/** The ports as a table for people, with the columns that any of them has something for. */
export function portTable(ports: readonly PortInfo[]): string {
  if (ports.length === 0) return "no serial ports\n";
  const rows = ports.map(({ path, driver, usb, byId, byPath, aliases }) => [
    path,
    driver ?? "",
    words(usb?.manufacturer, usb?.product),
    usb ? `${usb.vendorId}:${usb.productId}` : "",
    usb?.serialNumber ?? "",
    words(...aliases, byId[0] ?? byPath[0]),
  ]);
  const titles = ["PORT", "DRIVER", "PRODUCT", "USB ID", "SERIAL", "STABLE NAME"];
  const shown = titles
    .map((title, column) => ({ title, cells: rows.map((row) => row[column] ?? "") }))
    .filter(({ cells }) => cells.some((cell) => cell !== ""));
  const columns = shown.map(({ title, cells }) => {
    const width = Math.max(title.length, ...cells.map((cell) => cell.length));
    return [title, ...cells].map((cell) => cell.padEnd(width));
  });
  const lines = Array.from({ length: rows.length + 1 }, (_, line) => columns.map((column) => column[line]).join("  "));
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}
