import { describe, expect, test } from "bun:test";
import { entityName } from "../../../src/ipmi-js/sensors/entities.ts";
import { sensorTypeName } from "../../../src/ipmi-js/sensors/sensor-types.ts";
import { statesOfBits, stateName } from "../../../src/ipmi-js/sensors/states.ts";
import { sensorUnit } from "../../../src/ipmi-js/sensors/units.ts";
import { hasPyghmi } from "../../support/ipmi-sim.ts";
import { freeIpmiPrelude, hasLibFreeIpmi, runPython } from "../foreign-python.ts";

/** Letters and digits: what is left of words when punctuation, case and spaces may differ. */
const bare = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

const texts = (value: unknown): string[] => {
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw new RangeError("python3 wrote no list of texts");
};

/** Texts by type and offset. */
type StateTable = Record<string, Record<string, string>>;
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
function stateTable(value: unknown): StateTable {
  if (!isRecord(value)) throw new RangeError("python3 wrote no table");
  return Object.fromEntries(
    Object.entries(value).map(([type, offsets]) => {
      if (!isRecord(offsets)) throw new RangeError("python3 wrote no offsets");
      return [type, Object.fromEntries(Object.entries(offsets).map(([offset, text]) => [offset, String(text)]))];
    }),
  );
}

/** As Python writes them, `type: { offset: words }`, of what we have. */
function ours(types: readonly number[], nameOf: (type: number, offset: number) => string | undefined): StateTable {
  return Object.fromEntries(
    types.map((type) => {
      const named = Array.from({ length: 15 }, (_, offset) => [String(offset), nameOf(type, offset)] as const);
      return [
        String(type),
        Object.fromEntries(named.flatMap(([offset, name]) => (name === undefined ? [] : [[offset, name]]))),
      ];
    }),
  );
}

const genericTypes = Array.from({ length: 12 }, (_, index) => index + 1);
const sensorTypes = Array.from({ length: 0x2c }, (_, index) => index + 1);
const generic = ours(genericTypes, (type, offset) => stateName(type, 0, offset));
const specific = ours(sensorTypes, (type, offset) => stateName(0x6f, type, offset));
const offsetsOf = (table: StateTable) =>
  Object.fromEntries(
    Object.entries(table).flatMap(([type, names]) =>
      Object.keys(names).length === 0 ? [] : [[type, Object.keys(names)]],
    ),
  );

const skipUnlessFreeIpmi = test.skipIf(!hasLibFreeIpmi);
const skipUnlessPyghmi = test.skipIf(!hasPyghmi);

/** Offsets that FreeIPMI calls reserved are none. */
const freeIpmi = () =>
  stateTable(
    runPython(`${freeIpmiPrelude}
from ctypes import c_uint8, c_uint
def names(function, types):
  return {t: {o: m for o in range(15) if (m := message(function, c_uint8(t), c_uint(o))) and m not in ("reserved", "Unspecified")} for t in types}
json.dump({
**{"generic %d" % t: n for t, n in names("ipmi_get_generic_event_message", range(1, 13)).items()},
**{"specific %d" % t: n for t, n in names("ipmi_get_sensor_type_message", range(1, 45)).items()}}, sys.stdout)
`),
  );

const of = (kind: string, table: StateTable) =>
  Object.fromEntries(
    Object.entries(table).flatMap(([key, names]) =>
      key.startsWith(kind) ? [[key.slice(kind.length + 1), names]] : [],
    ),
  );

const wordsOf = (text: string) =>
  text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word.length > 1);

const compare = (mine: StateTable, theirs: StateTable) =>
  Object.entries(mine).flatMap(([type, names]) =>
    Object.entries(names).flatMap(([offset, name]) => {
      const text = theirs[type]?.[offset] ?? "";
      const words = wordsOf(name);
      const shared = words.filter((word) => bare(text).includes(word));
      return shared.length * 2 >= words.length ? [] : [{ type, offset, name, text }];
    }),
  );

describe("states of generic and sensor-specific types", () => {
  skipUnlessFreeIpmi("have meanings at FreeIPMI's offsets, all of them and no others (libfreeipmi)", () => {
    const table = freeIpmi();
    expect(Object.keys(offsetsOf(generic))).toHaveLength(12);
    expect(Object.keys(offsetsOf(specific))).toHaveLength(30);
    expect(offsetsOf(generic)).toEqual(offsetsOf(of("generic", table)));
    expect(offsetsOf(specific)).toEqual(offsetsOf(of("specific", table)));
  });

  skipUnlessFreeIpmi("are in words like FreeIPMI's: at least half of ours are in its text (libfreeipmi)", () => {
    const table = freeIpmi();
    expect(compare(generic, of("generic", table))).toEqual([]);
    expect(compare(specific, of("specific", table))).toEqual([]);
  });

  /** Sensor types that pyghmi's table does not have: watchdog 1 (11h), which IPMI 1.0 had. */
  const missingInPyghmi = new Set(["17"]);

  skipUnlessPyghmi("have meanings at pyghmi's offsets, all of them and no others (pyghmi)", () => {
    const table = stateTable(
      runPython(`
import json, sys
sys.path.insert(0, "/usr/lib/python3/dist-packages")
import pyghmi.ipmi.private.constants as c
json.dump({
  **{"generic %d" % t: {o: d["desc"] for o, d in n.items()} for t, n in c.generic_type_offsets.items()},
  **{"specific %d" % t: {o: d["desc"] for o, d in n.items()} for t, n in c.sensor_type_offsets.items()}}, sys.stdout)
`),
    );
    expect(offsetsOf(generic)).toEqual(offsetsOf(of("generic", table)));
    const known = Object.fromEntries(
      Object.entries(offsetsOf(specific)).filter(([type]) => !missingInPyghmi.has(type)),
    );
    expect(known).toEqual(offsetsOf(of("specific", table)));
  });

  test("are listed by their bits, the reserved highest one left out", () => {
    expect(statesOfBits(0x6f, 0x08, 0x8009)).toEqual([
      { offset: 0, name: "presence detected" },
      { offset: 3, name: "input lost (AC/DC)" },
    ]);
    expect(statesOfBits(0x6f, 0x08, 0)).toEqual([]);
  });

  test("of OEM types and reserved offsets are numbers, and nothing is guessed", () => {
    expect(statesOfBits(0x70, 0xc1, 0x12)).toEqual([
      { offset: 1, name: "state 1" },
      { offset: 4, name: "state 4" },
    ]);
    expect(statesOfBits(0x6f, 0xc1, 0x01)).toEqual([{ offset: 0, name: "state 0" }]);
    expect(statesOfBits(0x6f, 0x23, 0x10)).toEqual([{ offset: 4, name: "state 4" }]);
    expect(statesOfBits(0x0d, 0x01, 0x01)).toEqual([{ offset: 0, name: "state 0" }]);
    expect(statesOfBits(0x03, 0x07, 0x04)).toEqual([{ offset: 2, name: "state 2" }]);
  });
});

const unitOf = (base: number, more: object = {}) =>
  sensorUnit({ base, modifier: 0, relation: "none", rate: 0, isPercentage: false, ...more });

describe("names of types, entities and units", () => {
  skipUnlessFreeIpmi("of sensor types are FreeIPMI's, where it has not older ones (libfreeipmi)", () => {
    const theirs = texts(runPython(`${freeIpmiPrelude}json.dump(strings("ipmi_sensor_types", 45), sys.stdout)`));
    const different = theirs.flatMap((name, code) => {
      const mine = sensorTypeName(code);
      return code === 0 || bare(mine) === bare(name) ? [] : [[code, mine, name]];
    });
    // The specification's later titles of the same types.
    expect(different).toEqual([
      [0x1d, "System Boot / Restart Initiated", "System Boot Initiated"],
      [0x1f, "Base OS Boot / Installation Status", "OS Boot"],
      [0x20, "OS Stop / Shutdown", "OS Critical Stop"],
    ]);
  });

  skipUnlessFreeIpmi("of entities begin as FreeIPMI's do (libfreeipmi)", () => {
    const theirs = texts(runPython(`${freeIpmiPrelude}json.dump(strings("ipmi_entity_ids_pretty", 67), sys.stdout)`));
    expect(theirs).toHaveLength(67);
    const different = theirs.flatMap((name, id) => {
      const mine = entityName(id);
      const isSame = name === "reserved" ? mine.startsWith("reserved entity") : bare(mine).startsWith(bare(name));
      return isSame ? [] : [[id, mine, name]];
    });
    // To FreeIPMI 37h is reserved; table 43-13 and pyghmi have it as the air inlet.
    expect(different).toEqual([[0x37, "air inlet", "reserved"]]);
  });

  test("of entities that others define say whose they are", () => {
    expect(entityName(0x90)).toBe("chassis-specific entity 90h");
    expect(entityName(0xb0)).toBe("board-set specific entity B0h");
    expect(entityName(0xd0)).toBe("OEM entity D0h");
    expect(entityName(0x43)).toBe("reserved entity 43h");
  });

  test("of sensor types that others define say so", () => {
    expect(sensorTypeName(0xc1)).toBe("OEM sensor type C1h");
    expect(sensorTypeName(0x2d)).toBe("reserved sensor type 2Dh");
  });

  skipUnlessFreeIpmi("of units begin as FreeIPMI's do (libfreeipmi)", () => {
    const theirs = texts(runPython(`${freeIpmiPrelude}json.dump(strings("ipmi_sensor_units", 93), sys.stdout)`));
    expect(theirs).toHaveLength(93);
    const different = theirs.flatMap((name, code) => {
      const mine = unitOf(code).name;
      const isSame = name === "reserved" ? mine === `unit ${code}` : bare(mine).startsWith(bare(name));
      return isSame ? [] : [[code, mine, name]];
    });
    expect(different).toEqual([]);
  });

  test("of units with percentage, rate and modifier", () => {
    expect(unitOf(1)).toMatchObject({ symbol: "°C", name: "degrees C" });
    expect(unitOf(18)).toMatchObject({ symbol: "RPM", name: "RPM" });
    expect(unitOf(0, { isPercentage: true })).toMatchObject({ symbol: "%", name: "percent" });
    expect(unitOf(0)).toMatchObject({ symbol: "", name: "unspecified" });
    expect(unitOf(36, { rate: 4 })).toMatchObject({ symbol: "m³/min", name: "cu m per minute" });
    expect(unitOf(16, { relation: "multiplied", modifier: 34 })).toMatchObject({ symbol: "N·m", name: "Newton * m" });
    expect(unitOf(34, { relation: "divided", modifier: 22 })).toMatchObject({ symbol: "m/s", name: "m per second" });
    expect(unitOf(17, { isPercentage: true })).toMatchObject({ symbol: "% CFM", name: "percent CFM" });
    expect(unitOf(59)).toMatchObject({ symbol: "unit 59" });
    expect(unitOf(200, { rate: 7 })).toMatchObject({ symbol: "unit 200", name: "unit 200" });
  });
});
