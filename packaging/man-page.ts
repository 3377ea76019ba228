/** The few requests of man(7) that the pages need. Every text is escaped: a line that begins with a dot is a request to groff. */

/** A text as groff takes it for itself. */
export function escapeRoff(text: string): string {
  const escaped = text
    .replaceAll("\\", String.raw`\e`)
    .replaceAll("-", String.raw`\-`)
    .replaceAll("'", String.raw`\(aq`)
    .replaceAll("^", String.raw`\(ha`)
    .replaceAll("~", String.raw`\(ti`)
    .replaceAll("`", String.raw`\(ga`);
  return escaped.startsWith(".") ? String.raw`\&${escaped}` : escaped;
}

const bold = (text: string) => String.raw`\fB${escapeRoff(text)}\fR`;

/** A paragraph with something hanging in front of it. `label` is bold. */
export const item = (label: string, text: string): string => `.TP\n${bold(label)}\n${escapeRoff(text)}\n`;

export const paragraph = (text: string): string => `.PP\n${escapeRoff(text)}\n`;

/** Right below a heading, a paragraph needs no space before it. */
const flush = (content: readonly string[]) => content.join("").replace(/^\.PP\n/, "");

export const section = (name: string, ...content: readonly string[]): string =>
  `.SH ${name.toUpperCase()}\n${flush(content)}`;

export const subsection = (name: string, ...content: readonly string[]): string =>
  `.SS "${escapeRoff(name)}"\n${flush(content)}`;

/** Lines that are kept as they are. */
export const literal = (text: string): string =>
  `.PP\n.nf\n.RS 4\n${text.split("\n").map(escapeRoff).join("\n")}\n.RE\n.fi\n`;

export interface PageTitle {
  readonly name: string;
  readonly volume: "5" | "8";
  readonly summary: string;
  readonly version: string;
  /** When the sources were last changed, in seconds since 1970. */
  readonly epochS: number;
}

/** A whole page. */
export function page({ name, volume, summary, version, epochS }: PageTitle, ...sections: readonly string[]): string {
  const date = new Date(epochS * 1000).toISOString().slice(0, 10);
  const manual = volume === "5" ? "File Formats" : "System Administration";
  return [
    `.TH ${name.toUpperCase()} ${volume} "${date}" "OpenDCRE ${escapeRoff(version)}" "${manual}"\n.nh\n.ad l\n`,
    section("name", `${escapeRoff(name)} \\- ${escapeRoff(summary)}\n`),
    ...sections,
  ].join("");
}
