import { IpmiClient, IpmiError, type IpmiClientOptions } from "ipmi-js";
import type { BmcDefinition } from "../../ipmi/bmc-definition.ts";
import type { BmcHealth } from "./machine.ts";

/** Datagrams for one request, and how long everything may take: somebody waits at a terminal. */
const TIMING = { attempts: 3, deadlineMs: 6000 } as const;
const PING_MS = 2500;

/** Failures that lie in what was asked for, and not on the way. */
const refusals: ReadonlySet<string> = new Set(["authentication", "unsupported", "invalid-argument", "completion-code"]);

/**
 * Opens a session with a BMC and closes it. No command is sent in it but those that make it.
 *
 * @param options further options of the client: in tests, its transport and clock
 */
export async function probeBmc(
  { host, port, username, password, kg, privilege, cipherSuite }: BmcDefinition,
  options: Pick<IpmiClientOptions, "transport" | "clock"> = {},
): Promise<BmcHealth> {
  const secrets = { password: password.reveal(), ...(kg && { kg: kg.reveal() }) };
  const client = new IpmiClient({
    host,
    port,
    username,
    ...secrets,
    privilege,
    cipherSuite,
    timing: TIMING,
    ...options,
  });
  try {
    await client.connect();
    return { kind: "ok", cipherSuite: client.cipherSuite };
  } catch (error) {
    if (!(error instanceof IpmiError)) throw error;
    const { code, message } = error;
    if (refusals.has(code)) return { kind: "refused", message };
    if (code === "no-resources") return { kind: "full", message };
    if (code !== "timeout" || isRefused(error)) return { kind: "silent", message };
    return { kind: (await answersPing(client)) ? "no-session" : "silent", message };
  } finally {
    await client.close();
  }
}

/** The machine is there, and nothing on it has the port: then it is not worth a ping. */
const isRefused = ({ cause }: IpmiError) => cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";

async function answersPing(client: IpmiClient): Promise<boolean> {
  try {
    await client.ping({ deadlineMs: PING_MS });
    return true;
  } catch (error) {
    if (error instanceof IpmiError) return false;
    throw error;
  }
}
