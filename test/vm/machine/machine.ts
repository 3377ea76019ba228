import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { baseImage } from "./base-image.ts";
import { GuestShell, type Ran } from "./guest-shell.ts";
import { Monitor } from "./monitor.ts";
import { Peer } from "./peer.ts";

/** Programs that the machine needs, and their Debian packages. */
const programs = {
  "qemu-system-aarch64": "qemu-system-arm",
  mke2fs: "e2fsprogs",
  cpio: "cpio",
  "dpkg-deb": "dpkg",
  curl: "curl",
  openssl: "openssl",
} as const;

/** The Debian packages that are missing here. */
export const missingPackages: readonly string[] = Object.entries(programs)
  .filter(([program]) => Bun.which(program, { PATH: `${Bun.env["PATH"]}:/sbin:/usr/sbin` }) === null)
  .map(([, debian]) => debian);

/** Where QEMU's machine "virt" has its PL011 UART (/dev/ttyAMA0) and its PL061 GPIO chip (/dev/gpiochip0). */
export const physical = { uart: 0x0900_0000, gpio: 0x0903_0000 } as const;

/** An arm64 machine: a real kernel, Debian with systemd, a PL011 UART, a PL061 GPIO chip. All that it writes is forgotten at its end. */
export class Machine implements AsyncDisposable {
  /** Ports of 127.0.0.1, and what they lead to in the machine: 5000 and 5001. */
  readonly port: number;
  readonly secondPort: number;
  /** The other end of the machine's UART. */
  readonly uart: string;
  readonly monitor: Monitor;
  readonly #shell: GuestShell;
  readonly #own: AsyncDisposableStack;
  readonly #console: string;

  private constructor(parts: {
    ports: readonly [number, number];
    uart: string;
    monitor: Monitor;
    shell: GuestShell;
    own: AsyncDisposableStack;
    console: string;
  }) {
    this.port = parts.ports[0];
    this.secondPort = parts.ports[1];
    this.uart = parts.uart;
    this.monitor = parts.monitor;
    this.#shell = parts.shell;
    this.#own = parts.own;
    this.#console = parts.console;
  }

  /**
   * Switches a machine on and waits until it takes commands.
   *
   * @param payload a file that the machine sees as the disk /dev/vdb
   */
  static async boot(payload: string): Promise<Machine> {
    const base = await baseImage();
    await using starting = new AsyncDisposableStack();
    const folder = mkdtempSync(join(tmpdir(), "opendcre-vm-"));
    starting.defer(() => rmSync(folder, { recursive: true, force: true }));
    const shellPeer = starting.use(await Peer.listen(join(folder, "shell.sock")));
    const monitorPeer = starting.use(await Peer.listen(join(folder, "monitor.sock")));
    const [shell, monitor] = [new GuestShell(shellPeer), new Monitor(monitorPeer)];
    const isReady = shell.ready();
    const ports = freePorts();
    const qemu = Bun.spawn(["qemu-system-aarch64", ...qemuArguments(base, folder, payload, ports)], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    starting.defer(async () => {
      qemu.kill();
      await qemu.exited;
    });
    const consolePath = join(folder, "console");
    const ended = qemu.exited.then(async (code) => {
      const told = await new Response(qemu.stderr).text();
      throw new Error(`QEMU ended with ${code}: ${told}\n${readConsole(consolePath)}`);
    });
    // After the start, its end is the test's own doing.
    ended.catch(() => undefined);
    await Promise.race([ended, monitor.start().then(() => isReady)]);
    const uart = await monitor.pseudoTerminal("uart");
    return new Machine({ ports, uart, monitor, shell, console: consolePath, own: starting.move() });
  }

  /** Runs a script as root. */
  run(script: string): Promise<Ran> {
    return this.#shell.run(script);
  }

  /** Runs a script that must end well, and returns what it wrote, without the white space at its end. */
  async must(script: string): Promise<string> {
    const { status, stdout, stderr } = await this.run(script);
    if (status !== 0) throw new Error(`exit status ${status} of: ${script}\n${stdout}\n${stderr}`);
    return stdout.trimEnd();
  }

  /**
   * Pulls the plug and puts it in again: what has not reached the disk is lost. Resolves when the power is back; `booted` does when
   * the machine takes commands again.
   */
  async cutPower(): Promise<{ readonly booted: Promise<boolean> }> {
    const booted = this.#shell.ready();
    await this.monitor.reset();
    return { booted };
  }

  /** What the kernel and the first programs wrote on the console. */
  get console(): string {
    return readConsole(this.#console);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#own.disposeAsync();
  }
}

function readConsole(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "(nothing on the console)";
  }
}

/** Two ports that were free just now: QEMU takes no 0. */
function freePorts(): readonly [number, number] {
  using first = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  using second = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  return [first.port, second.port];
}

function qemuArguments(base: string, folder: string, payload: string, ports: readonly [number, number]): string[] {
  const inFolder = (name: string) => join(folder, name);
  const forwards = `hostfwd=tcp:127.0.0.1:${ports[0]}-:5000,hostfwd=tcp:127.0.0.1:${ports[1]}-:5001`;
  const options: readonly (readonly [string, string])[] = [
    ["-M", "virt,acpi=off"],
    ["-cpu", "cortex-a72"],
    ["-smp", "2"],
    ["-m", "1024"],
    ["-display", "none"],
    ["-kernel", join(base, "vmlinuz")],
    ["-initrd", join(base, "initrd.gz")],
    ["-append", "root=/dev/vda rw console=ttyS0 panic=-1 quiet systemd.show_status=0 net.ifnames=0"],
    ["-drive", `file=${join(base, "disk.img")},if=none,id=disk,format=raw,snapshot=on,cache=unsafe`],
    ["-device", "virtio-blk-pci,drive=disk"],
    ["-drive", `file=${payload},if=none,id=payload,format=raw,readonly=on`],
    ["-device", "virtio-blk-pci,drive=payload"],
    ["-netdev", `user,id=net,${forwards}`],
    ["-device", "virtio-net-pci,netdev=net,romfile="],
    ["-device", "virtio-rng-pci"],
    ["-chardev", "pty,id=uart"],
    ["-serial", "chardev:uart"],
    ["-chardev", `file,id=console,path=${inFolder("console")}`],
    ["-device", "pci-serial,chardev=console"],
    ["-chardev", `socket,id=shell,path=${inFolder("shell.sock")}`],
    ["-device", "virtio-serial-pci"],
    ["-device", "virtserialport,chardev=shell,name=org.opendcre.shell"],
    ["-chardev", `socket,id=monitor,path=${inFolder("monitor.sock")}`],
    ["-mon", "chardev=monitor,mode=control"],
  ];
  return ["-nodefaults", ...options.flat()];
}
