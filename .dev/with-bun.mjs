// Runs the project's own, pinned Bun with the arguments given, after installing what is missing.
// Plain JavaScript on purpose: it must run on a machine that has nothing but Node and npm, or nothing but Bun.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const bunExecutable = join(root, "node_modules", "bun", "bin", "bun.exe");
const stamp = join(root, "node_modules", ".opendcre-installed");
const manifests = ["package.json", "package-lock.json", "src/bun-serialport/package.json", "src/ipmi-js/package.json"];

const works = (command) => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;

/** True where node_modules holds what the manifests of today ask for. */
function installed() {
  if (!existsSync(stamp)) return false;
  const newest = Math.max(...manifests.map((file) => statSync(join(root, file)).mtimeMs));
  return statSync(stamp).mtimeMs >= newest;
}

function run(command, args) {
  console.error(`opendcre: ${command} ${args.join(" ")}`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

if (!installed()) {
  // Not `npm ci`: it refuses a lock file that lacks the optional packages of platforms which a registry does not carry.
  if (works("npm")) run("npm", ["install", "--no-save", "--no-audit", "--no-fund"]);
  else if (process.versions.bun) run(process.execPath, ["install", "--no-save"]);
  else throw new Error("neither npm nor Bun was found: one of them is needed to install what this project uses");
  // Newer versions of npm run no install scripts that are not approved: then the package holds a place-holder.
  if (!works(bunExecutable)) run(process.execPath, [join(root, "node_modules", "bun", "install.js")]);
  // For Node: its own users find the package as JavaScript from then on.
  run(bunExecutable, ["build.ts", "--target", "ipmi-js"]);
  const version = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).devDependencies.bun;
  writeFileSync(stamp, `${version}\n`);
  utimesSync(stamp, new Date(), new Date());
}

const child = spawn(bunExecutable, process.argv.slice(2), { stdio: "inherit" });
// A signal may be meant for this process alone (kill) or reach the child as well (Ctrl-C): the child stands both.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
// npm that is killed tells nobody: without this, a server would go on that nobody sees any more.
const parent = process.ppid;
if (process.env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && child.kill("SIGTERM"), 500).unref();
child.on("error", (error) => {
  console.error(`opendcre: ${bunExecutable}: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(signal ? 128 + (constants.signals[signal] ?? 0) : (code ?? 1)));
