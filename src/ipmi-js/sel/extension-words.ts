/**
 * Words for the second and third byte of event data.
 * @see IPMI 2.0, table 42-3
 */

/** Sensor type 0Fh, offset 00h. */
export const firmwareErrors: readonly string[] = [
  "unspecified",
  "no system memory is physically installed",
  "no usable system memory, all of it has failed",
  "unrecoverable hard-disk/ATAPI/IDE device failure",
  "unrecoverable system-board failure",
  "unrecoverable diskette subsystem failure",
  "unrecoverable hard-disk controller failure",
  "unrecoverable PS/2 or USB keyboard failure",
  "removable boot media not found",
  "unrecoverable video controller failure",
  "no video device detected",
  "firmware (BIOS) ROM corruption detected",
  "CPU voltage mismatch",
  "CPU speed matching failure",
];

/** Sensor type 0Fh, offsets 01h and 02h. */
export const firmwareProgress: readonly (string | undefined)[] = [
  "unspecified",
  "memory initialization",
  "hard-disk initialization",
  "secondary processor initialization",
  "user authentication",
  "user-initiated system setup",
  "USB resource configuration",
  "PCI resource configuration",
  "option ROM initialization",
  "video initialization",
  "cache initialization",
  "SM bus initialization",
  "keyboard controller initialization",
  "embedded / management controller initialization",
  "docking station attachment",
  "enabling docking station",
  "docking station ejection",
  "disabling docking station",
  "calling operating system wake-up vector",
  "starting operating system boot process",
  "baseboard or motherboard initialization",
  undefined,
  "floppy initialization",
  "keyboard test",
  "pointing device test",
  "primary processor initialization",
];

/** Sensor type 08h, offset 06h, third byte, bits 3:0. */
export const powerSupplyErrors: readonly string[] = [
  "vendor mismatch",
  "revision mismatch",
  "processor missing",
  "power supply rating mismatch",
  "voltage rating mismatch",
];

/** Sensor type 12h, offset 03h, bits 7:4. */
export const logActions: readonly string[] = [
  "entry added",
  "entry added because event did not map to a standard IPMI event",
  "entry added along with one or more SEL entries",
  "log cleared",
  "log disabled",
  "log enabled",
];
/** The same, bits 3:0. */
export const logTypes: readonly string[] = ["MCA log", "OEM 1 log", "OEM 2 log"];

/** Sensor type 12h, offset 04h, by bit. */
export const filterActions: readonly string[] = [
  "alert",
  "power off",
  "reset",
  "power cycle",
  "OEM action",
  "diagnostic interrupt (NMI)",
];

/** Sensor type 12h, offset 05h, bits 3:0. */
export const clocks: readonly string[] = ["SEL time stamp clock updated", "SDR time stamp clock updated"];

/** Sensor type 1Dh, offset 07h, bits 3:0. @see IPMI 2.0, table 28-11 */
export const restartCauses: readonly string[] = [
  "unknown",
  "chassis control command",
  "reset via push button",
  "power-up via power push button",
  "watchdog expiration",
  "OEM",
  "power-up on AC, policy always restore",
  "power-up on AC, policy restore previous state",
  "reset via PEF",
  "power cycle via PEF",
  "soft reset",
  "power-up via real time clock",
];

/** Sensor type 21h, bits 6:0. */
export const slotTypes: readonly string[] = [
  "PCI",
  "drive array",
  "external peripheral connector",
  "docking",
  "other standard internal expansion slot",
  "slot of the sensor's entity",
  "AdvancedTCA",
  "DIMM / memory device",
  "fan",
  "PCI Express",
  "SCSI (parallel)",
  "SATA / SAS",
  "USB",
];

/** Sensor type 23h, bits 7:4. */
export const watchdogInterrupts: Readonly<Record<number, string>> = {
  0x00: "none",
  0x01: "SMI",
  0x02: "NMI",
  0x03: "messaging interrupt",
  0x0f: "unspecified",
};
/** The same, bits 3:0. */
export const watchdogUses: Readonly<Record<number, string>> = {
  0x01: "BIOS FRB2",
  0x02: "BIOS/POST",
  0x03: "OS load",
  0x04: "SMS/OS",
  0x05: "OEM",
  0x0f: "unspecified",
};

/** Sensor type 2Ah, third byte, bits 5:4; 0 says nothing. */
export const deactivationCauses: readonly (string | undefined)[] = [
  undefined,
  "deactivated by Close Session command",
  "deactivated by timeout",
  "deactivated by configuration change",
];

/** Sensor type 2Bh. */
export const versionChanges: readonly string[] = [
  "unspecified",
  "management controller device ID",
  "management controller firmware revision",
  "management controller device revision",
  "management controller manufacturer ID",
  "management controller IPMI version",
  "management controller auxiliary firmware ID",
  "management controller firmware boot block",
  "other management controller firmware",
  "system firmware (EFI / BIOS)",
  "SMBIOS",
  "operating system",
  "operating system loader",
  "service or diagnostic partition",
  "management software agent",
  "management software application",
  "management software middleware",
  "programmable hardware",
  "board/FRU module",
  "board/FRU component",
  "board/FRU replaced with equivalent version",
  "board/FRU replaced with newer version",
  "board/FRU replaced with older version",
  "board/FRU hardware configuration",
];

/** Sensor type 2Ch, bits 7:4. */
export const stateChangeCauses: Readonly<Record<number, string>> = {
  0x00: "normal state change",
  0x01: "commanded by software external to FRU",
  0x02: "operator changed a handle latch",
  0x03: "operator pressed the hot swap button",
  0x04: "FRU programmatic action",
  0x05: "communication lost",
  0x06: "communication lost due to local failure",
  0x07: "unexpected extraction",
  0x08: "operator intervention / update",
  0x09: "unable to compute IPMB address",
  0x0a: "unexpected deactivation",
  0x0f: "cause unknown",
};
