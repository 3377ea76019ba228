import { checkName, grantsOf } from "../auth/credential-store.ts";
import { USER_FILE } from "../auth/file-names.ts";
import { spellGrant } from "../auth/grant.ts";
import { checkPassword, keptPassword, newUser, userStore, withGrants } from "../auth/user-file.ts";
import { systemClock as clock } from "../lib/clock.ts";
import { administrationFor, grantsCell, grantsIn, grantsText, nameIn, printList } from "./administration.ts";
import type { CommandContext, Invocation } from "./command.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { readNewPassword } from "./read-password.ts";

/** `opendcre user add NAME --role R` */
export async function addUser(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const { pathOf, act } = administrationFor(invocation, context);
  const [name, grants] = [nameIn(invocation), grantsIn(invocation)];
  checkName(name);
  const user = await newUser(name, grants, await readNewPassword(name, context, checkPassword), clock);
  const granted = grantsText(grants);
  await act("user-add", name, granted, () => userStore(pathOf(USER_FILE), clock).add(user));
  await context.complain(`${name}: ${granted}.\n`);
  return exitCodes.ok;
}

/** `opendcre user password NAME` */
export async function setPassword(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const { pathOf, act } = administrationFor(invocation, context);
  const name = nameIn(invocation);
  const kept = await keptPassword(await readNewPassword(name, context, checkPassword), clock);
  await act("user-password", name, undefined, () =>
    userStore(pathOf(USER_FILE), clock).replace(name, (user) => [{ ...user, ...kept }]),
  );
  await context.complain(`${name}: the new password holds from now on.\n`);
  return exitCodes.ok;
}

/** `opendcre user role NAME --role R` */
export async function setRoles(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const { pathOf, act } = administrationFor(invocation, context);
  const [name, grants] = [nameIn(invocation), grantsIn(invocation)];
  const granted = grantsText(grants);
  await act("user-role", name, granted, () =>
    userStore(pathOf(USER_FILE), clock).replace(name, (user) => [withGrants(user, grants)]),
  );
  await context.complain(`${name}: ${granted} from now on.\n`);
  return exitCodes.ok;
}

/** `opendcre user remove NAME` */
export async function removeUser(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const { pathOf, act } = administrationFor(invocation, context);
  const name = nameIn(invocation);
  await act("user-remove", name, undefined, () => userStore(pathOf(USER_FILE), clock).remove(name));
  await context.complain(`${name}: removed.\n`);
  return exitCodes.ok;
}

/** `opendcre user list` */
export async function listUsers(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const { pathOf } = administrationFor(invocation, context);
  const users = userStore(pathOf(USER_FILE), clock)
    .list()
    .map((user) => {
      const { name, created, passwordSet } = user;
      return { name, grants: grantsOf(user).map(spellGrant), created, password_set: passwordSet };
    });
  await printList(invocation, context, users, {
    NAME: ({ name }) => name,
    ROLES: ({ grants }) => grantsCell(grants),
    CREATED: ({ created }) => created,
    "PASSWORD SET": (user) => user.password_set,
  });
  return exitCodes.ok;
}
