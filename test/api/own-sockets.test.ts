import { afterEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { ProcSocketTable, socketsIn } from "../../src/api/own-sockets.ts";

const table = new ProcSocketTable();
const opened: (Server | Socket)[] = [];
afterEach(() => {
  table.close();
  for (const one of opened.splice(0))
    if ("destroy" in one) one.destroy();
    else one.close();
});

/** A server on an address, and one connection to it; the server's side of it, too. */
async function connected(host: string, to = host) {
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer((socket) => accepted.resolve(socket));
  await new Promise<void>((resolve) => void server.listen(0, host, resolve));
  const port = portOf(server.address());
  const client = connect(port, to);
  const socket = await accepted.promise;
  opened.push(server, client, socket);
  return { port, client, clientPort: socket.remotePort };
}

const portOf = (address: AddressInfo | string | null): number =>
  typeof address === "object" && address !== null ? address.port : Number.NaN;

describe("a table of the kernel", () => {
  test("is read as its documentation says", () => {
    // Linux Documentation/networking/proc_net_tcp.rst: 172.16.3.1:40012 connected to 172.16.3.3:6000.
    const line =
      "   46: 010310AC:9C4C 030310AC:1770 01 00000150:00000000 01:00000019 00000000  1000        0 54165785 4 cd1e6040 25 4 27 3 -1";
    const header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
    expect(socketsIn(`${header}\n${line}\n`)).toEqual([
      ["54165785", { isListening: false, localPort: 40012, remote: "172.16.3.3", remotePort: 6000 }],
    ]);
  });

  test("leaves out what is no socket of anybody, and what is no line", () => {
    const waiting =
      "   1: 0100007F:1388 0100007F:A1B2 06 00000000:00000000 03:00001770 00000000     0        0 0 3 0000000000000000";
    expect(socketsIn(`${waiting}\n\n: : :\nnothing\n`)).toEqual([]);
  });
});

describe("sockets of this process", () => {
  for (const [host, to, remote] of [
    ["127.0.0.1", "127.0.0.1", "127.0.0.1"],
    ["::1", "::1", "::1"],
    ["::", "127.0.0.1", "127.0.0.1"],
  ] as const)
    test(`are found with whom they lead to: ${to} on a server that listens on ${host}`, async () => {
      const { port, clientPort } = await connected(host, to);
      const ours = table.sockets().filter(({ localPort }) => localPort === port);
      expect(ours.filter(({ isListening }) => isListening)).toHaveLength(1);
      expect(ours.filter(({ isListening }) => !isListening)).toEqual([
        expect.objectContaining({ localPort: port, remote, remotePort: clientPort }),
      ]);
    });

  test.skipIf(Bun.which("ss") === null)("have the numbers that ss gives them (needs ss)", async () => {
    const { port } = await connected("127.0.0.1");
    const listed = Bun.spawnSync(["ss", "-tneH", "state", "established", `( sport = :${port} )`]).stdout.toString();
    const [, inode] = /\bino:(\d+)/.exec(listed) ?? [];
    const ours = table.sockets().filter(({ localPort, isListening }) => localPort === port && !isListening);
    expect(ours.map((socket) => socket.inode)).toEqual([inode ?? "none"]);
  });

  test("are ended for both sides", async () => {
    const { port, client } = await connected("127.0.0.1");
    const closed = new Promise<void>((resolve) => void client.once("close", () => resolve()));
    client.resume();
    for (const { fd, localPort, isListening } of table.sockets()) if (localPort === port && !isListening) table.end(fd);
    await closed;
    expect(client.destroyed).toBe(true);
  });

  test("are no more than there are descriptors, which a file counts among, too", () => {
    const before = table.countDescriptors();
    const fd = openSync("/dev/null", "r");
    expect(table.countDescriptors()).toBe(before + 1);
    closeSync(fd);
    expect(table.sockets().length).toBeLessThanOrEqual(before);
  });
});

test("they are found when there is no descriptor left", () => {
  const script = `
    import { openSync } from "node:fs";
    import { createServer } from "node:net";
    import { ProcSocketTable } from ${JSON.stringify(new URL("../../src/api/own-sockets.ts", import.meta.url).pathname)};
    const server = createServer().listen(0, "127.0.0.1", () => {
      const table = new ProcSocketTable();
      table.countDescriptors();
      let last = 0;
      try { for (;;) last = openSync("/dev/null", "r"); } catch (error) { console.log(error.code); }
      console.log(table.countDescriptors() > 0, table.sockets().filter(({ isListening }) => isListening).length);
      try { openSync("/dev/null", "r"); } catch (error) { console.log(error.code); }
      process.exit(0);
    });`;
  const limited = ["-c", 'ulimit -Sn 100 && ulimit -Hn 100 && exec "$@"', "sh", process.execPath, "-e", script];
  const { stdout, stderr } = spawnSync("sh", limited, { encoding: "utf8" });
  expect({ stdout, stderr }).toEqual({ stdout: "EMFILE\ntrue 1\nEMFILE\n", stderr: "" });
});
