// The floor for HTTP: one Elysia route that answers JSON, and nothing else.
import { Elysia } from "elysia";

new Elysia().get("/test", () => ({ status: "ok" })).listen({ hostname: "127.0.0.1", port: Number(process.argv[2]) });
