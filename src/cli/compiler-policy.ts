/**
 * Lets the engine compile code that runs often. Binaries are built to hardly do so before this is called (build.ts), because
 * what runs at the start runs but once.
 */
export function compileFreely(): void {
  if (process.versions["bun"] !== undefined) Bun.unsafe.setJITPolicy(1);
}
