import { afterEach, describe, expect, test } from "bun:test";
import { listenToRedirect, type RedirectListener } from "../../src/api/redirect-listener.ts";
import { RawHttp, type RawAnswer } from "../support/raw-http.ts";

const listeners: RedirectListener[] = [];
afterEach(() => Promise.all(listeners.splice(0).map((listener) => listener.stop())));

const ours: ReadonlySet<string> = new Set(["rack.example", "192.0.2.7", "2001:db8::7"]);

const isOurs = (host: string) => ours.has(host);

function serve(targetPort = 443): RedirectListener {
  const listener = listenToRedirect({ host: "127.0.0.1", port: 0, targetPort: () => targetPort, isOurs });
  listeners.push(listener);
  return listener;
}

async function ask({ port }: RedirectListener, line: string, headers: string): Promise<RawAnswer> {
  const http = await RawHttp.open(port);
  try {
    return await http.ask(line, headers);
  } finally {
    http.close();
  }
}

const locationOf = async (listener: RedirectListener, target: string, host: string) => {
  const { status, headers } = await ask(listener, `GET ${target} HTTP/1.1`, `Host: ${host}\r\n`);
  return status === 308 ? headers.get("location") : status;
};

describe("plain HTTP", () => {
  test("is sent to the same place over HTTPS, whatever it wanted", async () => {
    const listener = serve();
    expect(await locationOf(listener, "/opendcre/1.2/scan?x=%20y", "rack.example")).toBe(
      "https://rack.example/opendcre/1.2/scan?x=%20y",
    );
    expect(await locationOf(listener, "/", "RACK.example:80")).toBe("https://rack.example/");
    expect(await locationOf(listener, "/", "[2001:DB8:0::7]:80")).toBe("https://[2001:db8::7]/");
    expect(await locationOf(serve(8443), "/a", "192.0.2.7:8080")).toBe("https://192.0.2.7:8443/a");
    const power = await ask(
      listener,
      "POST /opendcre/1.2/power/1/1/off HTTP/1.1",
      "Host: rack.example\r\nContent-Length: 0\r\n",
    );
    expect(power.status).toBe(308);
    expect(power.headers.get("cache-control")).toBe("no-store");
    expect(power.headers.get("connection")).toBe("close");
    expect(power.body).toBe("");
  });

  test("of another host, of none, or of what is no host is sent nowhere", async () => {
    const listener = serve();
    const hosts = [
      "evil.example",
      "rack.example.evil.example",
      "rack.example@evil.example",
      "evil.example#rack.example",
      "rack.example/evil",
      "rack.example\\evil",
      "rack.example evil.example",
      "rack.example,evil.example",
      "[2001:db8::8]",
      "[evil]",
      "192.0.2.7.",
      "",
      "rack.example:80:80",
      "rack.example:99999999",
    ];
    for (const host of hosts) expect([host, await locationOf(listener, "/", host)]).toEqual([host, 400]);
    expect((await ask(listener, "GET / HTTP/1.0", "")).status).toBe(400);
  });

  test("is never sent to another host by its path", async () => {
    const listener = serve();
    const targets = [
      "//evil.example/",
      "/\\evil.example",
      "/%0d%0aLocation:%20https://evil.example/",
      "http://evil.example/x",
      "https://evil.example//y",
      "/.//evil.example",
      "/@evil.example",
    ];
    for (const target of targets) {
      const location = await locationOf(listener, target, "rack.example");
      if (typeof location === "string") expect(new URL(location).host).toBe("rack.example");
      else expect([400, 404]).toContain(location ?? 0);
    }
    expect(await locationOf(listener, `/${"x".repeat(3000)}`, "rack.example")).toBe(414);
  });
});
