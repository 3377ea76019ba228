/** @see IPMI 2.0, table 43-13 */
const entityNames: readonly (string | undefined)[] = [
  "unspecified",
  "other",
  "unknown",
  "processor",
  "disk or disk bay",
  "peripheral bay",
  "system management module",
  "system board",
  "memory module",
  "processor module",
  "power supply",
  "add-in card",
  "front panel board",
  "back panel board",
  "power system board",
  "drive backplane",
  "system internal expansion board",
  "other system board",
  "processor board",
  "power unit / power domain",
  "power module / DC-to-DC converter",
  "power management / power distribution board",
  "chassis back panel board",
  "system chassis",
  "sub-chassis",
  "other chassis board",
  "disk drive bay",
  "peripheral bay",
  "device bay",
  "fan / cooling device",
  "cooling unit / cooling domain",
  "cable / interconnect",
  "memory device",
  "system management software",
  "system firmware",
  "operating system",
  "system bus",
  "group",
  "remote management communication device",
  "external environment",
  "battery",
  "processing blade",
  "connectivity switch",
  "processor / memory module",
  "I/O module",
  "processor / I/O module",
  "management controller firmware",
  "IPMI channel",
  "PCI bus",
  "PCI Express bus",
  "SCSI bus (parallel)",
  "SATA / SAS bus",
  "processor / front-side bus",
  "real time clock",
  undefined,
  "air inlet",
];

/** What DCMI adds. @see DCMI 1.5, table 6-17 */
const dcmiEntityNames: readonly string[] = ["air inlet", "processor", "system board"];
const FIRST_DCMI_ENTITY = 0x40;

const numbered = (kind: string, id: number): string => `${kind} ${id.toString(16).toUpperCase().padStart(2, "0")}h`;

/** An entity id in words. */
export function entityName(id: number): string {
  const name = entityNames[id] ?? dcmiEntityNames[id - FIRST_DCMI_ENTITY];
  if (name !== undefined) return name;
  if (id >= 0xd0) return numbered("OEM entity", id);
  if (id >= 0xb0) return numbered("board-set specific entity", id);
  if (id >= 0x90) return numbered("chassis-specific entity", id);
  return numbered("reserved entity", id);
}

/** A part of the system that a sensor or a FRU belongs to. */
export interface Entity {
  readonly id: number;
  /** 00h–5Fh count within the system, 60h–7Fh within the controller that tells it. @see IPMI 2.0, section 39.1 */
  readonly instance: number;
  /** True for a container of others, which is no part by itself. */
  readonly isLogical: boolean;
  readonly name: string;
}

export const entityOf = (id: number, instance: number, isLogical: boolean): Entity => ({
  id,
  instance,
  isLogical,
  name: entityName(id),
});
