import type { Place } from "../../../lib/place.ts";
import type { BmcDescription } from "./bmc-shape.ts";

interface Numbered {
  readonly number: number;
  readonly lun: number;
  readonly shared?: { readonly count: number } | undefined;
}

/** A BMC's sensors have a number each, over all lists, on each logical unit; those of shared records too. */
export function refuseDoubleSensors(root: Place, description: BmcDescription): void {
  const taken = new Map<string, string>();
  const look = (member: string, sensors: readonly Numbered[]) => {
    root.optional(member, (place) => {
      let index = 0;
      place.list("an array", (each) => {
        const sensor = sensors[index++];
        if (sensor) claim(each, sensor, taken);
      });
    });
  };
  look("sensors", description.sensors);
  look("discrete_sensors", description.discreteSensors);
  look("event_only_sensors", description.eventOnlySensors);
}

function claim(place: Place, { number, lun, shared }: Numbered, taken: Map<string, string>): void {
  for (let at = number; at < number + (shared?.count ?? 1); at++) {
    const key = `${lun}/${at}`;
    const owner = taken.get(key);
    if (owner === undefined) taken.set(key, place.name);
    else place.optional("number", (found) => found.refuse(`numbers that no other sensor has; ${owner} has ${at}`));
  }
}
