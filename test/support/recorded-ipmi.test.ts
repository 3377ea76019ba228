import { expect, test } from "bun:test";
import { recordedSession, recordedSessions } from "./recorded-ipmi.ts";

test("every recorded session is read, and begins with the client's RMCP header", () => {
  const sessions = recordedSessions();
  expect(sessions.length).toBeGreaterThan(50);
  for (const { packets } of sessions) {
    expect(packets[0]?.from).toBe("client");
    expect(packets.map(({ bytes }) => bytes[0])).toEqual(packets.map(() => 6));
  }
});

test("what a failed set-up had to say", () => {
  expect(recordedSession("ipmitool-suite-refused").output[0]).toContain("invalid authentication algorithm");
  expect(recordedSession("ipmitool-sessions-full").output[0]).toContain("insufficient resources");
});
