/** What was thrown, as the Error that it should have been. */
export const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new TypeError(String(thrown)));
