import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { connect, createServer } from "node:net";
import { LdapError } from "../../../src/auth/ldap/ldap-error.ts";
import { askForTls } from "../../../src/auth/ldap/start-tls.ts";

/** What the whole of an answer may look like that grants TLS: any text in it, nothing behind it. */
const grants = /^30..020101 78..0a0100/s;

/** Answers that are nearly right, or not at all. */
const answers = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .tuple(
      fc.constantFrom("300c02010178070a010004000400", "308400000010020101788400000007 0a010004000400"),
      fc.nat(30),
      fc.nat(255),
    )
    .map(([text, at, value]) => {
      const bytes = Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
      bytes[at % bytes.length] = value;
      return bytes;
    }),
);

test("whatever answers StartTLS, TLS is granted by the one right answer alone, and nothing hangs", async () => {
  let answer: Uint8Array = new Uint8Array();
  const server = createServer((socket) => {
    socket.on("error", () => {}).once("data", () => socket.end(answer));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  await fc.assert(
    fc.asyncProperty(answers, async (bytes) => {
      answer = bytes;
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      const url = "ldap://localhost";
      const outcome = await askForTls(socket, { url, host: "localhost", port, security: "start-tls" }).catch(
        (error: unknown) => error,
      );
      socket.destroy();
      if (outcome instanceof LdapError) return;
      expect(outcome).toBeUndefined();
      const long = Buffer.from(bytes).toString("hex");
      const short = long.replace(/^3084000000/, "30").replace(/7884000000/, "78");
      expect(short.replace("020101", "020101 ")).toMatch(grants);
    }),
    { numRuns: 300 },
  );
  server.close();
});
