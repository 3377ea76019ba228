import type { TSchema } from "@sinclair/typebox";
import { configSchema } from "../src/config/schema.ts";
import { expectation } from "../src/config/setting.ts";
import { item, literal, page, paragraph, section, subsection, type PageTitle } from "./man-page.ts";

const sentence = (text: string) => (text.endsWith(".") ? text : `${text}.`);

const setting = (path: string, schema: TSchema) =>
  item(
    path,
    `${sentence(schema.description ?? "")} Expected: ${expectation(schema)}. Default: ${JSON.stringify(schema.default)}.`,
  );

/** opendcre.json(5), from the configuration's schema. */
export function opendcreJsonPage(title: Pick<PageTitle, "version" | "epochS">): string {
  return page(
    { name: "opendcre.json", volume: "5", summary: "configuration of OpenDCRE", ...title },
    section("synopsis", literal("/etc/opendcre/opendcre.json")),
    section(
      "description",
      paragraph(
        "JSON with comments: sections of settings. What is not there has its default. Relative paths are relative to the folder of the file. Settings that do not exist are mistakes.",
      ),
      paragraph(
        "Each setting also has an environment variable, which goes before the file: OPENDCRE_SERVER_PORT for server.port. Options of opendcre(8) go before both.",
      ),
      paragraph(
        "opendcre check-config lists all mistakes. systemctl reload opendcre takes what may change while the service runs, and the log names what takes a restart.",
      ),
    ),
    section(
      "settings",
      ...Object.entries(configSchema.properties).map(([name, { description, properties }]) =>
        subsection(
          name,
          paragraph(sentence(description ?? "")),
          ...Object.entries<TSchema>(properties).map(([key, schema]) => setting(`${name}.${key}`, schema)),
        ),
      ),
    ),
    section(
      "example",
      literal(
        '{\n  // comments are fine\n  "server": { "host": "::", "port": 5000 },\n  "auth": { "required": true },\n  "bus": { "device": "/dev/ttyAMA0" }\n}',
      ),
    ),
    section("see also", paragraph("opendcre(8)")),
  );
}
