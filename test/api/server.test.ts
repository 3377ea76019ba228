import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { DeviceError, type DeviceErrorCode } from "../../src/devices/errors.ts";
import { createTestApi, type HttpAnswer } from "../support/api.ts";

/** Paths of routes that read, and whether they take POST. */
const reads: [path: string, takesPost: boolean][] = [
  ["test", true],
  ["scan", false],
  ["scan/1", false],
  ["version/1", false],
  ["read/led/1/1", false],
  ["power/1/1", false],
  ["power/1/1/status", true],
  ["power/status/1/1", true],
  ["power/power/1/1/STATUS", true],
  ["power/power/status/1/1", true],
  ["boot_target/1/1", false],
  ["location/1", false],
  ["location/1/1", false],
  ["led/1/1", false],
  ["fan/1/1", false],
];

/** Paths of routes that change something. */
const controls = [
  "power/1/1/on",
  "power/1/1/OFF",
  "power/cycle/1/1",
  "power/power/1/1/on",
  "power/power/Off/1/1",
  "boot_target/1/1/pxe",
  "led/1/1/on",
  "fan/1/1/100",
];

const origin = { origin: "https://example.org" };

/** That a body is an error's, and bears the id of its request. */
function expectError({ json, headers }: HttpAnswer, code: string) {
  expect(json).toEqual({ message: expect.any(String), code, request_id: headers.get("x-request-id") });
  expect(headers.get("content-type")).toBe("application/json");
}

describe("methods", () => {
  test.each(reads)("GET, HEAD and POST on %s", async (path, takesPost) => {
    const { ask, backend } = createTestApi();
    const get = await ask(path);
    expect(get.status).toBe(200);
    const asked = [...backend.commands];

    backend.commands.length = 0;
    const head = await ask(path, { method: "HEAD" });
    expect(head).toMatchObject({ status: 200, text: "" });
    expect(head.headers.get("content-length")).toBe(`${Buffer.byteLength(get.text)}`);
    expect(head.headers.get("content-type")).toBe("application/json");
    expect(backend.commands).toEqual(asked);

    backend.commands.length = 0;
    const post = await ask(path, { method: "POST", body: "anything" });
    expect(post.status).toBe(takesPost ? 200 : 405);
    if (takesPost) expect(post.json).toEqual(get.json);
    else expect(post.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    expect(backend.commands).toEqual(takesPost ? asked : []);
  });

  test.each(controls)("GET and POST act on %s, HEAD never does", async (path) => {
    const { ask, backend } = createTestApi();
    const get = await ask(path);
    const post = await ask(path, { method: "POST" });
    expect([get.status, post.status]).toEqual([200, 200]);
    expect(post.json).toEqual(get.json);
    expect(backend.commands).toHaveLength(2);
    const [first, second] = backend.commands;
    expect(second).toEqual(first);

    const head = await ask(path, { method: "HEAD" });
    expect(head).toMatchObject({ status: 405, text: "" });
    expect(head.headers.get("allow")).toBe("GET, OPTIONS, POST");
    expect(backend.commands).toHaveLength(2);
  });

  test.each(["PUT", "DELETE", "PATCH", "PROPFIND"])(
    "%s is 405 everywhere, and names what is allowed",
    async (method) => {
      const { ask, backend } = createTestApi();
      for (const [path, takesPost] of reads) {
        const answer = await ask(path, { method });
        expect(answer.status).toBe(405);
        expect(answer.headers.get("allow")).toBe(takesPost ? "GET, HEAD, OPTIONS, POST" : "GET, HEAD, OPTIONS");
        expectError(answer, "method-not-allowed");
      }
      for (const path of controls) {
        const answer = await ask(path, { method });
        expect(answer.status).toBe(405);
        expect(answer.headers.get("allow")).toBe("GET, OPTIONS, POST");
      }
      expect((await ask("nosuch", { method })).status).toBe(404);
      expect(backend.commands).toEqual([]);
    },
  );

  test("HEAD on the route that refuses colours is 405, as it is one that would act", async () => {
    expect((await createTestApi().ask("led/1/1/on/red", { method: "HEAD" })).status).toBe(405);
  });

  test("HEAD of a failure has its status and no body", async () => {
    const { ask } = createTestApi();
    expect(await ask("read/led/xyz/1", { method: "HEAD" })).toMatchObject({ status: 500, text: "" });
    expect(await ask("nosuch", { method: "HEAD" })).toMatchObject({ status: 404, text: "" });
  });
});

describe("OPTIONS and CORS", () => {
  test.each(reads)("%s may be read by pages of any origin", async (path, takesPost) => {
    const { ask, backend } = createTestApi();
    const options = await ask(path, { method: "OPTIONS", headers: origin });
    const allow = takesPost ? "GET, HEAD, OPTIONS, POST" : "GET, HEAD, OPTIONS";
    expect(options).toMatchObject({ status: 204, text: "" });
    expect(options.headers.get("allow")).toBe(allow);
    expect(options.headers.get("access-control-allow-origin")).toBe("*");
    expect(options.headers.get("access-control-allow-methods")).toBe(allow);
    expect(options.headers.get("content-type")).toBeNull();
    expect(backend.commands).toEqual([]);
    const get = await ask(path, { headers: origin });
    expect(get.headers.get("access-control-allow-origin")).toBe("*");
    expect(get.headers.get("access-control-allow-credentials")).toBeNull();
  });

  test("a failure of a read may be read, too", async () => {
    const { headers } = await createTestApi().ask("read/led/xyz/1", { headers: origin });
    expect(headers.get("access-control-allow-origin")).toBe("*");
  });

  test.each(controls)("%s may not, and is not cached", async (path) => {
    const { ask, backend } = createTestApi();
    const options = await ask(path, { method: "OPTIONS", headers: origin });
    expect(options.status).toBe(204);
    expect(options.headers.get("allow")).toBe("GET, OPTIONS, POST");
    expect([...options.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
    expect(backend.commands).toEqual([]);
    const get = await ask(path, { headers: origin });
    expect(get.headers.get("access-control-allow-origin")).toBeNull();
    expect(get.headers.get("cache-control")).toBe("no-store");
  });

  test("an unknown route is 404 for OPTIONS as well", async () => {
    const answer = await createTestApi().ask("nosuch", { method: "OPTIONS", headers: origin });
    expect(answer.status).toBe(404);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("switched off, nobody may", async () => {
    const { ask } = createTestApi({ cors: "off" });
    for (const [path] of reads) {
      for (const method of ["GET", "OPTIONS"]) {
        const { headers } = await ask(path, { method, headers: origin });
        expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
      }
    }
  });
});

describe("request ids", () => {
  test("are in the answer, in the log and in what goes to the back end", async () => {
    const { ask, backend, requests } = createTestApi();
    const { headers } = await ask("scan");
    const id = headers.get("x-request-id");
    expect(id).toMatch(/^[\w.-]{1,64}$/);
    expect(backend.contexts.at(-1)?.requestId).toBe(id ?? "");
    expect(requests.at(-1)?.requestId).toBe(id ?? "");
  });

  test("are different for each request, also for those under way at the same time", async () => {
    const { ask } = createTestApi();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask("scan/1")));
    expect(new Set(answers.map(({ headers }) => headers.get("x-request-id"))).size).toBe(20);
  });
});

test("every answer forbids guessing its type", async () => {
  const { ask } = createTestApi();
  for (const path of ["test", "nosuch", "scan/x", "led/1/1/on"])
    expect((await ask(path)).headers.get("x-content-type-options")).toBe("nosniff");
});

describe("failures of devices", () => {
  const codes: Record<DeviceErrorCode, number> = {
    "no-such-board": 500,
    "no-response": 500,
    "damaged-response": 500,
    "bad-value": 500,
    refused: 500,
    unsupported: 500,
    "line-down": 500,
    cancelled: 500,
    busy: 503,
    "shutting-down": 503,
    "audit-unavailable": 503,
    "cooling-down": 429,
    "board-busy": 409,
    forbidden: 403,
    protected: 403,
  };
  const isCode = (code: string): code is DeviceErrorCode => code in codes;

  for (const [code, status] of Object.entries(codes)) {
    test(`${code} is ${status}`, async () => {
      if (!isCode(code)) throw new TypeError(code);
      const { ask, backend, errors } = createTestApi();
      const error = new DeviceError(code, "What failed.", { attempts: 4, received: "secret evidence" });
      backend.answers.read = () => Promise.reject(error);
      const answer = await ask("read/led/1/1");
      expect(answer.status).toBe(status);
      expectError(answer, code);
      expect(answer.json).toMatchObject({ message: "What failed." });
      expect(answer.text).not.toContain("evidence");
      expect(answer.headers.get("retry-after")).toBe(status === 503 || status === 429 ? "1" : null);
      const path = "/opendcre/1.2/read/led/1/1";
      expect(errors).toEqual([
        { error, label: { requestId: answer.headers.get("x-request-id") ?? "", method: "GET", path } },
      ]);
    });
  }

  test("busy says when to come back", async () => {
    const { ask, backend } = createTestApi();
    for (const [retryAfterS, header] of [
      [7, "7"],
      [0.2, "1"],
      [2.5, "3"],
    ] as const) {
      backend.answers.scan = () => Promise.reject(new DeviceError("busy", "Too much.", { retryAfterS }));
      expect((await ask("scan/1")).headers.get("retry-after")).toBe(header);
    }
  });

  test("an exception that nobody foresaw tells the caller where to look, and no more", async () => {
    for (const thrown of [new TypeError("secret path /etc/x"), "secret text", null]) {
      const { ask, backend, errors } = createTestApi();
      backend.answers.read = () => Promise.reject(thrown);
      const answer = await ask("read/led/1/1");
      const id = answer.headers.get("x-request-id");
      expect(answer.status).toBe(500);
      expect(answer.json).toEqual({
        message: `Internal error (see the log, request id ${id})`,
        code: "internal-error",
        request_id: id,
      });
      expect(JSON.stringify([...answer.headers])).not.toContain("secret");
      expect(errors).toHaveLength(1);
      expect(errors[0]?.error).toBeInstanceOf(Error);
      if (thrown instanceof Error) expect(errors[0]?.error).toBe(thrown);
    }
  });

  test("one that is thrown at once, too", async () => {
    const { ask } = createTestApi({
      modemConfiguration: () => {
        throw new RangeError("secret");
      },
    });
    expect(await ask("plc_config")).toMatchObject({ status: 500, json: { code: "internal-error" } });
  });

  test("mistakes of callers are none of the log's errors", async () => {
    const { ask, errors } = createTestApi();
    for (const path of ["nosuch", "scan/x", "fan/1/1/x", "%zz"]) await ask(path);
    expect(errors).toEqual([]);
  });
});

describe("URLs", () => {
  test.each(["%zz", "scan/%", "scan/%4", "scan/%ff", "read/%c3%28/1/1", "scan/%00", "nosuch/%zz", "scan/1%00"])(
    "%s is 400",
    async (path) => {
      const { ask, backend } = createTestApi();
      const answer = await ask(path);
      expect(answer.status).toBe(400);
      expectError(answer, "malformed-url");
      expect(backend.commands).toEqual([]);
    },
  );

  test("longer than the limit are 414, the query included", async () => {
    const { askRoot } = createTestApi();
    const base = "/opendcre/1.2/test?";
    expect((await askRoot(base + "x".repeat(2048 - base.length))).status).toBe(200);
    const answer = await askRoot(base + "x".repeat(2049 - base.length));
    expect(answer.status).toBe(414);
    expectError(answer, "url-too-long");
    expect((await askRoot(`/opendcre/1.2/scan/${"0".repeat(2000)}1`)).status).toBe(200);
    expect((await askRoot(`/${"x".repeat(5000)}`)).status).toBe(414);
  });

  test("of any kind get JSON", async () => {
    const { askRoot } = createTestApi();
    await fc.assert(
      fc.asyncProperty(fc.webPath(), fc.constantFrom("GET", "HEAD", "POST", "OPTIONS"), async (path, method) => {
        const answer = await askRoot(`/opendcre/1.2${path}`, { method });
        expect(answer.headers.get("x-request-id")).not.toBeNull();
        if (method !== "HEAD" && method !== "OPTIONS") expect(answer.json).toBeObject();
      }),
    );
  });

  test.each(["http://x/opendcre/1.2/test", "https://x/opendcre/1.2/test", "http://[::1]:5000/opendcre/1.2/test"])(
    "%s is found, however short its host",
    async (url) => {
      const { api } = createTestApi();
      expect((await api.fetch(new Request(url))).status).toBe(200);
    },
  );
});

describe("the access log", () => {
  test("has a line for every request, with what it was and what came of it", async () => {
    const { ask, requests } = createTestApi();
    const { text } = await ask("test?token=secret");
    await ask("nosuch%20path", { method: "POST", body: "x" });
    await ask("test", { method: "HEAD" });
    expect(requests).toEqual([
      {
        method: "GET",
        path: "/opendcre/1.2/test",
        status: 200,
        durationMs: expect.any(Number),
        requestId: expect.stringMatching(/^[\w-]+$/),
        remote: "192.0.2.7",
        bytes: Buffer.byteLength(text),
      },
      expect.objectContaining({ method: "POST", path: "/opendcre/1.2/nosuch%20path", status: 404 }),
      expect.objectContaining({ method: "HEAD", status: 200, bytes: 0 }),
    ]);
  });

  test("counts bytes, not characters", async () => {
    const { ask, backend, requests } = createTestApi();
    backend.answers.version = () => "é€😀";
    const { text } = await ask("version/1");
    expect(requests[0]?.bytes).toBe(new TextEncoder().encode(text).length);
  });
});

test("the caller's address and request id go with the command", async () => {
  const { ask, backend } = createTestApi();
  const { headers } = await ask("led/1/1/on");
  expect(backend.contexts[0]).toMatchObject({ requestId: headers.get("x-request-id"), remote: "192.0.2.7" });
});

test("a caller that goes aborts what its command waits with", async () => {
  const { api, backend } = createTestApi();
  const caller = new AbortController();
  const begun = Promise.withResolvers<AbortSignal>();
  backend.answers.read = (_, { signal }) => {
    begun.resolve(signal);
    return new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(new DeviceError("cancelled", "The caller has gone.")));
    });
  };
  const response = api.fetch(new Request("http://localhost/opendcre/1.2/read/led/1/1", { signal: caller.signal }));
  const signal = await begun.promise;
  expect(signal.aborted).toBe(false);
  caller.abort();
  expect((await response).status).toBe(500);
  expect(signal.aborted).toBe(true);
});
