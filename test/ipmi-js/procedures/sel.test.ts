import { describe, expect, test } from "bun:test";
import { clearSel as clearSelCommand, getSelEntry, getSelInfo, reserveSel } from "../../../src/ipmi-js/commands/sel.ts";
import { clearSel, readSel } from "../../../src/ipmi-js/procedures/sel.ts";
import { ipmiFailureOf } from "../../support/ipmi-failure.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { recordedSession } from "../../support/recorded-ipmi.ts";
import { recordedCommands } from "../../support/recorded-messages.ts";
import { Refusal, ScriptedRequester } from "../../support/scripted-requester.ts";

/** Entries as FreeIPMI read them, ids 1 to 8. */
const entries = recordedCommands(recordedSession("freeipmi-sel")).flatMap(({ netFn, code, request, reply }) => {
  if (netFn !== getSelEntry.netFn || code !== getSelEntry.code) return [];
  // FreeIPMI asks for the last entry first.
  return getSelEntry.request.decode(request).recordId === 0xffff ? [] : [getSelEntry.reply.decode(reply).data];
});

/** A BMC with a log; `next` says what follows an entry. */
function bmcWithLog(log: readonly Uint8Array[], next = (position: number) => position + 1): ScriptedRequester {
  const idAt = (position: number) => (position < log.length ? position + 1 : 0xffff);
  return new ScriptedRequester()
    .on(getSelInfo, () => ({
      version: "1.5",
      entries: log.length,
      freeBytes: 1000,
      lastAddition: 1,
      lastErase: 0,
      hasOverflowed: false,
      canDelete: true,
      canAddPartially: false,
      canReserve: true,
      canTellAllocation: true,
    }))
    .on(reserveSel, () => ({ reservation: 5 }))
    .on(getSelEntry, ({ recordId }) => {
      const position = recordId === 0 ? 0 : recordId - 1;
      const data = log[position];
      return data ? { nextRecordId: idAt(next(position)), data } : new Refusal(0xcb);
    });
}

describe("reading the log", () => {
  test("an entry a round trip, in order", async () => {
    const bmc = bmcWithLog(entries);
    const { entries: found, problems } = await readSel(bmc);
    expect(found.map(({ recordId }) => recordId)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(problems).toEqual([]);
    expect(bmc.asked.length).toBe(2 + entries.length);
  });

  test("from an entry on", async () => {
    const { entries: found } = await readSel(bmcWithLog(entries), { fromRecordId: 6 });
    expect(found.map(({ recordId }) => recordId)).toEqual([6, 7, 8]);
  });

  test("an empty one, and one that has become empty meanwhile", async () => {
    expect(await readSel(bmcWithLog([]))).toMatchObject({ entries: [], problems: [] });
    const emptied = bmcWithLog(entries).on(getSelEntry, () => new Refusal(0xcb));
    expect(await readSel(emptied)).toMatchObject({ entries: [], problems: [] });
  });

  test("entries that lead back, or are cut short, or refused", async () => {
    const back = await readSel(bmcWithLog(entries, (position) => (position === 3 ? 0 : position + 1)));
    expect(back.entries).toHaveLength(4);
    expect(back.problems).toEqual([expect.stringContaining("back to 0001h")]);
    const short = await readSel(bmcWithLog(entries.map((entry, at) => (at === 2 ? entry.slice(0, 9) : entry))));
    expect(short.entries).toHaveLength(7);
    expect(short.problems).toEqual([expect.stringMatching(/^Entry 0003h: .*16 bytes/)]);
    const refusing = bmcWithLog(entries);
    refusing.on(getSelEntry, ({ recordId }) =>
      recordId === 3 ? new Refusal(0xff) : { nextRecordId: recordId === 0 ? 2 : recordId + 1, data: entries[0]! },
    );
    expect((await readSel(refusing)).problems).toEqual([expect.stringMatching(/^Entry 0003h cannot be read: .*FFh/)]);
  });

  test("a reservation that is lost, and an erase that is under way", async () => {
    const clock = new ManualClock();
    const bmc = bmcWithLog(entries);
    const answers = [0xc5, 0x81, 0x81];
    bmc.on(getSelEntry, ({ recordId }) => {
      const code = recordId === 2 ? answers.shift() : undefined;
      if (code !== undefined) return new Refusal(code);
      return {
        nextRecordId: recordId === 0 ? 2 : recordId < 8 ? recordId + 1 : 0xffff,
        data: entries[Math.max(0, recordId - 1)]!,
      };
    });
    expect((await clock.until(readSel(bmc, { clock }))).entries).toHaveLength(8);
    expect(bmc.count(reserveSel)).toBe(2);
    expect(clock.monotonicMs()).toBe(200);
  });
});

describe("clearing the log", () => {
  test("is asked for as ipmitool does, and waited for", async () => {
    const clock = new ManualClock();
    const bmc = bmcWithLog(entries);
    const progress = ["in-progress", "in-progress", "completed"] as const;
    let asked = 0;
    bmc.on(clearSelCommand, () => ({ progress: progress[asked++] ?? "completed" }));
    await clock.until(clearSel(bmc, { clock }));
    const requests = bmc.asked.filter(({ name }) => name === clearSelCommand.name).map(({ data }) => data.toHex());
    // 434c52 is CLR, aa initiates and 00 asks.
    expect(requests).toEqual(["0500434c52aa", "0500434c5200", "0500434c5200"]);
    expect(clock.monotonicMs()).toBe(200);
  });

  test("with a new reservation where the first was lost, for then nothing was erased", async () => {
    const bmc = bmcWithLog(entries);
    let isFirst = true;
    bmc.on(clearSelCommand, () => {
      if (!isFirst) return { progress: "completed" };
      isFirst = false;
      return new Refusal(0xc5);
    });
    await clearSel(bmc);
    expect(bmc.count(reserveSel)).toBe(2);
  });

  test("is given up after a time", async () => {
    const clock = new ManualClock();
    const bmc = bmcWithLog(entries).on(clearSelCommand, () => ({ progress: "in-progress" }));
    await ipmiFailureOf(clock.until(clearSel(bmc, { clock, limitMs: 1000 })), "timeout");
    expect(clock.monotonicMs()).toBe(1000);
  });
});
