import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const programs = ["mmdebstrap", "systemd-nspawn", "unshare", "nsenter", "dpkg-deb"] as const;

/** What is missing for containers; empty where they can be had. */
export const missingForContainers: readonly string[] = [
  ...programs.filter((program) => Bun.which(program) === null),
  ...(process.getuid?.() === 0 ? [] : ["root's rights"]),
];

const packages =
  "systemd,systemd-sysv,dbus,udev,init-system-helpers,libnss-systemd,curl,openssl,procps,socat,jq,man-db,bash-completion";

/** How a command ended. */
interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command in a container has failed. */
class ContainerError extends Error {
  override readonly name = "ContainerError";
}

/** A Debian system with systemd as its process 1. */
export interface Container {
  /** Its root folder, as this machine sees it. */
  readonly root: string;
  /** Runs a shell command in it, and returns what that writes. @throws ContainerError where it fails */
  run(command: string): Promise<string>;
  /** The same where it may fail. */
  attempt(command: string): Promise<Outcome>;
  /** Runs a shell command again and again until it succeeds. @throws ContainerError where it has not within a minute */
  until(condition: string): Promise<string>;
  stop(): Promise<void>;
}

async function execute(argv: readonly string[]): Promise<Outcome> {
  const process = Bun.spawn([...argv], { stdio: ["ignore", "pipe", "pipe"], env: { ...Bun.env, LC_ALL: "C.UTF-8" } });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(process.stdout).text(),
    new Response(process.stderr).text(),
    process.exited,
  ]);
  return { exitCode, stdout, stderr };
}

function expectSuccess({ exitCode, stdout, stderr }: Outcome, what: string): string {
  if (exitCode !== 0) throw new ContainerError(`${what}: exit code ${exitCode}\n${stdout}\n${stderr}`);
  return stdout.trim();
}

/** The first process that a process has started; undefined before that. */
function childOf(pid: number): number | undefined {
  const path = `/proc/${pid}/task/${pid}/children`;
  const first = existsSync(path) ? readFileSync(path, "utf8").split(" ", 1)[0] : "";
  return first === "" || first === undefined ? undefined : Number(first);
}

/** Removes a control group with all below it: no processes are in them any more. Its files are the kernel's. */
function removeControlGroup(folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeControlGroup(join(folder, entry.name));
  rmdirSync(folder);
}

/** Makes a minimal system of this machine's architecture, and boots it: half a minute. It is deleted when it is stopped. */
export async function bootContainer(): Promise<Container> {
  const folder = mkdtempSync("/var/tmp/opendcre-container-");
  const root = join(folder, "root");
  const made = await execute(["mmdebstrap", "--quiet", "--variant=minbase", `--include=${packages}`, "bookworm", root]);
  expectSuccess(made, "mmdebstrap");
  const boot = join(import.meta.dirname, "nspawn", "boot.sh");
  const nspawn = Bun.spawn(["bash", boot, root], { stdio: ["ignore", "ignore", "ignore"] });
  const attempt = (command: string) => {
    const init = childOf(nspawn.pid);
    if (init === undefined) return Promise.resolve({ exitCode: 1, stdout: "", stderr: "the container is not there" });
    const into = ["nsenter", "-t", `${init}`, "-m", "-p", "-n", "-u", "-i", "-C", "--root", "--wd"];
    return execute([...into, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "bash", "-c", command]);
  };
  const until = async (condition: string) => {
    const deadline = performance.now() + 60_000;
    for (;;) {
      const outcome = await attempt(condition);
      if (outcome.exitCode === 0) return outcome.stdout.trim();
      if (nspawn.exitCode !== null || performance.now() > deadline) expectSuccess(outcome, `waiting for ${condition}`);
      await Bun.sleep(100);
    }
  };
  await until("systemctl is-system-running");
  return {
    root,
    attempt,
    until,
    run: async (command) => expectSuccess(await attempt(command), command),
    async stop() {
      nspawn.kill("SIGTERM");
      await nspawn.exited;
      for (const hierarchy of ["systemd", "unified"])
        removeControlGroup(join("/sys/fs/cgroup", hierarchy, `opendcre-nspawn-${nspawn.pid}`));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
