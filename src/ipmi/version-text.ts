import type { DeviceId } from "ipmi-js";

/** What 1.2 answered with, to which we add what the BMC says of itself. */
const BRIDGE = "OpenDCRE IPMI Bridge v2.0";

/** `OpenDCRE IPMI Bridge v2.0, firmware 3.45, IPMI 2.0, manufacturer 32473, product 2055` */
export function versionText({
  firmwareMajor,
  firmwareMinor,
  ipmiVersion,
  manufacturerId,
  productId,
}: DeviceId): string {
  const minor = String(firmwareMinor).padStart(2, "0");
  return `${BRIDGE}, firmware ${firmwareMajor}.${minor}, IPMI ${ipmiVersion}, manufacturer ${manufacturerId}, product ${productId}`;
}
