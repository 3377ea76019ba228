import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LdapAuthenticator } from "../../../src/auth/ldap/ldap-authenticator.ts";
import type { LdapError } from "../../../src/auth/ldap/ldap-error.ts";
import { parseLdapServer } from "../../../src/auth/ldap/ldap-server.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { makeCertificate, SUFFIX } from "../../support/slapd.ts";

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ""), "hex");

// Bytes as RFC 4511 has them; slapd 2.5 sends the same.
const startTlsAnswer = hex("30 0c 02 01 01 78 07 0a 01 00 04 00 04 00");
/** A bind that succeeds, and one that does not (invalidCredentials), as answers to message `id`. */
const bindAnswer = (id: number, result: number) =>
  Buffer.concat([hex("30 0c 02 01"), Buffer.of(id), hex("61 07 0a 01"), Buffer.of(result), hex("04 00 04 00")]);

const PASSWORD = "a-password-nobody-may-hear";
const hasOpenssl = Bun.which("openssl") !== null;

const servers: Server[] = [];
const sockets: Socket[] = [];
const folders: string[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Listens on loopback, and hands back the port. */
const listen = (server: Server) =>
  new Promise<number>((resolve) => {
    servers.push(server);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    });
  });

/** A directory that does with a connection what a test says, and notes all that it is sent. */
async function startLiar(behave: (socket: Socket, chunk: Buffer) => void) {
  const received: Buffer[] = [];
  const port = await listen(
    createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      socket.on("data", (chunk: Buffer) => {
        received.push(chunk);
        behave(socket, chunk);
      });
    }),
  );
  return { port, received: () => Buffer.concat(received) };
}

function ask(urls: string, isPlain: boolean, ca?: string) {
  const failures: LdapError[] = [];
  const clock = new ManualClock();
  const ldap = new LdapAuthenticator(
    {
      servers: urls.split(" ").map((url) => parseLdapServer(url, isPlain)),
      readCa: () => Promise.resolve(ca),
      account: undefined,
      bindName: `uid={user},${SUFFIX}`,
      userBase: undefined,
      userFilter: "(uid={user})",
      nameAttribute: "uid",
      groups: [{ group: `cn=admins,${SUFFIX}`, role: "admin" }],
      groupCheck: "memberof",
      memberFilter: "(member={dn})",
      timeoutMs: 1000,
    },
    clock,
    { failed: (error) => void failures.push(error), recovered: () => {} },
  );
  return { failures, clock, ldap, verdict: ldap.authenticate({ kind: "basic", user: "alice", password: PASSWORD }) };
}

const unavailable = { rejected: "unavailable", reason: "no directory answers", retryAfterS: 5 } as const;

describe("A directory, or who stands in its way,", () => {
  test.each([
    ["refuses", hex("30 0c 02 01 01 78 07 0a 01 34 04 00 04 00"), "untrusted"],
    ["answers with another message", hex("30 0c 02 01 02 78 07 0a 01 00 04 00 04 00"), "not-ldap"],
    ["answers as if to a bind", bindAnswer(1, 0), "not-ldap"],
    ["answers with no result", hex("30 05 02 01 01 78 00"), "not-ldap"],
    ["answers with an endless length", hex("30 84 7f ff ff ff 02 01 01"), "not-ldap"],
    ["answers with a length of no length", hex("30 80 02 01 01"), "not-ldap"],
    ["answers in HTTP", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"), "not-ldap"],
    ["sends a bind's success behind the answer", Buffer.concat([startTlsAnswer, bindAnswer(2, 0)]), "not-ldap"],
    ["sends half a message behind the answer", Buffer.concat([startTlsAnswer, hex("30 1a 02 01 02")]), "not-ldap"],
  ] as const)("that %s to StartTLS gets no password", async (_, answer, code) => {
    const liar = await startLiar((socket) => void socket.write(answer));
    const { verdict, failures } = ask(`ldap://localhost:${liar.port}`, false);
    expect(await verdict).toEqual(unavailable);
    expect(failures.map((failure) => failure.code)).toEqual([code]);
    expect(liar.received().includes(PASSWORD)).toBe(false);
  });

  test("that says nothing is left alone once we stop, and no other is asked any more", async () => {
    const asked = Promise.withResolvers<void>();
    const silent = await startLiar(() => asked.resolve());
    const other = await startLiar(() => undefined);
    const { ldap, verdict, failures, clock } = ask(
      `ldap://localhost:${silent.port} ldap://localhost:${other.port}`,
      false,
    );
    await asked.promise;
    ldap.close();
    expect(await verdict).toEqual(unavailable);
    expect([failures, other.received().length, clock.timers]).toEqual([[], 0, 0]);
  });

  test.each(["ends the connection", "says nothing", "says it byte by byte"])(
    "that %s at StartTLS gets no password",
    async (how) => {
      let sent = 0;
      const liar = await startLiar((socket) => {
        if (how === "ends the connection") socket.end();
        if (how === "says it byte by byte") socket.write(startTlsAnswer.subarray(0, ++sent));
      });
      const { verdict, failures, clock } = ask(`ldap://localhost:${liar.port}`, false);
      if (how !== "ends the connection") await clock.advance(1000);
      expect(await verdict).toEqual(unavailable);
      expect(failures.map(({ code }) => code)).toEqual([how === "ends the connection" ? "unreachable" : "timeout"]);
      expect(liar.received().includes(PASSWORD)).toBe(false);
    },
  );

  test.each([
    ["garbage", Buffer.from("\xff\xfe\xfd garbage", "latin1")],
    ["a search's end in place of a bind's", hex("30 0c 02 01 02 65 07 0a 01 31 04 00 04 00")],
    ["a bind's success for another request", bindAnswer(9, 0)],
    ["half an answer", bindAnswer(2, 0).subarray(0, 8)],
    ["nothing", Buffer.alloc(0)],
  ])("that answers a bind with %s lets nobody in", async (_, answer) => {
    const liar = await startLiar((socket) => void socket.write(answer));
    const { verdict, clock } = ask(`ldap://localhost:${liar.port}`, true);
    expect(await clock.until(verdict)).toHaveProperty("rejected");
  });

  test("that says success to everything still has to say in which group someone is", async () => {
    // The bind succeeds; the search ends without an entry.
    const liar = await startLiar((socket, chunk) => {
      const isBind = chunk.includes(PASSWORD);
      socket.write(isBind ? bindAnswer(2, 0) : hex("30 0c 02 01 03 65 07 0a 01 00 04 00 04 00"));
    });
    expect(await ask(`ldap://localhost:${liar.port}`, true).verdict).toEqual({
      rejected: "denied",
      reason: "no such user",
    });
  });

  test("that sends without end is cut off", async () => {
    // Four times what is taken of anybody. Really without end, a server in this process might leave nobody else a turn.
    const flood = Buffer.alloc(16 * 1024 * 1024, 0x30);
    const liar = await startLiar((socket) => {
      socket.write(hex("30 84 7f ff ff ff"));
      socket.write(flood);
    });
    const { verdict, failures } = ask(`ldap://localhost:${liar.port}`, true);
    expect(await verdict).toEqual(unavailable);
    expect(failures.map(({ code }) => code)).toEqual(["too-much-data"]);
  });

  test("that breaks off after TLS is not spoken to again in the clear", async () => {
    if (!hasOpenssl) return;
    const folder = mkdtempSync(join(tmpdir(), "opendcre-liar-"));
    folders.push(folder);
    await makeCertificate(folder, "localhost", "DNS:localhost");
    const [key, cert, ca] = ["localhost.key", "localhost.pem", "ca.pem"].map((name) =>
      readFileSync(join(folder, name), "utf8"),
    );
    let connections = 0;
    const port = await listen(
      createTlsServer({ key, cert }, (socket) => {
        connections++;
        sockets.push(socket);
        socket.on("error", () => {}).once("data", () => socket.destroy());
      }),
    );
    const { verdict, failures } = ask(`ldaps://localhost:${port}`, false, ca);
    expect(await verdict).toEqual(unavailable);
    expect(failures.map(({ code }) => code)).toEqual(["unreachable"]);
    expect(connections).toBe(1);
  });
});
