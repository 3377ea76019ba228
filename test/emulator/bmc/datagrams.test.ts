import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createSocket } from "node:dgram";
import { BmcResponder, type Answer } from "../../../src/emulator/bmc/bmc-responder.ts";
import { parseBmcFile } from "../../../src/emulator/bmc/file/bmc-file.ts";
import type { BmcDescription } from "../../../src/emulator/bmc/file/bmc-shape.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { recordedSession, recordedSessions } from "../../support/recorded-ipmi.ts";
import { START, startBmc, still } from "./foreign-clients.ts";

const peer = { address: "192.0.2.99", port: 50_000 };

const responder = (change: Partial<BmcDescription> = {}) => {
  const failures: unknown[] = [];
  const bmc = new BmcResponder({ ...still, ...change }, { nowMs: 0, wallMs: START }, (_, error) =>
    failures.push(error),
  );
  return { bmc, failures };
};

/** Of an Open Session Response. */
const statusOf = (answers: readonly Answer[]) => answers[0]?.datagram[17];

const hexOf = (answers: readonly Answer[]) => answers.map(({ datagram }) => datagram.toHex());

/** Get Channel Authentication Capabilities, as ipmiping of FreeIPMI sends it. */
const [question] = recordedSession("freeipmi-ipmiping").packets;
const ask = question!.bytes;

describe("outside sessions", () => {
  test("a presence ping is answered as ipmi_sim does", () => {
    const { bmc } = responder();
    const [ping, pong] = recordedSession("freeipmi-rmcpping").packets;
    expect(hexOf(bmc.receive(ping!.bytes, peer, 0))).toEqual([pong!.bytes.toHex()]);
  });

  test("Get Channel Authentication Capabilities", () => {
    const { bmc } = responder({ ipmi15: ["md5", "none"] });
    const [answer] = bmc.receive(ask, peer, 0);
    // The request wants no fields of IPMI 2.0. Channel 1; MD5 and none; users with names only. IPMI 2.0, table 22-15.
    const recorded = recordedSession("freeipmi-ipmiping").packets[1]!.bytes;
    expect(answer?.datagram.subarray(0, 20)).toEqual(recorded.subarray(0, 20));
    expect(answer?.datagram.subarray(20, 29).toHex()).toBe("000105040000000000");
  });

  test("commands that need a session are refused with D4h", () => {
    const { bmc } = responder();
    // Get Device ID to 20h from 81h, with the checksums of IPMI 2.0 section 13.8.
    const getDeviceId = Uint8Array.fromHex("0600ff070000000000000000000720 18 c8 81 04 01 7a".replaceAll(" ", ""));
    const [answer] = bmc.receive(getDeviceId, peer, 0);
    expect(answer?.datagram.at(-2)).toBe(0xd4);
  });

  test("a BMC that answers Get Channel Cipher Suites in sessions only", () => {
    const recorded = recordedSession("ipmitool-suite-3").packets[0]!.bytes;
    const suites = Uint8Array.fromHex(
      "0600ff07000000000000000000 0a 20 18 c8 81 04 54 0e 00 80 99".replaceAll(" ", ""),
    );
    expect(recorded.subarray(0, 4)).toEqual(suites.subarray(0, 4));
    expect(responder().bmc.receive(suites, peer, 0)).toHaveLength(1);
    const { bmc } = responder({ quirks: { ...still.quirks, cipherSuitesAnswered: false } });
    expect(bmc.receive(suites, peer, 0)).toEqual([]);
  });

  test("half-open sessions take a slot for 10 s, and a repeated request takes no other", () => {
    const { bmc } = responder();
    const open = recordedSession("ipmitool-suite-3").packets.find(({ bytes }) => bytes[5] === 0x10)!.bytes;
    /** The same from another console session. */
    const other = (id: number) => open.with(20, id);
    const first = hexOf(bmc.receive(other(1), peer, 0));
    expect(hexOf(bmc.receive(other(1), peer, 0))).toEqual(first);
    for (const id of [2, 3, 4]) expect(statusOf(bmc.receive(other(id), peer, 0))).toBe(0);
    // Status 01h: insufficient resources. IPMI 2.0, table 13-15.
    expect(statusOf(bmc.receive(other(5), peer, 9999))).toBe(0x01);
    expect(statusOf(bmc.receive(other(5), peer, 10_000))).toBe(0);
    expect(bmc.counters.sessions).toMatchObject({ expired: 4, refused: 1 });
  });
});

describe("faults", () => {
  test("silence for a number of requests, after a number of others", () => {
    const { bmc } = responder();
    bmc.model.faults.add({ fault: "silence", afterRequests: 2, requests: 3 });
    const answered = Array.from({ length: 7 }, () => bmc.receive(ask, peer, 0).length);
    expect(answered).toEqual([1, 1, 0, 0, 0, 1, 1]);
  });

  test("silence for a time, from a time on", () => {
    const { bmc } = responder();
    bmc.model.faults.add({ fault: "silence", afterMs: 1000, forMs: 500 });
    expect([0, 999, 1000, 1499, 1500].map((atMs) => bmc.receive(ask, peer, atMs).length)).toEqual([1, 1, 0, 0, 1]);
  });

  test("delay, duplicates", () => {
    const { bmc } = responder();
    bmc.model.faults.add({ fault: "delay", delayMs: 250, requests: 1 });
    bmc.model.faults.add({ fault: "duplicate", afterRequests: 1, requests: 1 });
    expect(bmc.receive(ask, peer, 0).map(({ delayMs }) => delayMs)).toEqual([250]);
    const doubled = hexOf(bmc.receive(ask, peer, 0));
    expect(doubled).toHaveLength(2);
    expect(new Set(doubled).size).toBe(1);
    expect(bmc.receive(ask, peer, 0)).toHaveLength(1);
  });

  test("a fault of one command leaves the others alone", () => {
    const { bmc } = responder();
    const takeAway = bmc.model.faults.add({
      fault: "silence",
      commands: ["Get Channel Authentication Capabilities"],
    });
    const [ping] = recordedSession("freeipmi-rmcpping").packets;
    expect(bmc.receive(ask, peer, 0)).toHaveLength(0);
    expect(bmc.receive(ping!.bytes, peer, 0)).toHaveLength(1);
    takeAway();
    expect(bmc.receive(ask, peer, 0)).toHaveLength(1);
  });

  test("node busy", () => {
    const { bmc } = responder();
    bmc.model.faults.add({ fault: "busy", requests: 1 });
    const completionCode = () => bmc.receive(ask, peer, 0)[0]?.datagram[20];
    expect(completionCode()).toBe(0xc0);
    expect(completionCode()).toBe(0x00);
  });
});

test("faults of a file are met from the start", () => {
  const faults = parseBmcFile(
    JSON.stringify({
      name: "x",
      users: [],
      faults: [
        { fault: "silence", requests: 1 },
        { fault: "delay", delay_ms: 5 },
      ],
    }),
    "x",
  ).faults;
  const { bmc } = responder({ faults });
  expect(bmc.receive(ask, peer, 0)).toEqual([]);
  expect(bmc.receive(ask, peer, 0).map(({ delayMs }) => delayMs)).toEqual([5]);
});

describe("hostile datagrams", () => {
  test("no more than 1,000 answers are held back at a time", async () => {
    const clock = new ManualClock(START);
    await using started = await startBmc(still, clock);
    const { bmc } = started;
    bmc.model.faults.add({ fault: "delay", delayMs: 60_000 });
    const [ping] = recordedSession("freeipmi-rmcpping").packets;
    const socket = createSocket("udp4");
    while (bmc.counters.received < 1100) {
      for (let count = 0; count < 20; count++) socket.send(ping!.bytes, bmc.port, bmc.host);
      await settle();
    }
    expect(clock.timers).toBe(1000);
    await clock.advance(60_000);
    expect(clock.timers).toBe(0);
    socket.close();
  });

  test("random ones are never answered, and break nothing", () => {
    const { bmc, failures } = responder({ ipmi15: ["none"] });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(bmc.receive(bytes, peer, 0)).toEqual([]);
      }),
    );
    expect(failures).toEqual([]);
  });

  test("recorded ones of foreign sessions, whole, cut short and flipped, open no session and break nothing", () => {
    const { bmc, failures } = responder({ ipmi15: ["none", "md5", "password"], cipherSuites: [1, 2, 3, 6, 7, 8, 17] });
    const datagrams = recordedSessions().flatMap(({ packets }) => packets.slice(0, 12).map(({ bytes }) => bytes));
    for (const bytes of datagrams) {
      bmc.receive(bytes, peer, 0);
      for (let length = 0; length < bytes.length; length += 3) bmc.receive(bytes.slice(0, length), peer, 0);
      for (let at = 0; at < bytes.length; at += 2) bmc.receive(bytes.with(at, bytes[at]! ^ (1 << (at % 8))), peer, 0);
    }
    expect(bmc.counters.sessions.opened).toBe(0);
    expect(failures).toEqual([]);
    expect(bmc.counters.controls).toMatchObject({ off: 0, on: 0, reset: 0 });
  });
});
