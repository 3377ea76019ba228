import { formatBoardId } from "../../devices/ids.ts";
import type { BmcDefinition } from "../../ipmi/bmc-definition.ts";
import { fail, ok, warn, type Finding } from "./finding.ts";
import type { BmcHealth, Machine } from "./machine.ts";

/** So many are asked at once. */
const AT_ONCE = 32;

/** Whether each BMC is there and lets the service in. */
export async function checkBmcs(
  bmcs: readonly BmcDefinition[],
  { tryBmc }: Pick<Machine, "tryBmc">,
): Promise<Finding[]> {
  const waiting = [...bmcs.entries()];
  const findings: Finding[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      findings[next[0]] = findingFor(next[1], await tryBmc(next[1]));
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, bmcs.length) }, work));
  return findings;
}

function findingFor({ board, name, host, port, username }: BmcDefinition, health: BmcHealth): Finding {
  const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const bmc = `${name === host ? address : `${name} at ${address}`}, board ${formatBoardId(board)}`;
  switch (health.kind) {
    case "ok": {
      const suite = health.cipherSuite === undefined ? "" : ` (cipher suite ${health.cipherSuite})`;
      return ok("BMCs", `${bmc}: lets ${username === "" ? "the anonymous user" : username} in${suite}`);
    }
    case "silent":
      return fail(
        "BMCs",
        `${bmc}: does not answer: ${health.message}`,
        "see whether it has power and network, the address is right, and no firewall keeps UDP from it",
      );
    case "no-session":
      return fail(
        "BMCs",
        `${bmc}: is there, and sets no session up: ${health.message}`,
        "see whether IPMI over LAN is enabled on it, for this user and channel",
      );
    case "full":
      return warn(
        "BMCs",
        `${bmc}: ${health.message}`,
        "close other sessions (ipmitool, its web page), or try again later",
      );
    case "refused":
      return fail("BMCs", `${bmc}: ${health.message}`, "correct the BMC file, or the user on the BMC");
  }
}
