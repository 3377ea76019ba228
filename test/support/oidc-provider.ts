import { join } from "node:path";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { freePort } from "./slapd.ts";

/** The audience of its tokens. */
export const AUDIENCE = "opendcre";

/** A client of the provider, and what its tokens say beside the usual. */
interface OidcClient {
  readonly secret: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A key to sign with: private and public. */
export interface SigningKey {
  readonly private: JWK;
  readonly public: JWK;
}

/** Makes a key of a kind, with a name. */
export async function makeKey(kid: string, alg = "RS256"): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const names = { kid, alg, use: "sig" };
  return {
    private: { ...(await exportJWK(privateKey)), ...names },
    public: { ...(await exportJWK(publicKey)), ...names },
  };
}

export interface OidcProvider extends AsyncDisposable {
  readonly issuer: string;
  /** A token as the provider hands it out to a client. */
  token(client: string): Promise<string>;
  stop(): Promise<void>;
}

export interface OidcProviderOptions {
  readonly clients: Readonly<Record<string, OidcClient>>;
  /** What it signs with; the first one is used. */
  readonly keys: readonly SigningKey[];
  /** One that ran before, to start again in its place. */
  readonly port?: number;
  /** Serves HTTPS. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca: string };
}

/** Starts node-oidc-provider on loopback, in a process of its own; it answers when this is settled. */
export async function startOidcProvider({
  clients,
  keys,
  port: wanted,
  tls,
}: OidcProviderOptions): Promise<OidcProvider> {
  const port = wanted ?? (await freePort());
  const issuer = `${tls ? "https" : "http"}://localhost:${port}`;
  const jwks = { keys: keys.map((key) => key.private) };
  const child = Bun.spawn([process.execPath, join(import.meta.dirname, "oidc-provider.mjs")], {
    stdin: new Blob([JSON.stringify({ issuer, port, jwks, clients, audience: AUDIENCE, tls })]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const errors = new Response(child.stderr).text();
  const stop = async () => {
    child.kill("SIGKILL");
    await child.exited;
  };
  process.once("exit", () => child.kill("SIGKILL"));
  let out = "";
  const decoder = new TextDecoder();
  const reader = child.stdout.getReader();
  while (!out.includes("listening")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the OpenID provider ended: ${out}${await errors}`);
    out += decoder.decode(value, { stream: true });
  }
  return {
    issuer,
    async token(client) {
      const response = await fetch(`${issuer}/token`, {
        method: "POST",
        headers: { authorization: `Basic ${btoa(`${client}:${clients[client]?.secret}`)}` },
        body: new URLSearchParams({ grant_type: "client_credentials" }),
        ...(tls ? { tls: { ca: tls.ca } } : {}),
      });
      const body: unknown = await response.json();
      const token: unknown = Object(body).access_token;
      if (typeof token !== "string") throw new Error(`no token: ${JSON.stringify(body)}`);
      return token;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
