import { beforeEach, describe, expect, test } from "bun:test";
import type { Authenticator, BasicCredentials, Credentials, Verdict } from "../../src/auth/authenticator.ts";
import type { Identity } from "../../src/auth/identity.ts";
import { Login, type LoginEvents } from "../../src/auth/login.ts";
import { ManualClock } from "../support/manual-clock.ts";

const alice: Identity = { name: "alice", via: "user", grants: [{ role: "operator" }] };
const remote = "192.0.2.1";
const basic = (user: string, password = "right"): BasicCredentials => ({ kind: "basic", user, password });
const bearer = (token: string): Credentials => ({ kind: "bearer", token });
const denied: Verdict = { rejected: "denied", reason: "no" };

let clock: ManualClock;
let told: unknown[];
beforeEach(() => {
  clock = new ManualClock();
  told = [];
});

const events: LoginEvents = {
  refused: (credentials, source, reasons) => void told.push(["refused", credentials.kind, source.remote, reasons]),
  notReloaded: (name, error) => void told.push(["not reloaded", name, error.message]),
  failed: (name, error) => void told.push(["failed", name, error.message]),
};

/** A way to come in that is scripted, and counts how often it is asked. */
function way(name: string, verdictOf: (user: string, password: string) => Verdict | Error) {
  const state = { asked: 0, hasChanged: false, gate: Promise.resolve() };
  const authenticator: Authenticator = {
    name,
    kind: "basic",
    hasChanged() {
      const { hasChanged } = state;
      state.hasChanged = false;
      return hasChanged;
    },
    async authenticate({ user, password }) {
      state.asked++;
      await state.gate;
      const verdict = verdictOf(user, password);
      if (verdict instanceof Error) throw verdict;
      return verdict;
    },
  };
  return { authenticator, state };
}

const rightOnly = (user: string, password: string) => (user === "alice" && password === "right" ? alice : denied);
const loginWith = (...authenticators: readonly Authenticator[]) => new Login({ authenticators, clock, events });

test("every way is asked until one knows the caller; the log is told of those that none knows", async () => {
  const [first, second] = [way("first", () => denied), way("second", rightOnly)];
  const login = loginWith(first.authenticator, second.authenticator);
  expect(await login.identify(basic("alice"), { remote })).toBe(alice);
  expect([first.state.asked, second.state.asked, told]).toEqual([1, 1, []]);
  expect(await login.identify(basic("alice", "wrong"), { remote })).toEqual({ refused: "denied", retryAfterS: 0 });
  expect(told).toEqual([["refused", "basic", remote, { first: "no", second: "no" }]]);
});

test("a name that one way knows is looked for in the others as well: which one knows it does not show", async () => {
  const [first, second] = [way("first", rightOnly), way("second", () => denied)];
  const login = loginWith(first.authenticator, second.authenticator);
  await login.identify(basic("alice", "wrong"), { remote });
  await login.identify(basic("nobody", "wrong"), { remote });
  expect([first.state.asked, second.state.asked]).toEqual([2, 2]);
});

describe("who was let in", () => {
  test("is believed for half a minute, with these credentials alone", async () => {
    const users = way("users", rightOnly);
    const login = loginWith(users.authenticator);
    await login.identify(basic("alice"), { remote });
    // At once, without a promise.
    expect(login.identify(basic("alice"), { remote: "192.0.2.9" })).toBe(alice);
    expect(await login.identify(basic("alice", "righ"), { remote })).toMatchObject({ refused: "denied" });
    expect(await login.identify(basic("alic", "e\0right"), { remote })).toMatchObject({ refused: "denied" });
    expect(users.state.asked).toBe(3);
    await clock.advance(30_000);
    expect(await login.identify(basic("alice"), { remote })).toBe(alice);
    expect(users.state.asked).toBe(4);
  });

  test("is looked at again when something has changed, also where the check was under way", async () => {
    const users = way("users", rightOnly);
    const login = loginWith(users.authenticator);
    const { promise, resolve } = Promise.withResolvers<void>();
    users.state.gate = promise;
    const early = login.identify(basic("alice"), { remote });
    users.state.hasChanged = true;
    const late = login.identify(basic("alice"), { remote });
    resolve();
    await Promise.all([early, late]);
    expect(users.state.asked).toBe(2);
    users.state.hasChanged = true;
    await login.identify(basic("alice"), { remote });
    expect(users.state.asked).toBe(3);
    await login.reload();
    await login.identify(basic("alice"), { remote });
    expect(users.state.asked).toBe(4);
  });

  test("is not believed longer than the proof holds", async () => {
    const issuer = way("issuer", () => ({ ...alice, expiresMs: clock.wallMs() + 5000 }));
    const login = loginWith(issuer.authenticator);
    await login.identify(basic("alice"), { remote });
    await clock.advance(4999);
    expect(login.identify(basic("alice"), { remote })).not.toBeInstanceOf(Promise);
    await clock.advance(1);
    await login.identify(basic("alice"), { remote });
    expect(issuer.state.asked).toBe(2);
  });
});

test("the same credentials many times at once are checked once", async () => {
  const users = way("users", rightOnly);
  const login = loginWith(users.authenticator);
  const all = await Promise.all(Array.from({ length: 100 }, async () => login.identify(basic("alice"), { remote })));
  expect([new Set(all), users.state.asked]).toEqual([new Set([alice]), 1]);
});

test("of very many different ones at once, from wherever, some are put off", async () => {
  const users = way("users", () => denied);
  const { promise, resolve } = Promise.withResolvers<void>();
  users.state.gate = promise;
  const login = loginWith(users.authenticator);
  const all = Array.from({ length: 150 }, async (_, index) =>
    login.identify(basic(`user${index}`), { remote: `192.0.2.${index}` }),
  );
  resolve();
  const refusals = (await Promise.all(all)).map((outcome) => "refused" in outcome && outcome.refused);
  expect(refusals.filter((refused) => refused === "unavailable")).toHaveLength(50);
  expect(users.state.asked).toBe(100);
});

describe("guessing", () => {
  test("is slowed down, and nothing is checked meanwhile, be it right", async () => {
    const users = way("users", rightOnly);
    const login = loginWith(users.authenticator);
    for (let guess = 0; guess < 6; guess++) await login.identify(basic("alice", `guess ${guess}`), { remote });
    expect(login.identify(basic("alice"), { remote })).toEqual({ refused: "throttled", retryAfterS: 1 });
    expect(users.state.asked).toBe(6);
    await clock.advance(1000);
    expect(await login.identify(basic("alice"), { remote })).toBe(alice);
  });

  test("finds nothing in what is remembered of others", async () => {
    const login = loginWith(way("users", rightOnly).authenticator);
    await login.identify(basic("alice"), { remote: "198.51.100.1" });
    for (let guess = 0; guess < 6; guess++) await login.identify(basic("alice", `guess ${guess}`), { remote });
    expect(login.identify(basic("alice"), { remote })).toMatchObject({ refused: "throttled" });
    expect(login.identify(basic("alice"), { remote: "198.51.100.1" })).toBe(alice);
  });

  test("many at once is no way around", async () => {
    const users = way("users", rightOnly);
    const login = loginWith(users.authenticator);
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, async (_, guess) => login.identify(basic("alice", `guess ${guess}`), { remote })),
    );
    expect(outcomes.filter((outcome) => "refused" in outcome && outcome.refused === "denied")).toHaveLength(6);
    expect(users.state.asked).toBe(6);
  });
});

describe("tokens that nobody can guess", () => {
  const token: Authenticator = {
    name: "token",
    kind: "bearer",
    isGuessProof: true,
    authenticate: ({ token: given }) => (given === "right" ? alice : denied),
  };

  test("are found at once, also where the address has failed too often", async () => {
    const login = loginWith(token);
    for (let guess = 0; guess < 11; guess++) void login.identify(bearer(`guess ${guess}`), { remote });
    expect(login.identify(bearer("wrong"), { remote })).toMatchObject({ refused: "throttled" });
    expect(login.identify(bearer("right"), { remote })).toBe(alice);
  });
});

describe("whoever cannot be asked", () => {
  const down: Verdict = { rejected: "unavailable", reason: "no server answers", retryAfterS: 7 };

  test("makes it undecided, unless another way knows the caller", async () => {
    const [directory, users] = [way("directory", () => down), way("users", rightOnly)];
    const login = loginWith(directory.authenticator, users.authenticator);
    expect(await login.identify(basic("alice"), { remote })).toBe(alice);
    expect(await login.identify(basic("bob"), { remote })).toEqual({ refused: "unavailable", retryAfterS: 7 });
  });

  test("costs nobody a try", async () => {
    const login = loginWith(way("directory", () => down).authenticator);
    for (let tries = 0; tries < 30; tries++)
      expect(await login.identify(basic("bob", `${tries}`), { remote })).toMatchObject({ refused: "unavailable" });
  });

  test("is no way to guess the passwords that others know", async () => {
    const [users, directory] = [way("users", rightOnly), way("directory", () => down)];
    const login = loginWith(users.authenticator, directory.authenticator);
    const other = "198.51.100.1";
    await login.identify(basic("alice"), { remote });
    for (let guess = 0; guess < 6; guess++)
      expect(await login.identify(basic("alice", `guess ${guess}`), { remote })).toMatchObject({
        refused: "unavailable",
      });
    // Neither from where alice has come in before, nor from elsewhere; and a name that nobody has is slowed down in the same way.
    expect(login.identify(basic("alice", "guess"), { remote })).toMatchObject({ refused: "throttled" });
    expect(login.identify(basic("alice", "guess"), { remote: other })).toMatchObject({ refused: "throttled" });
    for (let guess = 0; guess < 6; guess++) await login.identify(basic("nobody", `guess ${guess}`), { remote });
    expect(login.identify(basic("nobody", "guess"), { remote })).toMatchObject({ refused: "throttled" });
    // The address is not shut out: the others behind it are not to blame.
    for (let user = 0; user < 20; user++) await login.identify(basic(`user${user}`), { remote });
    expect(await login.identify(basic("bob"), { remote })).toEqual({ refused: "unavailable", retryAfterS: 7 });
  });

  test("costs nobody a try where nobody else has users", async () => {
    const [users, directory] = [way("users", () => denied), way("directory", () => down)];
    const login = loginWith({ ...users.authenticator, isInUse: false }, directory.authenticator);
    for (let tries = 0; tries < 30; tries++)
      expect(await login.identify(basic("bob", `${tries}`), { remote })).toMatchObject({ refused: "unavailable" });
  });

  test("lets nobody in by failing, and is told of", async () => {
    const login = loginWith(way("broken", () => new TypeError("oops")).authenticator);
    expect(await login.identify(basic("alice"), { remote })).toMatchObject({ refused: "unavailable" });
    expect(told).toContainEqual(["failed", "broken", "oops"]);
  });
});

test("a change that cannot be taken is told of, and changes nothing", async () => {
  const users = way("users", rightOnly);
  const broken: Authenticator = {
    ...users.authenticator,
    hasChanged: () => {
      throw new TypeError("damaged");
    },
    reload: () => Promise.reject(new TypeError("still damaged")),
  };
  const login = loginWith(broken);
  expect(await login.identify(basic("alice"), { remote })).toBe(alice);
  await login.reload();
  expect(told).toEqual([
    ["not reloaded", "users", "damaged"],
    ["not reloaded", "users", "still damaged"],
  ]);
});
