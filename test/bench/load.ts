import { BenchError, HttpConnection } from "./http-client.ts";

/** What a load has measured. */
export interface LoadResult {
  /** Milliseconds that each request took. */
  readonly latenciesMs: readonly number[];
  readonly requestsPerS: number;
}

/** Requests `path` from `clients` connections at once, each one request after the other, `requests` in all. */
export async function load(port: number, path: string, clients: number, requests: number): Promise<LoadResult> {
  const connections = await Promise.all(Array.from({ length: clients }, () => HttpConnection.open(port)));
  const latenciesMs: number[] = [];
  let left = requests;
  const startMs = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      while (left-- > 0) {
        const sentMs = performance.now();
        const { status, body } = await connection.get(path);
        if (status !== 200) throw new BenchError(`GET ${path}: ${status} ${body}`);
        latenciesMs.push(performance.now() - sentMs);
      }
    }),
  );
  const tookS = (performance.now() - startMs) / 1000;
  for (const connection of connections) connection.close();
  return { latenciesMs, requestsPerS: requests / tookS };
}
