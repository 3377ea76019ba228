/** `test`: says that the API is there. Asks no device, and never waits for one. */
export const test = () => ({ status: "ok" });
