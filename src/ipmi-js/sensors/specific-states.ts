/** An offset that the specification has reserved. */
const reserved = undefined;

/**
 * States of sensor-specific sensors (event/reading type 6Fh), by sensor type and offset.
 * @see IPMI 2.0, table 42-3
 */
export const specificStates: Readonly<Record<number, readonly (string | undefined)[]>> = {
  // Physical security
  0x05: [
    "general chassis intrusion",
    "drive bay intrusion",
    "I/O card area intrusion",
    "processor area intrusion",
    "LAN leash lost",
    "unauthorized dock",
    "fan area intrusion",
  ],
  // Platform security violation attempt
  0x06: [
    "secure mode (front panel lockout) violation attempt",
    "pre-boot password violation: user password",
    "pre-boot password violation attempt: setup password",
    "pre-boot password violation: network boot password",
    "other pre-boot password violation",
    "out-of-band access password violation",
  ],
  // Processor
  0x07: [
    "IERR",
    "thermal trip",
    "FRB1/BIST failure",
    "FRB2/hang in POST failure",
    "FRB3/processor startup or initialization failure",
    "configuration error",
    "SM BIOS uncorrectable CPU-complex error",
    "presence detected",
    "disabled",
    "terminator presence detected",
    "automatically throttled",
    "uncorrectable machine check exception",
    "correctable machine check error",
  ],
  // Power supply
  0x08: [
    "presence detected",
    "failure detected",
    "predictive failure",
    "input lost (AC/DC)",
    "input lost or out of range",
    "input out of range, but present",
    "configuration error",
    "inactive (in standby)",
  ],
  // Power unit
  0x09: [
    "power off / power down",
    "power cycle",
    "240VA power down",
    "interlock power down",
    "AC lost / power input lost",
    "soft power control failure",
    "power unit failure detected",
    "predictive failure",
  ],
  // Memory
  0x0c: [
    "correctable memory error",
    "uncorrectable memory error",
    "parity",
    "memory scrub failed (stuck bit)",
    "memory device disabled",
    "correctable memory error logging limit reached",
    "presence detected",
    "configuration error",
    "spare",
    "automatically throttled",
    "critical overtemperature",
  ],
  // Drive slot
  0x0d: [
    "drive presence",
    "drive fault",
    "predictive failure",
    "hot spare",
    "consistency check / parity check in progress",
    "in critical array",
    "in failed array",
    "rebuild/remap in progress",
    "rebuild/remap aborted",
  ],
  // System firmware progress
  0x0f: ["system firmware error (POST error)", "system firmware hang", "system firmware progress"],
  // Event logging disabled
  0x10: [
    "correctable memory error logging disabled",
    "event type logging disabled",
    "log area reset / cleared",
    "all event logging disabled",
    "SEL full",
    "SEL almost full",
    "correctable machine check error logging disabled",
  ],
  // Watchdog 1
  0x11: [
    "BIOS watchdog reset",
    "OS watchdog reset",
    "OS watchdog shut down",
    "OS watchdog power down",
    "OS watchdog power cycle",
    "OS watchdog NMI / diagnostic interrupt",
    "OS watchdog expired, status only",
    "OS watchdog pre-timeout interrupt, non-NMI",
  ],
  // System event
  0x12: [
    "system reconfigured",
    "OEM system boot event",
    "undetermined system hardware failure",
    "entry added to auxiliary log",
    "PEF action",
    "timestamp clock synch",
  ],
  // Critical interrupt
  0x13: [
    "front panel NMI / diagnostic interrupt",
    "bus timeout",
    "I/O channel check NMI",
    "software NMI",
    "PCI PERR",
    "PCI SERR",
    "EISA fail safe timeout",
    "bus correctable error",
    "bus uncorrectable error",
    "fatal NMI (port 61h, bit 7)",
    "bus fatal error",
    "bus degraded",
  ],
  // Button / switch
  0x14: [
    "power button pressed",
    "sleep button pressed",
    "reset button pressed",
    "FRU latch open",
    "FRU service request button",
  ],
  // Chip set
  0x19: ["soft power control failure", "thermal trip"],
  // Cable / interconnect
  0x1b: ["cable/interconnect is connected", "configuration error: incorrect cable connected"],
  // System boot / restart initiated
  0x1d: [
    "initiated by power up",
    "initiated by hard reset",
    "initiated by warm reset",
    "user requested PXE boot",
    "automatic boot to diagnostic",
    "OS / run-time software initiated hard reset",
    "OS / run-time software initiated warm reset",
    "system restart",
  ],
  // Boot error
  0x1e: [
    "no bootable media",
    "non-bootable diskette left in drive",
    "PXE server not found",
    "invalid boot sector",
    "timeout waiting for user selection of boot source",
  ],
  // Base OS boot / installation status
  0x1f: [
    "A: boot completed",
    "C: boot completed",
    "PXE boot completed",
    "diagnostic boot completed",
    "CD-ROM boot completed",
    "ROM boot completed",
    "boot completed, device not specified",
    "base OS / hypervisor installation started",
    "base OS / hypervisor installation completed",
    "base OS / hypervisor installation aborted",
    "base OS / hypervisor installation failed",
  ],
  // OS stop / shutdown
  0x20: [
    "critical stop during OS load / initialization",
    "run-time critical stop",
    "OS graceful stop",
    "OS graceful shutdown",
    "soft shutdown initiated by PEF",
    "agent not responding",
  ],
  // Slot / connector
  0x21: [
    "fault status asserted",
    "identify status asserted",
    "device installed / attached",
    "ready for device installation",
    "ready for device removal",
    "slot power is off",
    "device removal request",
    "interlock asserted",
    "slot is disabled",
    "slot holds spare device",
  ],
  // System ACPI power state
  0x22: [
    "S0/G0 working",
    "S1 sleeping with system hardware and processor context maintained",
    "S2 sleeping, processor context lost",
    "S3 sleeping, processor and hardware context lost, memory retained",
    "S4 non-volatile sleep / suspend-to-disk",
    "S5/G2 soft-off",
    "S4/S5 soft-off, particular state cannot be determined",
    "G3 mechanical off",
    "sleeping in an S1, S2 or S3 state",
    "G1 sleeping",
    "S5 entered by override",
    "legacy ON state",
    "legacy OFF state",
    reserved,
    "unknown",
  ],
  // Watchdog 2
  0x23: [
    "timer expired, status only",
    "hard reset",
    "power down",
    "power cycle",
    reserved,
    reserved,
    reserved,
    reserved,
    "timer interrupt",
  ],
  // Platform alert
  0x24: [
    "platform generated page",
    "platform generated LAN alert",
    "platform event trap generated",
    "platform generated SNMP trap, OEM format",
  ],
  // Entity presence
  0x25: ["entity present", "entity absent", "entity disabled"],
  // LAN
  0x27: ["LAN heartbeat lost", "LAN heartbeat"],
  // Management subsystem health
  0x28: [
    "sensor access degraded or unavailable",
    "controller access degraded or unavailable",
    "management controller off-line",
    "management controller unavailable",
    "sensor failure",
    "FRU failure",
  ],
  // Battery
  0x29: ["battery low (predictive failure)", "battery failed", "battery presence detected"],
  // Session audit
  0x2a: ["session activated", "session deactivated", "invalid username or password", "invalid password disable"],
  // Version change
  0x2b: [
    "hardware change detected",
    "firmware or software change detected",
    "hardware incompatibility detected",
    "firmware or software incompatibility detected",
    "invalid or unsupported hardware version",
    "invalid or unsupported firmware or software version",
    "hardware change successful",
    "firmware or software change successful",
  ],
  // FRU state
  0x2c: [
    "FRU not installed",
    "FRU inactive",
    "FRU activation requested",
    "FRU activation in progress",
    "FRU active",
    "FRU deactivation requested",
    "FRU deactivation in progress",
    "FRU communication lost",
  ],
};
