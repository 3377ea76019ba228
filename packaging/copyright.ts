import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** How packages name the files that hold their licence. */
const licenceFile = /^(?:licen[cs]e|copying|notice)(?:\.(?:md|txt))?$/i;

/** A package in the bundle. */
interface BundledPackage {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly text: string;
}

const textIn = (manifest: unknown, key: string): string => {
  const value: unknown = Object.entries(Object(manifest)).find(([name]) => name === key)?.[1];
  if (typeof value !== "string") throw new TypeError(`a package says no ${key}`);
  return value;
};

function bundledPackage(folder: string): BundledPackage {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const files = readdirSync(folder).filter((name) => licenceFile.test(name));
  if (files.length === 0) throw new RangeError(`${folder} has no file with its licence`);
  const text = files.toSorted().map((name) => readFileSync(join(folder, name), "utf8").trim());
  return {
    name: textIn(manifest, "name"),
    version: textIn(manifest, "version"),
    licence: textIn(manifest, "license"),
    text: text.join("\n\n"),
  };
}

/** The folder of the package that a bundled file is from; undefined for our own. */
export const packageFolderOf = (file: string): string | undefined =>
  /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0];

/**
 * `/usr/share/doc/opendcre/copyright`: our licence, and that of everything in the binary.
 *
 * @param folders the folders of the packages in the bundle
 * @throws RangeError for a package without a licence
 */
export function copyrightFile(folders: readonly string[], bunNotices: string): string {
  const packages = folders.map(bundledPackage);
  const rule = "-".repeat(78);
  return [
    `OpenDCRE

Copyright (C) the authors of OpenDCRE

This program is free software; you can redistribute it and/or modify it under the terms of the GNU General Public License as published by
the Free Software Foundation; either version 2 of the License, or (at your option) any later version.

This program is distributed in the hope that it will be useful, but WITHOUT ANY WARRANTY; without even the implied warranty of
MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE. See the GNU General Public License for more details.

On Debian systems, the complete text of the GNU General Public License version 2 is in /usr/share/common-licenses/GPL-2, that of version 3 in
/usr/share/common-licenses/GPL-3.

The binary /usr/bin/opendcre also holds the following.
`,
    bunNotices.trimEnd(),
    ...packages.map(
      ({ name, version, licence, text }) => `${rule}\n${name} ${version}, ${licence}\n${rule}\n\n${text}`,
    ),
  ]
    .join("\n\n")
    .replaceAll("\r\n", "\n")
    .concat("\n");
}
