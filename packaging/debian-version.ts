/** A version of npm's as Debian writes it, so that pre-releases sort before their release: 2.0.0-alpha.1 as 2.0.0~alpha.1. */
export const debianVersion = (version: string): string => version.replace("-", "~");

/** A date as Debian changelogs have it: `Tue, 24 Nov 2026 22:41:00 +0000`. */
export const changelogDate = (epochS: number): string => new Date(epochS * 1000).toUTCString().replace("GMT", "+0000");
