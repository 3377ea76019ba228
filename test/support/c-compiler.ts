import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** False where the C compiler or the kernel's headers are missing (Debian's gcc, libc6-dev and linux-libc-dev). */
export const hasKernelHeaders = Bun.which("gcc") !== null && existsSync("/usr/include/linux/gpio.h");

/** What a C program prints, line by line. Throws where it cannot be compiled. */
export function linesOfC(source: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "opendcre-c-"));
  try {
    const [file, program] = [join(folder, "program.c"), join(folder, "program")];
    writeFileSync(file, source);
    const compiler = Bun.spawnSync(["gcc", "-o", program, file]);
    if (!compiler.success) throw new RangeError(`gcc: ${compiler.stderr.toString()}`);
    return Bun.spawnSync([program]).stdout.toString().trimEnd().split("\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
