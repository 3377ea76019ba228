/** The program: argument vector in, exit code out. */
import type { Writable } from "node:stream";
import { run } from "./cli/run.ts";

/** Writes a text and waits for it; a reader that has gone away is no failure. */
const writeTo = (stream: Writable, text: string) =>
  new Promise<void>((resolve) => {
    stream.once("error", () => resolve());
    stream.write(text, () => resolve());
  });

const exitCode = await run(process.argv.slice(2), {
  env: process.env,
  print: (text) => writeTo(process.stdout, text),
  complain: (text) => writeTo(process.stderr, text),
});
process.exit(exitCode);
