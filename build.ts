/**
 * Makes the self-contained binaries, and ipmi-js as plain JavaScript: `bun build.ts [--target linux-x64|linux-arm64|ipmi-js|all]`,
 * `all` without it. With `--deb` it makes Debian packages of the binaries, with `--fast` larger ones, for tests. They go to dist/, or where `--outdir` says.
 *
 * Each one holds Bun, the program as bytecode, the default board file, version and commit. It reads no .env, bunfig.toml,
 * tsconfig.json or package.json from where it is started.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { DebOptions } from "./packaging/deb.ts";
import manifest from "./package.json" with { type: "json" };

const root = import.meta.dirname;

/** How large a package may be. With `--fast` it may be larger. */
const MOST_PACKAGE_BYTES = 45_000_000;

/** What can be built, with Bun's name for it, and Debian's for what it runs on. */
const targets = {
  "linux-x64": { bun: "bun-linux-x64", debian: "amd64" },
  "linux-arm64": { bun: "bun-linux-arm64", debian: "arm64" },
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

/** When the sources were last changed, in seconds since 1970: what packages say, so that they are the same each time. */
function sourceEpochS(): number {
  const text = sourceEpochText();
  return /^\d{1,11}$/.test(text) ? Number(text) : fail("set SOURCE_DATE_EPOCH: there is no commit to take the date of");
}

/** The same as text; an empty one where nobody knows. */
const sourceEpochText = () => process.env["SOURCE_DATE_EPOCH"] ?? git("log", "-1", "--format=%ct").stdout.trim();

/** The commit that is built, with a + where the tree differs from it. */
function commit(): string {
  const head = git("rev-parse", "--short=12", "HEAD");
  if (head.status !== 0) return "unknown";
  const isChanged = git("status", "--porcelain").stdout !== "";
  return head.stdout.trim() + (isChanged ? "+" : "");
}

/** What the command line asks for, each thing with what makes it. */
function selectedBuilds(): (() => Promise<void>)[] {
  const { values } = parseArgs({
    options: {
      target: { type: "string", default: "all" },
      deb: { type: "boolean", default: false },
      fast: { type: "boolean", default: false },
      outdir: { type: "string", default: join(root, "dist") },
    },
  });
  const binaries = Object.keys(targets).filter(isTarget);
  const packing = values.fast ? { xzLevel: 0, mostBytes: undefined } : { xzLevel: 6, mostBytes: MOST_PACKAGE_BYTES };
  const make = (target: Target) =>
    values.deb ? buildDebianPackage(target, values.outdir, packing) : buildBinary(target, values.outdir);
  const builds = new Map<string, () => Promise<void>>([
    ...(values.deb ? [] : [[packageTarget, buildPackage] as const]),
    ...binaries.map((target) => [target, () => make(target)] as const),
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

/** Says what was made, and how large it is. */
const report = (path: string) => console.log(`${path} (${Math.round(statSync(path).size / 2 ** 20)} MiB)`);

/** The binary's path, and the files that it was made of. */
interface Built {
  readonly outfile: string;
  readonly inputs: readonly string[];
}

async function buildBinary(target: Target, outdir: string): Promise<void> {
  report((await build(target, outdir)).outfile);
}

async function buildDebianPackage(
  target: Target,
  outdir: string,
  packing: Pick<DebOptions, "xzLevel" | "mostBytes">,
): Promise<void> {
  const [{ buildDeb }, { packageFolderOf }] = await Promise.all([
    import("./packaging/deb.ts"),
    import("./packaging/copyright.ts"),
  ]);
  const { outfile: binary, inputs } = await build(target, outdir);
  const packageFolders = [...new Set(inputs.map(packageFolderOf))].filter((folder) => folder !== undefined).toSorted();
  const { version } = manifest;
  const architecture = targets[target].debian;
  const epochS = sourceEpochS();
  report(buildDeb({ root, binary, architecture, version, packageFolders, epochS, outdir, ...packing }));
}

async function build(target: Target, outdir: string): Promise<Built> {
  const outfile = join(outdir, `opendcre-${target}`);
  const result = await Bun.build({
    entrypoints: [join(root, "src", "main.ts")],
    target: "bun",
    format: "esm",
    minify: true,
    bytecode: true,
    // What a command does not need is not loaded for it, nor what node: modules that needs.
    splitting: true,
    metafile: true,
    define: {
      "process.env.OPENDCRE_VERSION": JSON.stringify(manifest.version),
      "process.env.OPENDCRE_COMMIT": JSON.stringify(commit()),
      "process.env.OPENDCRE_SOURCE_EPOCH": JSON.stringify(sourceEpochText()),
      // Where it was built would be in the binary otherwise. Libraries look there for workers, which nobody uses here.
      __dirname: JSON.stringify("/opendcre"),
      __filename: JSON.stringify("/opendcre/bundled.js"),
    },
    compile: {
      target: targets[target].bun,
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
  return { outfile, inputs: Object.keys(result.metafile?.inputs ?? {}).map((file) => join(root, file)) };
}

mkdirSync(join(root, "dist"), { recursive: true });
for (const make of selectedBuilds()) await make();
