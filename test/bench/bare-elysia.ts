// The floor for HTTP: one Elysia route that answers JSON, and nothing else.
import { Elysia } from "elysia";

const app = new Elysia().get("/test", () => ({ status: "ok" })).listen({ hostname: "127.0.0.1", port: 0 });
console.log(`http://127.0.0.1:${app.server?.port}`);
