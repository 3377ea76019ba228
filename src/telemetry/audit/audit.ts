/** Something that is done to the rack or to the appliance, as the audit trail tells it. */
export interface AuditAct {
  /** `control` changes something in the rack, `admin` the appliance itself. */
  readonly kind: "control" | "admin";
  /** What is done: `power`, `led`; `token-create`, `user-remove`, `reload`. */
  readonly action: string;
  /** What people know them by, and how they proved that: `token`, `user`; `cli`, `signal` on the machine itself. */
  readonly who: { readonly name: string; readonly via: string };
  /** The address of who asks. */
  readonly remote?: string | undefined;
  /** Method and path of the request, without the query. */
  readonly route?: string | undefined;
  readonly requestId?: string | undefined;
  /** Eight hex digits. */
  readonly board?: string | undefined;
  /** Four hex digits. */
  readonly device?: string | undefined;
  /** What the device is set to: `off`, `4000`. Of an administrative act what it sets; never a secret. */
  readonly value?: string | undefined;
  /** The name of the user or token that an administrative act is about. */
  readonly target?: string | undefined;
}

/** An act that has been written down, and may begin. */
export interface AuditedAct {
  /**
   * Writes down how it ended: `ok`, or the code of an error. What cannot be written now is kept, and written when it can be.
   *
   * @throws AuditError where it is not on the disk yet
   */
  end(result: string): Promise<void>;
}

/** Where acts are written down before they are carried out, and again with their outcome. */
export interface Audit {
  /**
   * Resolves when the intent is on the disk.
   *
   * @throws AuditError where it cannot be: then the act must not be carried out
   */
  begin(act: AuditAct): Promise<AuditedAct>;
}

/** Why something could not be written down. The message says what is wrong with the disk; the cause is what the system said. */
export class AuditError extends Error {
  override readonly name = "AuditError";
  readonly code = "audit-unavailable";
}

/**
 * Carries out an act between its intent and its outcome.
 *
 * @param resultOf how a failure is written down; never a secret
 * @throws AuditError where the intent cannot be written, and nothing was done; what the act throws
 */
export async function audited<T>(
  audit: Audit,
  act: AuditAct,
  run: () => T | Promise<T>,
  resultOf: (error: unknown) => string,
): Promise<T> {
  const begun = await audit.begin(act);
  try {
    const value = await run();
    await endQuietly(begun, "ok");
    return value;
  } catch (error) {
    await endQuietly(begun, resultOf(error));
    throw error;
  }
}

/** The act is done: that its outcome is written later is no failure of it, and whoever keeps the trail has been told. */
async function endQuietly(begun: AuditedAct, result: string): Promise<void> {
  try {
    await begun.end(result);
  } catch (error) {
    if (!(error instanceof AuditError)) throw error;
  }
}
