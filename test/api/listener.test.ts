import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "bun:test";
import { ConnectionLimiter } from "../../src/api/connection-limits.ts";
import { listen, type Listener, type ListenOptions } from "../../src/api/listener.ts";
import { ProcSocketTable } from "../../src/api/own-sockets.ts";
import { ListenError } from "../../src/lib/listen-error.ts";
import type { ApiOptions } from "../../src/api/server.ts";
import { readingOf } from "../support/fake-backend.ts";
import { createTestApi, type TestApi } from "../support/api.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";
import { RawHttp, type RawAnswer } from "../support/raw-http.ts";

const connections: RawHttp[] = [];
const listeners: Listener[] = [];

afterEach(async () => {
  for (const connection of connections.splice(0)) connection.close();
  await Promise.all(listeners.splice(0).map((listener) => listener.stop()));
});

interface Served extends TestApi {
  readonly listener: Listener;
  readonly clock: ManualClock;
  readonly open: () => Promise<RawHttp>;
}

function serve(options: Partial<ListenOptions> & { api?: never } = {}, apiOptions: Partial<ApiOptions> = {}): Served {
  const clock = new ManualClock();
  const testApi = createTestApi({ clock, ...apiOptions });
  const listener = listen({ host: "127.0.0.1", port: 0, graceMs: 1000, clock, ...options, api: testApi.api });
  listeners.push(listener);
  const open = async () => {
    const connection = await RawHttp.open(listener.port);
    connections.push(connection);
    return connection;
  };
  return { ...testApi, listener, clock, open };
}

/** That an answer is an error with a JSON body. */
function expectError(answer: RawAnswer, status: number, code: string) {
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(JSON.parse(answer.body)).toEqual({
    message: expect.any(String),
    code,
    request_id: answer.headers.get("x-request-id"),
  });
}

/** What keeps a server from listening. */
function failureOf(host: string, port: number): ListenError {
  try {
    serve({ host, port });
  } catch (error) {
    if (error instanceof ListenError) return error;
    throw error;
  }
  throw new Error("expected a ListenError, nothing was thrown");
}

/** True where nobody listens any more. */
const isRefused = ({ port }: Listener): Promise<boolean> =>
  RawHttp.open(port).then(
    () => false,
    () => true,
  );

/** A command that is under way until the test ends it. */
function heldRead({ backend }: TestApi) {
  const begun = Promise.withResolvers<AbortSignal>();
  const end = Promise.withResolvers<void>();
  backend.answers.read = async (_, { signal }) => {
    begun.resolve(signal);
    await end.promise;
    return readingOf({ kind: "led", on: true });
  };
  return { begun: begun.promise, end: end.resolve };
}

const isRoot = process.getuid?.() === 0;
/** In some containers every user may take every port. */
const lowestFreeForAll = Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8"));
const canTryLowPort = lowestFreeForAll > 1 && (!isRoot || Bun.which("setpriv") !== null);

describe("over a real connection", () => {
  test("requests follow each other, whatever became of the ones before", async () => {
    const { open } = serve();
    const http = await open();
    for (let round = 0; round < 3; round++) {
      expect(await http.ask("GET /opendcre/1.2/test HTTP/1.1")).toMatchObject({ status: 200, body: '{"status":"ok"}' });
      expectError(await http.ask("GET /nosuch HTTP/1.1"), 404, "not-found");
      expectError(await http.ask("GET /opendcre/1.2/test/ HTTP/1.1"), 404, "not-found");
      expectError(await http.ask("PUT /opendcre/1.2/test HTTP/1.1"), 405, "method-not-allowed");
      expectError(await http.ask("GET /opendcre/1.2/scan/%zz HTTP/1.1"), 400, "malformed-url");
      expectError(await http.ask("GET /opendcre/1.2/scan/%00 HTTP/1.1"), 400, "malformed-url");
      expectError(await http.ask("GET /opendcre/1.2/scan/%ff HTTP/1.1"), 400, "malformed-url");
      expectError(await http.ask(`GET /opendcre/1.2/scan/${"0".repeat(2100)} HTTP/1.1`), 414, "url-too-long");
      expectError(await http.ask("GET /opendcre/1.2/scan/x HTTP/1.1"), 500, "invalid-id");
    }
  });

  test("HEAD has the headers of GET and no body", async () => {
    const { open } = serve();
    const http = await open();
    const get = await http.ask("GET /opendcre/1.2/scan HTTP/1.1");
    const head = await http.ask("HEAD /opendcre/1.2/scan HTTP/1.1");
    expect(head.status).toBe(200);
    expect(head.headers.get("content-length")).toBe(get.headers.get("content-length"));
    expect((await http.ask("HEAD /opendcre/1.2/test HTTP/1.1")).headers.get("content-length")).toBe("15");
    expect((await http.ask("HEAD /opendcre/1.2/led/1/1/on HTTP/1.1")).status).toBe(405);
    expect(await http.ask("GET /opendcre/1.2/test HTTP/1.1")).toMatchObject({ status: 200, body: '{"status":"ok"}' });
  });

  test("OPTIONS is 204", async () => {
    const http = await serve().open();
    const answer = await http.ask("OPTIONS /opendcre/1.2/test HTTP/1.1");
    expect(answer).toMatchObject({ status: 204, body: "" });
    expect(answer.headers.get("allow")).toBe("GET, HEAD, OPTIONS, POST");
  });

  test.each(["Host: x", "Host: a/b?c", "Host: a b", "Host: x:99999999", "Host:", "Host: [::1]:5000", "Host: xn--"])(
    "%s does not keep the route from being found",
    async (host) => {
      const { open } = serve();
      const http = await open();
      const answer = await http.ask("GET /opendcre/1.2/scan/%201 HTTP/1.1", `${host}\r\n`);
      expect(answer.status).toBe(200);
      expectError(await http.ask("GET /opendcre/1.2/scan/%zz HTTP/1.1", `${host}\r\n`), 400, "malformed-url");
      expectError(await http.ask("GET /opendcre/1.2/test/ HTTP/1.1", `${host}\r\n`), 404, "not-found");
      const path = "GET /opendcre/1.2/test?a/b HTTP/1.1";
      expect(await http.ask(path, `${host}\r\n`)).toMatchObject({ status: 200, body: '{"status":"ok"}' });
    },
  );

  test("HTTP/1.0 without a host is answered, and logged as what it was", async () => {
    const { open, requests } = serve();
    expect(await (await open()).ask("GET /opendcre/1.2/version/1?x HTTP/1.0", "")).toMatchObject({ status: 200 });
    expect(requests).toMatchObject([
      { method: "GET", path: "/opendcre/1.2/version/1", status: 200, remote: "127.0.0.1" },
    ]);
  });

  test("methods that servers seldom see are 405, and CONNECT finds nothing", async () => {
    const { open } = serve();
    for (const method of ["TRACE", "DELETE", "PATCH"])
      expectError(await (await open()).ask(`${method} /opendcre/1.2/test HTTP/1.1`), 405, "method-not-allowed");
    expectError(await (await open()).ask("CONNECT localhost:80 HTTP/1.1"), 404, "not-found");
  });

  test("what is no HTTP ends its own connection and no other", async () => {
    const { open } = serve();
    for (const garbage of ["\r\n\r\n", "GET\r\n\r\n", "\0\0\0\0", "\x16\x03\x01\x02\0\x01", "GET / HTTP/9.9\r\n\r\n"]) {
      const http = await open();
      http.send(garbage);
      http.close();
      await http.closed;
    }
    expect((await (await open()).ask("GET /opendcre/1.2/test HTTP/1.1")).status).toBe(200);
  });

  test("digits of big integers arrive", async () => {
    const { open, backend } = serve();
    backend.answers.read = () => readingOf({ kind: "raw", value: 12_345_678_901_234_567_890n });
    const { body } = await (await open()).ask("GET /opendcre/1.2/read/current/1/1 HTTP/1.1");
    expect(body).toBe('{"device_raw":12345678901234567890}');
  });

  test("a caller that hangs up aborts its command", async () => {
    const served = serve();
    const { begun, end } = heldRead(served);
    const http = await served.open();
    http.send("GET /opendcre/1.2/read/led/1/1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const signal = await begun;
    expect(signal.aborted).toBe(false);
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    http.close();
    await aborted;
    end();
  });

  test("callers on other addresses than loopback are known by theirs", async () => {
    const { listener, requests } = serve({ host: "0.0.0.0" });
    const http = await RawHttp.open(listener.port, "127.0.0.1");
    connections.push(http);
    await http.ask("GET /opendcre/1.2/test HTTP/1.1");
    expect(requests).toMatchObject([{ remote: expect.stringContaining("127.0.0.1") }]);
  });

  test("whoever breaks the connection off behind a request, so that nobody knows from where it came, gets nothing done", async () => {
    const { listener, requests, backend } = serve({ host: "0.0.0.0" });
    for (let round = 0; round < 20; round++) {
      const http = await RawHttp.open(listener.port, "127.0.0.1");
      http.send("POST /opendcre/1.2/power/1/1/off HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
      http.reset();
    }
    const http = await RawHttp.open(listener.port, "127.0.0.1");
    connections.push(http);
    expect((await http.ask("GET /opendcre/1.2/test HTTP/1.1")).status).toBe(200);
    expect(requests.filter(({ remote }) => remote === undefined)).toEqual([]);
    expect(backend.commands).toEqual([]);
  });
});

describe("bodies", () => {
  const power = "POST /opendcre/1.2/power/1/1/cycle HTTP/1.1\r\nHost: localhost\r\n";

  test("are read to their end, and not looked at", async () => {
    const { open, backend } = serve();
    const http = await open();
    http.send(`${power}Content-Length: 3\r\n\r\nabc`);
    expect((await http.answer()).status).toBe(200);
    http.send(`${power}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`);
    expect((await http.answer()).status).toBe(200);
    http.send(`${power}Content-Length: 65536\r\n\r\n${"x".repeat(65_536)}`);
    expect((await http.answer()).status).toBe(200);
    expect(backend.commands).toHaveLength(3);
  });

  test("announced larger than the limit are 413 before they come, and end the connection", async () => {
    const { open, backend } = serve();
    for (const length of ["65537", "99999999999"]) {
      const http = await open();
      http.send(`${power}Content-Length: ${length}\r\n\r\n`);
      const answer = await http.answer();
      expectError(answer, 413, "body-too-large");
      expect(answer.headers.get("connection")).toBe("close");
      await http.closed;
    }
    expect(backend.commands).toEqual([]);
  });

  test("that turn out larger are 413", async () => {
    const { open, backend } = serve({}, { limits: { maxBodyBytes: 10 } });
    const http = await open();
    http.send(`${power}Transfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n`);
    http.send("8\r\n12345678\r\n");
    expectError(await http.answer(), 413, "body-too-large");
    expect(backend.commands).toEqual([]);
  });

  test("that stay away are 408, and nothing is done", async () => {
    const { open, backend, clock } = serve();
    const http = await open();
    http.send(`${power}Content-Length: 10\r\n\r\nhalf`);
    while (clock.timers === 0) await settle();
    await clock.advance(4999);
    expect(clock.timers).toBe(1);
    await clock.advance(1);
    const answer = await http.answer();
    expectError(answer, 408, "body-timeout");
    expect(answer.headers.get("connection")).toBe("close");
    expect(backend.commands).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  test("that are broken off have done nothing", async () => {
    const { open, backend, requests, clock } = serve();
    const http = await open();
    http.send(`${power}Content-Length: 10\r\n\r\nhalf`);
    while (clock.timers === 0) await settle();
    http.close();
    while (requests.length === 0) await settle();
    expect(requests).toMatchObject([{ status: 400, path: "/opendcre/1.2/power/1/1/cycle" }]);
    expect(backend.commands).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  test("of requests that do not act, or are refused, are not waited for", async () => {
    const { open } = serve();
    const half = "Host: localhost\r\nContent-Length: 99999999999\r\n\r\n";
    for (const [line, status] of [
      ["GET /opendcre/1.2/test HTTP/1.1", 200],
      ["POST /nosuch HTTP/1.1", 404],
      ["PUT /opendcre/1.2/test HTTP/1.1", 405],
    ] as const) {
      const http = await open();
      http.send(`${line}\r\n${half}`);
      expect((await http.answer()).status).toBe(status);
    }
  });
});

describe("listening", () => {
  test("says where", () => {
    const { listener } = serve();
    expect(listener.port).toBeGreaterThan(0);
    expect(listener.origin).toBe(`http://127.0.0.1:${listener.port}`);
  });

  test("an IPv6 address stands in brackets", async () => {
    const { listener } = serve({ host: "::1" });
    expect(listener.origin).toBe(`http://[::1]:${listener.port}`);
    const http = await RawHttp.open(listener.port, "::1");
    connections.push(http);
    expect((await http.ask("GET /opendcre/1.2/test HTTP/1.1")).status).toBe(200);
  });

  test("on an address in use fails, and says so", () => {
    const { port } = serve().listener;
    const error = failureOf("127.0.0.1", port);
    expect(error).toMatchObject({ code: "address-in-use", host: "127.0.0.1", port });
    expect(error.message).toBe(`cannot listen on 127.0.0.1 port ${port}: another program listens there`);
    expect(error.cause).toBeInstanceOf(Error);
  });

  test("on an address of another machine fails, and says so", () => {
    expect(failureOf("192.0.2.1", 0)).toMatchObject({ code: "address-not-available", host: "192.0.2.1", port: 0 });
    expect(failureOf("nosuch.invalid", 0).code).toBe("address-not-available");
  });

  test.skipIf(!canTryLowPort)(
    "on a port for root alone fails, and says so (needs setpriv where root runs it)",
    async () => {
      const code = `
      const { listen } = await import("./src/api/listener.ts");
      const { createApi } = await import("./src/api/server.ts");
      const { Inventory } = await import("./src/devices/inventory.ts");
      const api = createApi({ inventory: new Inventory([]), version: "test", prefix: "/opendcre/" });
      try {
        listen({ api, host: "127.0.0.1", port: 1, graceMs: 0 });
      } catch (error) {
        console.log(error.code, error.message);
      }
    `;
      const nobody = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
      const child = Bun.spawn([...nobody, process.execPath, "-e", code], {
        cwd: `${import.meta.dir}/../..`,
        env: { ...process.env, HOME: "/tmp" },
        stderr: "inherit",
      });
      expect(await child.stdout.text()).toBe(
        "permission-denied cannot listen on 127.0.0.1 port 1: not allowed for this user; ports below 1024 take CAP_NET_BIND_SERVICE (for the service, the drop-in port-443.conf)\n",
      );
    },
  );
});

describe("too many connections of one address", () => {
  for (const host of ["127.0.0.1", "::1"])
    test(`are ended, but for the one on which a request is under way: ${host}`, async () => {
      const clock = new ManualClock();
      const ended: unknown[] = [];
      const limiter = new ConnectionLimiter(
        { connections: 0, connectionsPerAddress: 1, loopback: true },
        {
          host,
          table: new ProcSocketTable(),
          clock,
          events: {
            ended: (count, address) => void ended.push([count, address]),
            notCounted: (error) => void ended.push(error.message),
          },
        },
      );
      const served = serve({ host, clock, connections: limiter });
      const { port } = served.listener;
      limiter.watch([port]);
      const first = await RawHttp.open(port, host);
      expect((await first.ask("GET /opendcre/1.2/test HTTP/1.1")).status).toBe(200);
      await clock.advance(1000);
      expect(ended).toEqual([]);
      const held = heldRead(served);
      const second = await RawHttp.open(port, host);
      connections.push(first, second);
      const answer = second.ask("GET /opendcre/1.2/read/led/1/1 HTTP/1.1");
      await held.begun;
      await clock.advance(1000);
      expect(ended).toEqual([[1, expect.any(String)]]);
      await first.closed;
      held.end();
      expect((await answer).status).toBe(200);
      limiter.close();
    });
});

describe("stopping", () => {
  test("lets requests under way finish, accepts no more, and closes what is idle", async () => {
    const served = serve();
    const { listener, open, clock } = served;
    const { begun, end } = heldRead(served);
    const idle = await open();
    await idle.ask("GET /opendcre/1.2/test HTTP/1.1");
    const busy = await open();
    busy.send("GET /opendcre/1.2/read/led/1/1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await begun;
    const stopped = listener.stop();
    await idle.closed;
    expect(await isRefused(listener)).toBe(true);
    end();
    expect(await busy.answer()).toMatchObject({ status: 200, body: '{"led_state":"on"}' });
    await stopped;
    await busy.closed;
    expect(clock.timers).toBe(0);
  });

  test("waits no longer than the grace", async () => {
    const served = serve();
    const { begun, end } = heldRead(served);
    const http = await served.open();
    http.send("GET /opendcre/1.2/read/led/1/1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await begun;
    const stopped = served.listener.stop();
    await served.clock.advance(1000);
    await stopped;
    await http.closed;
    end();
  });

  test("again, and with nothing under way, is fine", async () => {
    const { listener } = serve();
    await Promise.all([listener.stop(), listener.stop()]);
    await listener.stop();
    expect(await isRefused(listener)).toBe(true);
  });
});
