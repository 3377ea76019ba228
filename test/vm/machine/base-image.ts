import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

const recipe = ["base-image.sh", "guest-shell.sh", "guest-shell.service"].map((name) =>
  join(import.meta.dirname, name),
);

/** Where root file systems are kept between runs: /var/tmp/opendcre-vm-UID, or what OPENDCRE_VM_CACHE names. */
function cacheFolder(): string {
  const uid = process.getuid?.() ?? 0;
  const folder = Bun.env["OPENDCRE_VM_CACHE"] ?? `/var/tmp/opendcre-vm-${uid}`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Anyone may make a folder in /var/tmp; nobody else's is booted.
  if (statSync(folder).uid !== uid) throw new Error(`${folder} belongs to someone else: set OPENDCRE_VM_CACHE`);
  return folder;
}

/** The folder with kernel, initial RAM disk and root file system; made where there is none of today's recipe yet. */
export async function baseImage(): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  for (const file of recipe) hash.update(readFileSync(file));
  const cache = cacheFolder();
  const folder = join(cache, hash.digest("hex").slice(0, 16));
  if (await Bun.file(join(folder, "disk.img")).exists()) return folder;
  const draft = mkdtempSync(join(cache, "draft-"));
  try {
    const child = Bun.spawn([recipe[0]!, draft], { stdio: ["ignore", "inherit", "inherit"] });
    const status = await child.exited;
    if (status !== 0) throw new Error(`base-image.sh: exit status ${status}`);
    rename(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return folder;
}

/** Puts a finished image in its place, unless another run was faster. */
function rename(draft: string, folder: string): void {
  try {
    renameSync(draft, folder);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOTEMPTY")) throw error;
  }
}
