import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { openPty } from "bun-serialport/testing";
import { groupName, permissionAdvice, permissionAdviceFor } from "../../src/bun-serialport/permission.ts";

// The format of group(5); the lines are Debian's.
const GROUPS = "root:x:0:\ntty:x:5:\ndialout:x:20:pi,monitor\nbad line\n:x:21:\n";

test("the group of a device is found by its number", () => {
  expect(groupName(GROUPS, 20)).toBe("dialout");
  expect(groupName(GROUPS, 5)).toBe("tty");
  expect(groupName(GROUPS, 2)).toBeUndefined();
});

test("a device of a group that may use it: join the group", () => {
  const advice = permissionAdvice({ gid: 20, mode: 0o20660 }, GROUPS);
  expect(advice).toContain("it belongs to group dialout: add the user to group dialout (usermod -aG dialout USER)");
  expect(permissionAdvice({ gid: 999, mode: 0o20660 }, GROUPS)).toContain("add the user to group 999");
  // What user_namespaces(7) has in place of a group that it does not know: Debian's nogroup, which is nobody to add a user to.
  expect(permissionAdvice({ gid: 65_534, mode: 0o20660 }, `${GROUPS}nogroup:x:65534:\n`)).not.toContain("nogroup");
});

test.each([
  ["root's own group", { gid: 0, mode: 0o20660 }],
  ["a group that may only write", { gid: 5, mode: 0o20620 }],
])("a device of %s: joining would not help", (_name, owner) => {
  expect(permissionAdvice(owner, GROUPS)).toContain("membership would not help: run as root, or let a udev rule");
});

test("where the device cannot even be looked at, the bare fact remains", () => {
  expect(permissionAdviceFor("/nonexistent/tty")).toBe("permission denied");
  expect(permissionAdviceFor("/dev/null", "/nonexistent/group")).toBe("permission denied");
});

const mayBecomeNobody = process.getuid?.() === 0 && existsSync("/usr/bin/setpriv");

test.skipIf(!mayBecomeNobody)("a user without rights is told so (needs root and setpriv)", async () => {
  await using pty = openPty();
  const code = `
    const { SerialPort } = await import("bun-serialport");
    const error = await SerialPort.open(${JSON.stringify(pty.path)}, { baudRate: 9600 }).catch((error) => error);
    console.log(JSON.stringify({ code: error.code, errno: error.errno, syscall: error.syscall, message: error.message }));
  `;
  const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const child = Bun.spawn([...nobody, process.execPath, "-e", code], {
    cwd: `${import.meta.dir}/../..`,
    env: { ...process.env, HOME: "/tmp" },
    stderr: "inherit",
  });
  const error: unknown = JSON.parse(await child.stdout.text());
  expect(error).toMatchObject({ code: "permission-denied", errno: 13, syscall: "open" });
  expect(error).toHaveProperty("message", expect.stringContaining(`${pty.path}: permission denied`));
});
