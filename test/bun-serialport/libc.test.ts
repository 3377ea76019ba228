import { expect, test } from "bun:test";
import { constants } from "node:os";
import { errnoName, SerialPortError } from "../../src/bun-serialport/errors.ts";
import { libc, loadLibc } from "../../src/bun-serialport/libc.ts";

const ffi = process.getBuiltinModule("bun:ffi");

/** What `load` throws. */
function failure(load: () => unknown): unknown {
  try {
    return load();
  } catch (error) {
    return error;
  }
}

test.each([
  ["another system", { platform: "darwin", arch: "arm64", ffi }, "this is darwin on arm64"],
  ["another processor", { platform: "linux", arch: "riscv64", ffi }, "this is linux on riscv64"],
  ["another runtime", { platform: "linux", arch: "x64", ffi: undefined }, "this is linux on x64 without bun:ffi"],
])("%s is refused in plain words", (_name, here, words) => {
  const error = failure(() => loadLibc(here));
  expect(error).toBeInstanceOf(SerialPortError);
  expect(error).toMatchObject({ code: "unsupported-platform" });
  expect(String(error)).toContain(`needs Bun on Linux, x64 or arm64; ${words}`);
});

test("a C library that cannot be found is named", () => {
  const error = failure(() =>
    loadLibc({ platform: "linux", arch: process.arch, ffi }, ["libnone.so.1", "libnone.so.2"]),
  );
  expect(error).toMatchObject({ code: "unsupported-platform", cause: { errors: [{}, {}] } });
  expect(String(error)).toContain("tried libnone.so.1, libnone.so.2");
});

test("a call that fails gives its own error number, call by call", () => {
  const { ENOENT, EBADF, EISDIR } = constants.errno;
  for (let round = 0; round < 1000; round++) {
    expect(libc().open("/nonexistent", 2)).toBe(-ENOENT);
    expect(libc().write(-1, Uint8Array.of(1))).toBe(-EBADF);
    expect(libc().open("/", 2)).toBe(-EISDIR);
    expect(libc().ioctl(-1, "TCGETS", new Uint8Array(36))).toBe(-EBADF);
  }
});

test("error numbers have names", () => {
  expect(errnoName(constants.errno.EACCES)).toBe("EACCES");
  expect(errnoName(4242)).toBe("error 4242");
});
