/**
 * Makes the self-contained binaries, and ipmi-js as plain JavaScript: `bun build.ts [--target linux-x64|linux-arm64|ipmi-js|all]`,
 * `all` without it.
 *
 * Each one holds Bun, the program as bytecode, the default board file, version and commit. It reads no .env, bunfig.toml,
 * tsconfig.json or package.json from where it is started.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import manifest from "./package.json" with { type: "json" };

const root = import.meta.dirname;

/** What can be built, and Bun's name for it. */
const targets = {
  "linux-x64": "bun-linux-x64",
  "linux-arm64": "bun-linux-arm64",
} as const;
type Target = keyof typeof targets;

/** What makes the package for Node, which reads no TypeScript before version 22.18. Bun and Deno take its sources. */
const packageTarget = "ipmi-js";

const isTarget = (text: string): text is Target => text in targets;

function fail(message: string): never {
  console.error(`build: ${message}`);
  process.exit(1);
}

const git = (...args: string[]) => spawnSync("git", args, { cwd: root, encoding: "utf8" });

/** The commit that is built, with a + where the tree differs from it. */
function commit(): string {
  const head = git("rev-parse", "--short=12", "HEAD");
  if (head.status !== 0) return "unknown";
  const isChanged = git("status", "--porcelain").stdout !== "";
  return head.stdout.trim() + (isChanged ? "+" : "");
}

/** What the command line asks for, each thing with what makes it. */
function selectedBuilds(): (() => Promise<void>)[] {
  const { values } = parseArgs({ options: { target: { type: "string", default: "all" } } });
  const binaries = Object.keys(targets).filter(isTarget);
  const builds = new Map<string, () => Promise<void>>([
    [packageTarget, buildPackage],
    ...binaries.map((target) => [target, () => build(target)] as const),
  ]);
  if (values.target === "all") return [...builds.values()];
  const selected = builds.get(values.target);
  return selected ? [selected] : fail(`--target ${values.target}: expected ${[...builds.keys()].join(", ")} or all`);
}

async function buildPackage(): Promise<void> {
  const folder = join(root, "src", "ipmi-js");
  const outdir = join(folder, "dist");
  const result = await Bun.build({
    entrypoints: [join(folder, "index.ts"), join(folder, "testing.ts")],
    target: "node",
    format: "esm",
    splitting: true,
    outdir,
    throw: false,
  });
  if (!result.success) fail(result.logs.map(String).join("\n"));
  console.log(outdir);
}

/**
 * How reluctant the engine is to compile before `compileFreely` is called, as a factor. Compiling what runs only at the start
 * took a quarter of it.
 */
const JIT_POLICY_AT_START = 100;

async function build(target: Target): Promise<void> {
  const outfile = join(root, "dist", `opendcre-${target}`);
  const result = await Bun.build({
    entrypoints: [join(root, "src", "main.ts")],
    target: "bun",
    format: "esm",
    minify: true,
    bytecode: true,
    // What a command does not need is not loaded for it, nor what node: modules that needs.
    splitting: true,
    define: {
      "process.env.OPENDCRE_VERSION": JSON.stringify(manifest.version),
      "process.env.OPENDCRE_COMMIT": JSON.stringify(commit()),
    },
    compile: {
      target: targets[target],
      outfile,
      jitPolicy: JIT_POLICY_AT_START,
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
    throw: false,
  });
  if (!result.success) fail(result.logs.map(String).join("\n"));
  const mebibytes = Math.round(statSync(outfile).size / 2 ** 20);
  console.log(`${outfile} (${mebibytes} MiB)`);
}

mkdirSync(join(root, "dist"), { recursive: true });
for (const make of selectedBuilds()) await make();
