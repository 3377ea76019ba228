/** A command line that cannot be understood. The message is one line that says what to change. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code = "usage";
}
