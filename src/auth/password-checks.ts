import { verifyPassword } from "./password-hash.ts";

/** Checks at once: each takes a core for a tenth of a second, and 19 MiB. */
const AT_ONCE = 2;
/** Checks that may wait for their turn. */
const MAY_WAIT = 32;

/** Too many passwords are being checked already. */
export class BusyError extends Error {
  override readonly name = "BusyError";
  readonly code = "busy";
}

/** Checks passwords, a few at once: whoever sends many can slow others' logins down, but not the appliance. */
export class PasswordChecks {
  readonly #verify: typeof verifyPassword;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(verify = verifyPassword) {
    this.#verify = verify;
  }

  /** Whether a hash is that of a password. @throws BusyError */
  async verify(password: string, hash: string): Promise<boolean> {
    if (this.#running < AT_ONCE) this.#running++;
    else {
      if (this.#waiting.length >= MAY_WAIT) throw new BusyError("too many passwords are being checked");
      // Who ends hands over to the next one, so that the number stays as it is.
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
    try {
      return await this.#verify(password, hash);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
