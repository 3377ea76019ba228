import { expect, test } from "bun:test";
import { SecretRegistry } from "./secret-registry.ts";

const secret = "zoë's/pass word%";
const bytes = Buffer.from(secret);
const quoted = `"quoted"\\${secret}`;

test.each([
  ["as it is", `login of alice with ${secret}.`],
  ["in JSON", JSON.stringify({ msg: quoted })],
  ["as in URLs", `/scan?token=${encodeURIComponent(secret)}&x`],
  ["byte by byte as in URLs", Array.from(bytes, (byte) => `%${byte.toString(16)}`).join("")],
  ["in hexadecimal", `0x${bytes.toString("hex")}`],
  ["in hexadecimal, large", bytes.toString("hex").toUpperCase()],
  ["as bytes of a frame", Array.from(bytes, (byte) => byte.toString(16)).join(" ")],
  ["in Basic, behind a short name", `Basic ${Buffer.from(`a:${secret}`).toString("base64")}`],
  ["in Basic, behind a longer name", `Basic ${Buffer.from(`al:${secret}`).toString("base64")}`],
  ["in Basic, behind a name that is longer still", `Basic ${Buffer.from(`ali:${secret}`).toString("base64url")}`],
  ["in the middle of base64", Buffer.from(`ab${secret}cd`).toString("base64")],
  ["as a Buffer in JSON", JSON.stringify({ password: bytes })],
  ["as an array of bytes in JSON", JSON.stringify(new Uint8Array(bytes), null, 2)],
])("a secret is found %s", (_, text) => {
  const secrets = new SecretRegistry();
  secrets.add("password", secret);
  if (text.includes("quoted")) secrets.add("quoted", quoted);
  secrets.make("other");
  expect(secrets.shownBy(text)).toContain("password");
  expect(secrets.shownBy(text)).not.toContain("other");
  expect(secrets.shownBy("nothing but zoë's pass word")).toEqual([]);
});
