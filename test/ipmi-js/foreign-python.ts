/** Oracles in Python: its arithmetic, pyghmi's tables, and FreeIPMI's library called through ctypes. */
import { existsSync } from "node:fs";

const PYTHON = "/usr/bin/python3";

export const hasPython = existsSync(PYTHON);

/** What a script writes, as JSON. @throws RangeError with what it complains about */
export function runPython(script: string, input: unknown = null): unknown {
  const { exitCode, stdout, stderr } = Bun.spawnSync([PYTHON, "-c", script], {
    stdin: new TextEncoder().encode(JSON.stringify(input)),
  });
  if (exitCode !== 0) throw new RangeError(`python3 ended with ${exitCode}: ${stderr.toString()}`);
  return JSON.parse(stdout.toString());
}

/** True where FreeIPMI's library can be loaded. */
export const hasLibFreeIpmi =
  hasPython &&
  Bun.spawnSync([PYTHON, "-c", "import ctypes; ctypes.CDLL('libfreeipmi.so.17')"], { stderr: "ignore" }).exitCode === 0;

/** Begins scripts that call FreeIPMI: `message(function, bytes and offsets ...)` is the text that a function writes, or None. */
export const freeIpmiPrelude = `
import ctypes, json, sys
lib = ctypes.CDLL("libfreeipmi.so.17")
def message(function, *arguments):
    buffer = ctypes.create_string_buffer(1024)
    return buffer.value.decode("latin1") if getattr(lib, function)(*arguments, buffer, 1024) > 0 else None
def strings(name, limit):
    result = []
    for text in (ctypes.c_char_p * limit).in_dll(lib, name):
        if not text: break
        result.append(text.decode("latin1"))
    return result
`;
