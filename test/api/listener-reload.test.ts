import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { X509Certificate } from "node:crypto";
import { connect, type TLSSocket } from "node:tls";
import type { Listener, ListenOptions } from "../../src/api/listener.ts";
import { ListenError } from "../../src/lib/listen-error.ts";
import { readingOf } from "../support/fake-backend.ts";
import { hasOpenssl, Pki, type Pair } from "../support/certificates.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";
import { RawHttp } from "../support/raw-http.ts";
import { contextOf, sClient, serveTls, tlsOf } from "../support/tls-server.ts";

const pki = new Pki();
const listeners: Listener[] = [];
const connections: RawHttp[] = [];
afterAll(() => pki.remove());
afterEach(async () => {
  for (const connection of connections.splice(0)) connection.close();
  await Promise.all(listeners.splice(0).map((listener) => listener.stop()));
});

const names = "DNS:localhost,IP:127.0.0.1";
const TEST = "GET /opendcre/1.2/test HTTP/1.1";
const GET = `${TEST}\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
const LED = "GET /opendcre/1.2/read/led/1/1 HTTP/1.1\r\nHost: localhost\r\n\r\n";

/** Whose certificate a new connection is shown. */
function shownBy({ port }: Listener): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw).subject);
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

describe.skipIf(!hasOpenssl)("new certificates (needs openssl)", () => {
  const [first, second] = [pki.make("first", { names }), pki.make("second", { names })];
  const tls = [tlsOf(first), tlsOf(second)] as const;
  const asking = (authority: Pair) => tlsOf(first, { clientCa: readFileSync(authority.certificate, "utf8") });

  function serve(options: Partial<ListenOptions> = {}) {
    const clock = new ManualClock();
    const served = serveTls({ tls: tls[0], clock, ...options });
    listeners.push(served.listener);
    const open = async () => {
      const connection = await RawHttp.open(served.listener.port, "127.0.0.1", { rejectUnauthorized: false });
      connections.push(connection);
      return connection;
    };
    return { ...served, clock, open };
  }

  test("are shown to all new connections from then on", async () => {
    const { listener } = serve();
    expect(await shownBy(listener)).toBe("CN=first");
    for (let round = 1; round <= 3; round++) {
      expect(listener.replaceTls(tls[round % 2 === 0 ? 0 : 1])).toBe(true);
      const shown = await Promise.all(Array.from({ length: 40 }, () => shownBy(listener)));
      expect(new Set(shown)).toEqual(new Set([round % 2 === 0 ? "CN=first" : "CN=second"]));
    }
  });

  test("let a connection have one more request, and the one under way", async () => {
    const { listener, backend, open } = serve();
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    backend.answers.read = async () => {
      begun.resolve();
      await end.promise;
      return readingOf({ kind: "led", on: true });
    };
    const [idle, busy] = [await open(), await open()];
    expect((await idle.ask(TEST)).headers.has("connection")).toBe(false);
    busy.send(LED);
    await begun.promise;
    listener.replaceTls(tls[1]);
    end.resolve();
    for (const answer of [await busy.answer(), await idle.ask(TEST)]) {
      expect(answer.status).toBe(200);
      expect(answer.headers.get("connection")).toBe("close");
    }
    await Promise.all([idle.closed, busy.closed]);
    expect((await (await open()).ask(TEST)).headers.has("connection")).toBe(false);
  });

  test("end a connection only when it has been idle for as long as any may be", async () => {
    const { listener, clock, open } = serve();
    const idle = await open();
    await idle.ask(TEST);
    let isClosed = false;
    void idle.closed.then(() => (isClosed = true));
    listener.replaceTls(tls[1]);
    await clock.advance(34_999);
    expect(isClosed).toBe(false);
    await clock.advance(1);
    await idle.closed;
    expect(clock.timers).toBe(0);
    expect(await shownBy(listener)).toBe("CN=second");
  });

  test("that are the same change nothing", async () => {
    const { listener, clock } = serve();
    expect(listener.replaceTls({ ...tls[0] })).toBe(true);
    expect(clock.timers).toBe(0);
  });

  test("that cannot be served leave those before in use", async () => {
    const { listener, open } = serve();
    const mixed = { ...tls[1], main: { ...contextOf(first), key: contextOf(second).key } };
    expect(() => listener.replaceTls(mixed)).toThrow(ListenError);
    expect(await shownBy(listener)).toBe("CN=first");
    expect((await (await open()).ask(TEST)).headers.has("connection")).toBe(false);
    listener.replaceTls(tls[1]);
    expect(() => listener.replaceTls(mixed)).toThrow(ListenError);
    // The server with the first certificate is still there, for those who came before.
    const shown = await Promise.all(Array.from({ length: 40 }, () => shownBy(listener)));
    expect(new Set(shown)).toEqual(new Set(["CN=second"]));
  });

  test.each(["-tls1_2", "-tls1_3"])(
    "with other authorities for clients resume no session from before, with %s",
    async (version) => {
      const [before, after] = [pki.make("Before", { isAuthority: true }), pki.make("After", { isAuthority: true })];
      const friend = pki.make("friend", { issuer: before });
      const { listener } = serve({ tls: asking(before) });
      const identity = ["-cert", friend.certificate, "-key", friend.key];
      const session = join(pki.folder, `session${version}`);
      const isAnswered = async (...args: readonly string[]) =>
        (await sClient(listener.port, [version, "-ign_eof", ...args], GET)).text.includes('{"status":"ok"}');
      expect(await isAnswered("-sess_out", session, ...identity)).toBe(true);
      expect(await isAnswered("-sess_in", session)).toBe(true);
      listener.replaceTls(asking(after));
      expect(await isAnswered("-sess_in", session)).toBe(false);
      expect(await isAnswered("-sess_in", session, ...identity)).toBe(false);
    },
  );

  test("in a storm leave few servers behind", async () => {
    const { listener, clock } = serve();
    for (let round = 0; round < 25; round++) listener.replaceTls(tls[round % 2 === 0 ? 1 : 0]);
    expect(clock.timers).toBe(4);
    expect(await shownBy(listener)).toBe("CN=second");
    await clock.advance(35_000);
    const shown = await Promise.all(Array.from({ length: 40 }, () => shownBy(listener)));
    expect(new Set(shown)).toEqual(new Set(["CN=second"]));
  });

  test("where the kernel cannot be told which socket is new, are shown to all after two seconds", async () => {
    const { listener, clock } = serve({ openSteering: () => () => false });
    expect(listener.replaceTls(tls[1])).toBe(false);
    await clock.advance(2000);
    const shown = await Promise.all(Array.from({ length: 40 }, () => shownBy(listener)));
    expect(new Set(shown)).toEqual(new Set(["CN=second"]));
  });

  test("are taken or not when everything stops at the same time, and nothing listens then", async () => {
    const { listener } = serve();
    listener.replaceTls(tls[1]);
    const stopped = listener.stop();
    listener.replaceTls(tls[0]);
    await stopped;
    expect(await shownBy(listener).catch((error: unknown) => error)).toBeInstanceOf(Error);
  });

  test.each([
    ["on 20 connections", 20, "kept"],
    ["on one connection", 1, "kept"],
    ["on a new connection for each", 10, "new"],
  ])(
    "five times fail no request %s",
    async (_, load, use) => {
      const { listener, clock, requests } = serve();
      const script = join(import.meta.dir, "../support/keep-alive-load.ts");
      const child = Bun.spawn([process.execPath, script, `${listener.port}`, `${load}`, use], {
        stdin: "pipe",
        stdout: "pipe",
        stderr: "inherit",
      });
      const answered = async (more: number) => {
        for (const until = requests.length + more; requests.length < until && child.exitCode === null;) await settle();
      };
      await answered(200);
      for (let round = 1; round <= 5; round++) {
        listener.replaceTls(tls[round % 2 === 0 ? 0 : 1]);
        await answered(200);
        await clock.advance(35_000);
        await answered(200);
      }
      await child.stdin.end();
      const { failures, answers, lastOnes } = JSON.parse(await child.stdout.text());
      expect(failures).toEqual([]);
      expect(answers).toBe(requests.length);
      if (use === "kept") expect(lastOnes).toBe(5 * load);
    },
    30_000,
  );
});
