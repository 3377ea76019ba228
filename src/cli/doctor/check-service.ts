import { API_VERSION } from "../../api/v1/version.ts";
import type { Config } from "../../config/config.ts";
import { toError } from "../../lib/to-error.ts";
import { fail, ok, warn, type Finding } from "./finding.ts";
import type { Machine } from "./machine.ts";

/** Where the service is asked on this machine: an address for all stands for the loopback one. */
export function testUrlOf({ server, tls }: Config): string {
  const host = server.host === "0.0.0.0" ? "127.0.0.1" : server.host === "::" ? "::1" : server.host;
  const address = host.includes(":") ? `[${host}]` : host;
  return `http${tls.enabled ? "s" : ""}://${address}:${server.port}${server.endpointPrefix}${API_VERSION}/test`;
}

/** Answers that only say who may ask. */
const CLOSED = new Set([401, 403, 429, 503]);

/** Whether the service is up: its `test` command is asked. */
export async function checkService(config: Config, machine: Pick<Machine, "get">): Promise<Finding[]> {
  const subject = "service";
  const url = testUrlOf(config);
  try {
    const { status, text } = await machine.get(url);
    if (status === 200 && isTestAnswer(text)) return [ok(subject, `${url} answers`)];
    if (CLOSED.has(status)) return [warn(subject, `${url} answers ${status}`, "journalctl -u opendcre says why")];
    const message = `${url} is answered with ${status}, and not as OpenDCRE does: another program may have the port`;
    return [fail(subject, message, `ss -tlnp shows who has port ${config.server.port}; stop that, or set server.port`)];
  } catch (error) {
    const { message } = toError(error);
    if (config.tls.clientCa !== null && /alert|certificate|handshake/i.test(message))
      return [ok(subject, `${url} is there, and wants a client's certificate`)];
    return [
      fail(
        subject,
        `nobody answers at ${url}: ${message}`,
        "sudo systemctl start opendcre; where it does not stay up, journalctl -u opendcre says why",
      ),
    ];
  }
}

function isTestAnswer(text: string): boolean {
  try {
    const { status }: { status?: unknown } = Object(JSON.parse(text));
    return status === "ok";
  } catch {
    return false;
  }
}
