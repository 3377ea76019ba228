import manifest from "../package.json" with { type: "json" };

/** The version. A build writes it into the binary; from the sources it is the manifest's. */
export const version: string = process.env["OPENDCRE_VERSION"] ?? manifest.version;

/** The commit that was built, `development` from the sources. */
export const commit: string = process.env["OPENDCRE_COMMIT"] ?? "development";

const sourceEpochS = process.env["OPENDCRE_SOURCE_EPOCH"] ?? "";

/** When the sources that were built were last changed, in milliseconds since 1970; undefined from the sources. */
export const sourceEpochMs: number | undefined = /^\d{1,11}$/.test(sourceEpochS)
  ? Number(sourceEpochS) * 1000
  : undefined;

/** Version, commit, runtime and platform, in one line. */
export function versionLine(): string {
  const runtime =
    process.versions["bun"] === undefined ? `Node ${process.versions.node}` : `Bun ${process.versions.bun}`;
  return `opendcre ${version} (commit ${commit}, ${runtime}, ${process.platform} ${process.arch})`;
}
