/**
 * States of the generic event/reading types 02h–0Ch, by offset.
 * @see IPMI 2.0, table 42-2
 */
export const genericStates: Readonly<Record<number, readonly string[]>> = {
  0x02: ["transition to idle", "transition to active", "transition to busy"],
  0x03: ["state deasserted", "state asserted"],
  0x04: ["predictive failure deasserted", "predictive failure asserted"],
  0x05: ["limit not exceeded", "limit exceeded"],
  0x06: ["performance met", "performance lags"],
  0x07: [
    "transition to OK",
    "transition to non-critical from OK",
    "transition to critical from less severe",
    "transition to non-recoverable from less severe",
    "transition to non-critical from more severe",
    "transition to critical from non-recoverable",
    "transition to non-recoverable",
    "monitor",
    "informational",
  ],
  0x08: ["device removed / absent", "device inserted / present"],
  0x09: ["device disabled", "device enabled"],
  0x0a: [
    "transition to running",
    "transition to in test",
    "transition to power off",
    "transition to on line",
    "transition to off line",
    "transition to off duty",
    "transition to degraded",
    "transition to power save",
    "install error",
  ],
  0x0b: [
    "fully redundant",
    "redundancy lost",
    "redundancy degraded",
    "non-redundant: sufficient resources from redundant",
    "non-redundant: sufficient resources from insufficient resources",
    "non-redundant: insufficient resources",
    "redundancy degraded from fully redundant",
    "redundancy degraded from non-redundant",
  ],
  0x0c: ["D0 power state", "D1 power state", "D2 power state", "D3 power state"],
};

/** Events of threshold sensors (event/reading type 01h), by offset. @see IPMI 2.0, table 42-2 */
export const thresholdEvents: readonly string[] = [
  "lower non-critical going low",
  "lower non-critical going high",
  "lower critical going low",
  "lower critical going high",
  "lower non-recoverable going low",
  "lower non-recoverable going high",
  "upper non-critical going low",
  "upper non-critical going high",
  "upper critical going low",
  "upper critical going high",
  "upper non-recoverable going low",
  "upper non-recoverable going high",
];
