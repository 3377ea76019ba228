import { describe, expect, test } from "bun:test";
import { layout, rest } from "../../../src/ipmi-js/bytes/layout.ts";
import { datagramHex, messageHex, type TraceEvent } from "../../../src/ipmi-js/client/trace.ts";
import { once } from "../../../src/ipmi-js/commands/define.ts";
import { answerBytes } from "../../../src/ipmi-js/testing.ts";
import { echo, fakeClient } from "./fake-client.ts";

const hexOf = (text: string) => Buffer.from(text).toString("hex");
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const passwordField = layout({ data: rest(0) });
const setUserPassword = once("Set User Password", 0x06, 0x47, passwordField, passwordField);

describe("a trace", () => {
  test("shows every datagram, and messages only when asked", async () => {
    for (const showsMessages of [false, true]) {
      const events: TraceEvent[] = [];
      await using fake = fakeClient({ trace: { event: (event) => events.push(event), showsMessages } });
      await fake.client.execute(echo, { value: 0x5a });
      const { sent, received } = fake.client.counters;
      const datagrams = events.filter(({ kind }) => kind === "datagram");
      expect(datagrams.filter(({ direction }) => direction === "sent")).toHaveLength(sent);
      expect(datagrams.filter(({ direction }) => direction === "received")).toHaveLength(received);
      const messages = events
        .filter(({ kind }) => kind === "message")
        .map(({ direction, hex }) => `${direction} ${hex}`);
      // To 20h, netFn 30h, checksum; from 81h, rqSeq 0, command 01h, 5Ah, checksum. And back, with completion code 00h.
      const shown = ["sent 20c0208100015a24", "received 81c4bb200001005a85"];
      expect(messages).toEqual(showsMessages ? shown : []);
    }
  });

  test("leaves passwords out, and all that is made of them", async () => {
    const events: TraceEvent[] = [];
    await using fake = fakeClient(
      { cipherSuite: 0, password: "", trace: { event: (event) => events.push(event), showsMessages: true } },
      { password: "" },
    );
    fake.bmc.answer(answerBytes(setUserPassword, () => ({ completionCode: 0, data: new Uint8Array() })));
    await fake.client.execute(setUserPassword, { data: new TextEncoder().encode("\x02\x02topsecret") });
    await fake.client
      .execute(
        setUserPassword,
        { data: new TextEncoder().encode("\x02\x02topsecret") },
        { target: { channel: 0, address: 0x82 } },
      )
      .catch(() => {});
    const all = events.map(({ hex }) => hex).join("\n");
    expect(all).not.toContain(hexOf("topsecret"));
    expect(all).toContain("bytes left out");
  });

  test("leaves out the contents of RAKP messages", () => {
    for (const payloadType of ["12", "13", "14", "15"]) {
      const header = `0600ff07 06 ${payloadType} 00000000 00000000 0300`.replaceAll(" ", "");
      expect(datagramHex(bytesOf(`${header}aabbcc`))).toBe(`${header}(3 bytes left out)`);
    }
    const openSession = "0600ff070610000000000000000003000102ff";
    expect(datagramHex(bytesOf(openSession))).toBe(openSession);
  });

  test("leaves out authentication codes of IPMI 1.5, which may be the password itself", () => {
    const [before, after] = [
      "0600ff07 04 01000000 02000000".replaceAll(" ", ""),
      "072018c8810401 7a".replaceAll(" ", ""),
    ];
    expect(datagramHex(bytesOf(before + hexOf("secret") + "00".repeat(10) + after))).toBe(
      `${before}(16 bytes left out)${after}`,
    );
  });

  test("shows what is cut short as far as it goes", () => {
    for (const datagram of ["", "06", "0600ff07", "0600ff0706", "0600ff070612", "0600ff070412", "0600ff060000"])
      expect(datagramHex(bytesOf(datagram))).toBe(datagram);
    expect(messageHex(bytesOf("2018"))).toBe("2018");
  });
});
