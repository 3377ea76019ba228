import { hexNumber } from "../bytes/hex.ts";

/** @see IPMI 2.0, table 42-3 */
const sensorTypeNames: readonly string[] = [
  "reserved",
  "Temperature",
  "Voltage",
  "Current",
  "Fan",
  "Physical Security",
  "Platform Security Violation Attempt",
  "Processor",
  "Power Supply",
  "Power Unit",
  "Cooling Device",
  "Other Units-based Sensor",
  "Memory",
  "Drive Slot",
  "POST Memory Resize",
  "System Firmware Progress",
  "Event Logging Disabled",
  "Watchdog 1",
  "System Event",
  "Critical Interrupt",
  "Button / Switch",
  "Module / Board",
  "Microcontroller / Coprocessor",
  "Add-in Card",
  "Chassis",
  "Chip Set",
  "Other FRU",
  "Cable / Interconnect",
  "Terminator",
  "System Boot / Restart Initiated",
  "Boot Error",
  "Base OS Boot / Installation Status",
  "OS Stop / Shutdown",
  "Slot / Connector",
  "System ACPI Power State",
  "Watchdog 2",
  "Platform Alert",
  "Entity Presence",
  "Monitor ASIC / IC",
  "LAN",
  "Management Subsystem Health",
  "Battery",
  "Session Audit",
  "Version Change",
  "FRU State",
];

/** From here on sensor types are their makers'. */
const FIRST_OEM_TYPE = 0xc0;

/** A sensor type in words. */
export const sensorTypeName = (code: number): string =>
  sensorTypeNames[code] ?? `${code >= FIRST_OEM_TYPE ? "OEM" : "reserved"} sensor type ${hexNumber(code)}`;
