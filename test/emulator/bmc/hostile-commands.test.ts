import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { commandTable } from "../../../src/ipmi-js/commands/table.ts";
import { encodeRequest, decodeResponse } from "../../../src/ipmi-js/wire/message.ts";
import { Executor, type CallerTraits } from "../../../src/emulator/bmc/commands/executor.ts";
import { BmcModel } from "../../../src/emulator/bmc/model/bmc-model.ts";
import { Login15 } from "../../../src/emulator/bmc/sessions/login-15.ts";
import { Session } from "../../../src/emulator/bmc/sessions/session.ts";
import { SessionTable } from "../../../src/emulator/bmc/sessions/session-table.ts";
import { START, still } from "./foreign-clients.ts";

const peer = { address: "192.0.2.99", port: 50_000 };

/** An administrator who may do everything, and what the emulation reports against itself. */
function administrator() {
  const failures: unknown[] = [];
  const model = new BmcModel({ ...still, sdrs: "repository" }, 0, START);
  const sessions = new SessionTable(still.sessions, model.agenda);
  const codec = {
    bmcSessionId: 1,
    privilege: 4,
    seal: (payload: Uint8Array) => payload,
    open: (datagram: Uint8Array) => ({ kind: "payload", payloadType: 0, payload: datagram }) as const,
  };
  const session = new Session({ handle: 1, protocol: "ipmi-2.0", user: model.users.get(2), peer, codec, nowMs: 0 });
  session.level = 4;
  const traits: CallerTraits = {
    model,
    sessions,
    login15: new Login15(model, sessions),
    session,
    temporarySessionId: undefined,
    peer,
    afterwards: () => undefined,
    restart: () => undefined,
  };
  return { traits, failures, executor: new Executor((_, error) => failures.push(error)) };
}

const known = Object.values(commandTable).flat();

test("whatever data a command is sent with, it is answered, and the emulation does not fail", () => {
  const { traits, failures, executor } = administrator();
  const data = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    // Small numbers, which mean something more often.
    fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 12 }).map((bytes) => Uint8Array.from(bytes)),
  );
  fc.assert(
    fc.property(fc.constantFrom(...known), data, fc.integer({ min: 0, max: 3 }), (command, bytes, lun) => {
      const body = command.body === undefined ? [] : [command.body];
      const message = encodeRequest({
        netFn: command.netFn,
        command: command.code,
        sequence: 5,
        responderAddress: 0x20,
        responderLun: lun,
        requesterAddress: 0x81,
        requesterLun: 0,
        data: Uint8Array.from([...body, ...bytes]),
      });
      const { replies } = executor.execute(traits, message);
      const reply = decodeResponse(replies[0] ?? new Uint8Array());
      if (typeof reply === "string") throw new RangeError(`${command.name} was answered with no message: ${reply}`);
      expect(reply).toMatchObject({
        netFn: command.netFn + 1,
        command: command.code,
        sequence: 5,
        requesterAddress: 0x81,
      });
      expect(reply.completionCode).not.toBe(0xff);
    }),
    { numRuns: 4000 },
  );
  expect(failures).toEqual([]);
});
