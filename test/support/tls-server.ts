import { readFileSync } from "node:fs";
import type { TlsContext, TlsOptions } from "../../src/api/bun-server.ts";
import { listen, type Listener, type ListenOptions } from "../../src/api/listener.ts";
import { createTestApi, type TestApi } from "./api.ts";
import type { Pair } from "./certificates.ts";

/** What a pair of files holds. */
export const contextOf = ({ certificate, key }: Pair): TlsContext => ({
  certificate: readFileSync(certificate, "utf8"),
  key: readFileSync(key, "utf8"),
});

/** TLS with one certificate, and what else is wanted. */
export const tlsOf = (pair: Pair, more: Partial<TlsOptions> = {}): TlsOptions => ({
  main: contextOf(pair),
  further: [],
  minVersion: "1.2",
  ...more,
});

/** The API on a free port of the loopback address. */
export function serveTls(options: Partial<ListenOptions> = {}): TestApi & { readonly listener: Listener } {
  const testApi = createTestApi();
  const listener = listen({ host: "127.0.0.1", port: 0, graceMs: 100, ...options, api: testApi.api });
  return { ...testApi, listener };
}

/** What became of a program that was given no input. */
interface Outcome {
  readonly exitCode: number;
  /** Standard output and error. */
  readonly text: string;
}

/** `openssl s_client` against a port, which is told `input` and then that there is no more. */
export async function sClient(port: number, args: readonly string[] = [], input = ""): Promise<Outcome> {
  const child = Bun.spawn(["openssl", "s_client", "-connect", `127.0.0.1:${port}`, ...args], {
    stdin: new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { exitCode, text: out + err };
}
