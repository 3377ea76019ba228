// Which requests are written down, by the setting log.access.
import { expect, test } from "bun:test";
import { startProduct } from "../support/product.ts";

/** What the access lines of a run with this setting say: status and path of each request. */
async function linesWith(setting: Record<string, string>): Promise<unknown[]> {
  const product = await startProduct(["--emulator"], undefined, setting);
  await product.get("test");
  await product.get("test", { method: "PUT" });
  await product.get("fan/1/3002/4000", { method: "POST" });
  expect(await product.stop()).toBe(0);
  return (await product.lines()).flatMap(({ msg, access, command }) => {
    if (command !== undefined) return [command];
    return access === undefined ? [] : [msg];
  });
}

const wrongMethod = "PUT /opendcre/1.2/test 405";
const fan = "POST /opendcre/1.2/fan/1/3002/4000 200";

test.each([
  ["by default, all but successful ones for test", {}, [wrongMethod, "fan", fan]],
  ["all", { OPENDCRE_LOG_ACCESS: "all" }, ["GET /opendcre/1.2/test 200", wrongMethod, "fan", fan]],
  ["off: control commands all the same", { OPENDCRE_LOG_ACCESS: "off" }, ["fan"]],
])("%s", async (_name, setting, lines) => {
  expect(await linesWith(setting)).toEqual(lines);
});
