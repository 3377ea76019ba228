import { describe, expect, test } from "bun:test";
import { openUnixDatagrams, unixAddress } from "../../src/lib/unix-datagram.ts";
import { hasPython, startDatagramReceiver } from "../support/datagram-receiver.ts";

describe("a socket's address", () => {
  test("is as unix(7) has it", () => {
    expect(unixAddress("/r")).toEqual(new Uint8Array([1, 0, 0x2f, 0x72, 0]));
    expect(unixAddress("@r")).toEqual(new Uint8Array([1, 0, 0, 0x72]));
    expect(unixAddress(`/${"x".repeat(106)}`)?.length).toBe(110);
  });

  test.each(["", "run/x", "vsock:2:1", `/${"x".repeat(107)}`, "/a\0b"])("is not made of %j", (path) => {
    expect(unixAddress(path)).toBeUndefined();
    expect(openUnixDatagrams(path)).toBeUndefined();
  });
});

describe.skipIf(!hasPython)(`datagrams${hasPython ? "" : " (python3 is missing)"}`, () => {
  test.each(["path", "abstract"] as const)("reach a socket named by %s", async (kind) => {
    const receiver = await startDatagramReceiver(kind);
    const datagrams = openUnixDatagrams(receiver.path);
    const sent = [new TextEncoder().encode("READY=1\nSTATUS=üp"), new Uint8Array([0, 255, 10, 0]), new Uint8Array()];
    for (const bytes of sent) expect(datagrams?.send(bytes)).toBe("sent");
    for (const bytes of sent) expect(await receiver.next()).toEqual(bytes);
    await receiver.stop();
  });

  test("wait neither for a receiver that does not read, nor break one that is too small for them", async () => {
    const receiver = await startDatagramReceiver();
    const datagrams = openUnixDatagrams(receiver.path);
    expect(datagrams?.send(new Uint8Array(16_777_216))).toBe("failed");
    receiver.pause();
    let taken = 0;
    while (datagrams?.send(new Uint8Array([taken & 0xff])) === "sent") taken++;
    expect(datagrams?.send(new Uint8Array([0]))).toBe("full");
    receiver.resume();
    for (let index = 0; index < taken; index++) expect(await receiver.next()).toEqual(new Uint8Array([index & 0xff]));
    expect(datagrams?.send(new Uint8Array([1]))).toBe("sent");
    await receiver.stop();
    expect(datagrams?.send(new Uint8Array([1]))).toBe("failed");
  });
});
