import type { RequestLabel } from "../../src/api/access-log.ts";
import { createApi, type Api, type ApiOptions } from "../../src/api/server.ts";
import type { AccessEntry } from "../../src/telemetry/access-log.ts";
import { Inventory } from "../../src/devices/inventory.ts";
import { FakeBackend } from "./fake-backend.ts";

/** An answer, its body read. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
}

export interface TestApi {
  readonly api: Api;
  readonly backend: FakeBackend;
  readonly requests: AccessEntry[];
  readonly errors: { readonly error: Error; readonly label: RequestLabel }[];
  /** Asks for a path below `/opendcre/1.2/`. */
  readonly ask: (path: string, init?: RequestInit) => Promise<HttpAnswer>;
  /** Asks for a path from the root. */
  readonly askRoot: (path: string, init?: RequestInit) => Promise<HttpAnswer>;
}

async function readAnswer(response: Response): Promise<HttpAnswer> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: text === "" ? undefined : JSON.parse(text),
  };
}

/** The API over a fake back end behind a real inventory. */
export function createTestApi(options: Partial<ApiOptions> = {}): TestApi {
  const backend = new FakeBackend();
  const requests: AccessEntry[] = [];
  const errors: { error: Error; label: RequestLabel }[] = [];
  const api = createApi({
    inventory: new Inventory([backend]),
    prefix: "/opendcre/",
    version: "2.0.0-test",
    accessLog: (entry) => void requests.push(entry),
    errorLog: (error, label) => void errors.push({ error, label }),
    ...options,
  });
  const askRoot = async (path: string, init?: RequestInit) =>
    readAnswer(await api.fetch(new Request(`http://localhost${path}`, init), "192.0.2.7"));
  return { api, backend, requests, errors, askRoot, ask: (path, init) => askRoot(`/opendcre/1.2/${path}`, init) };
}
