import { IpmiClient } from "../../../src/ipmi-js/client/ipmi-client.ts";
import type { IpmiClientOptions } from "../../../src/ipmi-js/client/options.ts";
import { once, repeatable } from "../../../src/ipmi-js/commands/define.ts";
import { layout, u8 } from "../../../src/ipmi-js/bytes/layout.ts";
import { IpmiError } from "../../../src/ipmi-js/errors.ts";
import { answer, FakeBmc, type FakeBmcOptions } from "../../../src/ipmi-js/testing.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const byte = layout({ value: u8(0) });

/** A command that may be repeated: answers the value that it was asked with. */
export const echo = repeatable("Echo", 0x30, 0x01, byte, byte);
/** A command that must not be carried out twice. */
export const strike = once("Strike", 0x30, 0x02, byte, byte);

export const echoes = answer(echo, ({ value }) => ({ value }));
const strikes = answer(strike, ({ value }) => ({ value }));

export interface FakeClient extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly bmc: FakeBmc;
  readonly client: IpmiClient;
  /** Commands that the BMC has carried out, by their codes, without those of sessions. */
  carriedOut(): readonly number[];
}

/** A client of a BMC in memory, in a time that stands still. */
export function fakeClient(options: Partial<IpmiClientOptions> = {}, bmcOptions: FakeBmcOptions = {}): FakeClient {
  const clock = new ManualClock();
  const access = { username: "admin", password: "secret" };
  const bmc = new FakeBmc({ ...access, answers: [echoes, strikes], clock, ...bmcOptions });
  const transport = bmc.transport;
  const client = new IpmiClient({ host: "fake", ...access, cipherSuite: 3, clock, transport, ...options });
  return {
    clock,
    bmc,
    client,
    carriedOut: () => bmc.requests.filter(({ netFn }) => netFn === 0x30).map(({ command }) => command),
    async [Symbol.asyncDispose]() {
      await clock.until(client.close());
    },
  };
}

/** The IpmiError that a promise fails with. */
export async function failureOf(promise: Promise<unknown>): Promise<IpmiError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof IpmiError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}
