import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { echo, fakeClient } from "./fake-client.ts";

/** What one who has heard a datagram makes of it. */
const altered = fc.record({ at: fc.nat(200), xor: fc.integer({ min: 1, max: 255 }), size: fc.nat(200) });

describe("hostile datagrams", () => {
  test("neither answer a call, nor end it, nor break the client", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 120 }), { maxLength: 20 }),
        fc.array(altered, { maxLength: 20 }),
        async (random, alterations) => {
          await using fake = fakeClient();
          await fake.client.connect();
          const heard: Uint8Array[] = [];
          fake.bmc.fate = ({ direction, bytes }) => {
            if (direction === "to-bmc") return [0];
            heard.push(bytes);
            return [50];
          };
          const call = fake.client.execute(echo, { value: 0x42 });
          await fake.clock.advance(10);
          for (const bytes of random) fake.bmc.inject(bytes);
          for (const { at, xor, size } of alterations) {
            for (const bytes of heard) {
              const copy = bytes.slice(0, Math.max(1, size % bytes.length));
              fake.bmc.inject(copy);
              const flipped = Uint8Array.from(bytes);
              const index = at % flipped.length;
              // Reserved bytes of the RMCP header mean nothing, and are not authenticated.
              if (index >= 4) flipped[index] = flipped[index]! ^ xor;
              else flipped[3] = flipped[3]! ^ xor;
              fake.bmc.inject(flipped);
            }
          }
          expect(await fake.clock.until(call)).toEqual({ value: 0x42 });
        },
      ),
      { numRuns: 60 },
    );
  });

  test("do not break a set-up: what is altered is ignored, and the answer is taken", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 120 }), { maxLength: 10 }), async (random) => {
        await using fake = fakeClient();
        fake.bmc.fate = ({ direction, bytes }) => {
          if (direction === "to-bmc") return [0];
          for (const junk of random) fake.bmc.inject(junk);
          fake.bmc.inject(bytes.subarray(0, bytes.length - 1));
          return [0];
        };
        expect(await fake.clock.until(fake.client.execute(echo, { value: 1 }))).toEqual({ value: 1 });
      }),
      { numRuns: 40 },
    );
  });
});
