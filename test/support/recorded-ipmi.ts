/** Sessions that were recorded between foreign clients and a simulated BMC: test/fixtures/ipmi, described in the README there. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Type, type Static } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";

const folder = join(import.meta.dirname, "..", "fixtures", "ipmi");

const text = Type.String();

const Session = Type.Object({
  client: Type.Union([Type.Literal("ipmitool"), Type.Literal("FreeIPMI"), Type.Literal("pyghmi")]),
  version: text,
  command: text,
  script: Type.Optional(Type.Array(text)),
  user: text,
  password: text,
  rightPassword: Type.Optional(text),
  kg: Type.Optional(text),
  suite: Type.Optional(Type.Number()),
  authType: Type.Optional(Type.Union([Type.Literal("none"), Type.Literal("md5"), Type.Literal("straight")])),
  output: Type.Array(text),
  packets: Type.Array(Type.Object({ from: Type.Union([Type.Literal("client"), Type.Literal("bmc")]), hex: text })),
});

export interface RecordedPacket {
  readonly from: "client" | "bmc";
  /** The UDP payload. */
  readonly bytes: Uint8Array;
}

export interface RecordedSession extends Readonly<Omit<Static<typeof Session>, "packets">> {
  /** The file's name without its ending. */
  readonly name: string;
  readonly packets: readonly RecordedPacket[];
}

/** One of them, by its file's name without the ending. */
export function recordedSession(name: string): RecordedSession {
  const session = Value.Parse(Session, JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")));
  const packets = session.packets.map(({ from, hex }) => ({ from, bytes: Uint8Array.fromHex(hex) }));
  return { ...session, name, packets };
}

/** All of them. */
export function recordedSessions(): readonly RecordedSession[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return files.toSorted().map((file) => recordedSession(basename(file, ".json")));
}
