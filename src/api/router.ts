import { Elysia } from "elysia";
import type { Route } from "./v1/route.ts";

/** A route, and the values of its parameters, decoded. */
export interface Match {
  readonly route: Route;
  readonly params: object;
}

/** Finds the route of a request by its path alone; undefined where there is none. */
export type FindRoute = (request: Request) => Match | undefined;

/** What handlers return to Elysia, which wants an answer. Nobody is sent it. */
const nothing = new Response();

/**
 * A router for routes below a base path that begins and ends in a slash.
 *
 * Elysia finds routes; answering is left to the caller, who has to do it for requests without a route, too, and in the same way.
 * There are no hooks, so that Elysia has called the route's handler when its `fetch` returns.
 */
export function createRouter(base: string, routes: readonly Route[]): FindRoute {
  let match: Match | undefined;
  const app = new Elysia({ strictPath: true });
  for (const route of routes) {
    const handle = ({ params }: { params: object }) => {
      // Elysia gives routes without parameters none at all, other than its types say.
      match = { route, params: params ?? {} };
      return nothing;
    };
    // HEAD is named, because Elysia would measure the answer to GET.
    app.all(`${base}${route.path}`, handle).head(`${base}${route.path}`, handle);
  }
  app.all("/*", () => nothing);
  app.compile();
  const { fetch } = app;
  return (request) => {
    match = undefined;
    void fetch(request);
    return match;
  };
}
