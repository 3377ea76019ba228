/** Who made an event. */
export type Generator =
  | { readonly kind: "controller"; readonly address: number; readonly channel: number; readonly lun: number }
  /** `name` in words: `BIOS`, `system management software` ... */
  | { readonly kind: "software"; readonly softwareId: number; readonly name: string };

/** First ids of the ranges. @see IPMI 2.0, table 5-4 */
const softwareNames = [
  { from: 0x48, name: "reserved software" },
  { from: 0x47, name: "terminal mode remote console" },
  { from: 0x40, name: "remote console software" },
  { from: 0x30, name: "OEM software" },
  { from: 0x20, name: "system management software" },
  { from: 0x10, name: "SMI handler" },
] as const;

/** A software id (7 bits) in words. */
const softwareName = (softwareId: number): string =>
  softwareNames.find(({ from }) => softwareId >= from)?.name ?? "BIOS";

export function generatorOf({
  generatorId,
  channel,
  lun,
}: {
  readonly generatorId: number;
  readonly channel: number;
  readonly lun: number;
}): Generator {
  if ((generatorId & 1) === 0) return { kind: "controller", address: generatorId, channel, lun };
  const softwareId = generatorId >> 1;
  return { kind: "software", softwareId, name: softwareName(softwareId) };
}
