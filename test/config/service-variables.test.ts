import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readEnvironment } from "../../src/config/environment.ts";
import { root } from "../support/product.ts";

const linesOf = (...path: readonly string[]) => readFileSync(join(root, ...path), "utf8").split("\n");

/** Every variable that the unit, its drop-ins and the file of its options set, options that are commented out included. */
const variables = new Map(
  [
    ...["opendcre.service", "emulator.conf", "port-443.conf"].flatMap((name) => linesOf("systemd", name)),
    ...linesOf("packaging", "default"),
  ].flatMap((line) => {
    const [, name, value] = /^(?:Environment=|#)?([A-Z]\w+)="?(.*?)"?$/.exec(line) ?? [];
    const isOfUnit = /^(?:Environment=|#?OPENDCRE_)/.test(line);
    return isOfUnit && name !== undefined && value !== undefined ? [[name, value] as const] : [];
  }),
);

test("no variable that the service sets is taken for somebody's mistake", () => {
  expect([...variables.keys()].filter((name) => name.startsWith("OPENDCRE_")).toSorted()).toEqual([
    "OPENDCRE_EMULATOR_ENABLED",
    "OPENDCRE_OPTS",
  ]);
  const { settings, notices } = readEnvironment(Object.fromEntries(variables));
  expect(notices).toEqual([]);
  expect(settings.map(({ path }) => path)).toEqual(["emulator.enabled"]);
});
