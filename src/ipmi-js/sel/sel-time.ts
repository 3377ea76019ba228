/** When something happened. */
export type SelTime =
  /** Seconds since 1970-01-01 00:00 of the BMC's clock, which may be local time: Get SEL Time UTC Offset may tell. */
  | { readonly kind: "clock"; readonly seconds: number }
  /** Seconds since the BMC started: its clock was not set then. */
  | { readonly kind: "since-start"; readonly seconds: number }
  | { readonly kind: "unknown" };

/** Up to here, seconds count from the BMC's start. */
const LAST_SINCE_START = 0x2000_0000;
const UNKNOWN = 0xffff_ffff;

/** What a time stamp of 32 bits means. @see IPMI 2.0, section 37.1 */
export function selTime(timestamp: number): SelTime {
  if (timestamp === UNKNOWN) return { kind: "unknown" };
  return { kind: timestamp <= LAST_SINCE_START ? "since-start" : "clock", seconds: timestamp };
}
