/**
 * An OpenID provider in a process of its own: node-oidc-provider with one client for each role, which get JWTs as access tokens for what they
 * are themselves (client credentials). Reads what it is to be from standard input, as JSON; says "listening" when it does.
 */
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { Provider } from "oidc-provider";

let input = "";
for await (const chunk of process.stdin) input += chunk;
const { issuer, port, jwks, clients, audience, tls } = JSON.parse(input);

const provider = new Provider(issuer, {
  jwks,
  clients: Object.entries(clients).map(([client_id, { secret }]) => ({
    client_id,
    client_secret: secret,
    grant_types: ["client_credentials"],
    id_token_signed_response_alg: jwks.keys[0].alg,
    redirect_uris: [],
    response_types: [],
  })),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "urn:example:rack",
      getResourceServerInfo: () => ({
        scope: "rack",
        audience,
        accessTokenTTL: 600,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: jwks.keys[0].alg } },
      }),
    },
  },
  extraTokenClaims: (_, token) => clients[token.clientId].claims,
});

const server = tls ? createTlsServer(tls, provider.callback()) : createServer(provider.callback());
server.listen(port, "127.0.0.1", () => console.log("listening"));
