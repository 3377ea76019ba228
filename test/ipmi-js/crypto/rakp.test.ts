import { describe, expect, test } from "bun:test";
import { cipherSuite } from "../../../src/ipmi-js/crypto/algorithms.ts";
import { isAuthenticating, rakp2Code, type RakpExchange } from "../../../src/ipmi-js/crypto/rakp.ts";
import { concludeRakp } from "../../../src/ipmi-js/session/rakp-secrets.ts";
import { Session20 } from "../../../src/ipmi-js/session/session-20.ts";
import { toHex } from "../../../src/lib/hex.ts";
import { utf8 } from "../../support/recorded-exchange.ts";
import vectors from "../../fixtures/rmcpplus-vectors.json";

const packed = (bytes: Uint8Array) => toHex(bytes).replaceAll(" ", "");

describe.each(vectors.map((vector) => [`suite ${vector.suite}, ${vector.username}`, vector] as const))(
  "%s, as FreeIPMI's library has it",
  (_name, vector) => {
    const suite = cipherSuite(vector.suite)!;
    const exchange: RakpExchange = {
      consoleSessionId: vector.consoleSessionId,
      bmcSessionId: vector.bmcSessionId,
      consoleRandom: Uint8Array.fromHex(vector.consoleRandom),
      bmcRandom: Uint8Array.fromHex(vector.bmcRandom),
      bmcGuid: Uint8Array.fromHex(vector.bmcGuid),
      role: vector.role,
      username: utf8(vector.username),
    };
    const secrets = {
      algorithm: suite.authentication,
      password: utf8(vector.password),
      kg: vector.kg === "" ? undefined : utf8(vector.kg),
    };
    const outcome = concludeRakp(secrets, exchange);

    test("the codes of RAKP messages 2, 3 and 4", () => {
      if (!isAuthenticating(suite.authentication)) throw new TypeError("expected a suite with authentication");
      expect(packed(rakp2Code(suite.authentication, secrets.password, exchange))).toBe(vector.rakp2Code);
      expect(packed(outcome.rakp3Code)).toBe(vector.rakp3Code);
      expect(packed(outcome.checkValue)).toBe(vector.checkValue);
    });

    test("the keys", () => {
      if (vector.k1 !== "") expect(packed(outcome.keys.k1)).toBe(vector.k1);
      if (vector.k2 !== "") expect(packed(outcome.keys.k2)).toBe(vector.k2);
    });

    test("packets: we open them, and seal the same", () => {
      const vectorsOfAes = vector.packets.map((hex) => Uint8Array.fromHex(hex).slice(16, 32));
      const random = (size: number) => {
        const bytes = new Uint8Array(size);
        vectorsOfAes.forEach((each, index) => bytes.set(each, 16 * index));
        return bytes;
      };
      const end = (side: "console" | "bmc") =>
        new Session20({ ...exchange, side, suite, keys: outcome.keys, privilege: 4, random });
      const [console, bmc] = [end("console"), end("bmc")];
      // Get Device ID with rqSeq 1 and 2: IPMI 2.0, figure 13-4.
      for (const [index, message] of ["2018c88104017a", "2018c881080176"].entries()) {
        const opened = bmc.open(Uint8Array.fromHex(vector.packets[index]!));
        expect(opened).toEqual({ kind: "payload", payloadType: 0, payload: Uint8Array.fromHex(message) });
        expect(packed(console.seal(Uint8Array.fromHex(message)))).toBe(vector.packets[index]!);
      }
    });
  },
);
