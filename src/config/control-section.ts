import { Type } from "@sinclair/typebox";
import { integer, optionalText } from "./setting-types.ts";

/** What is allowed of commands that change something. */
export const control = Type.Object(
  {
    protected_boards: Type.Array(Type.String({ pattern: "^(?:0[xX])?0*[0-9a-fA-F]{1,8}$" }), {
      default: [],
      description:
        'Boards that nobody may switch off or cycle, such as the one that feeds this machine: ["00000001", "40000001"].',
      expected: 'a list of board ids in hexadecimal, such as ["00000001", "40000001"]',
    }),
    cooldown_ms: Type.Union([Type.Integer({ minimum: 0, maximum: 3_600_000 }), Type.Null()], {
      default: null,
      description:
        "How long a board is left alone between two power actions, in milliseconds; sooner ones are refused with 429. null is 2000, and 0 where the rack is emulated.",
      expected: "a whole number from 0 to 3600000, or null",
    }),
  },
  { description: "Commands that change something in the rack." },
);

/** What is written down of such commands. */
export const audit = Type.Object(
  {
    mode: Type.Union([Type.Literal("auto"), Type.Literal("on"), Type.Literal("off")], {
      default: "auto",
      description:
        'Whether commands that change something, and what administrators do, are written to a trail before they are carried out: "on" carries nothing out that cannot be written, "off" writes none, "auto" is on, but for an emulated rack only where somebody has named a place (state.directory, audit.file, STATE_DIRECTORY).',
    }),
    file: optionalText(
      "the path of a file",
      "The file of the trail; null for audit/audit.jsonl in the folder for what is kept (state.directory). Where nobody has named one and the usual one cannot be written, a server writes to opendcre/audit/audit.jsonl in $XDG_STATE_HOME or ~/.local/state.",
    ),
    rotate_bytes: integer(
      65_536,
      1_073_741_824,
      16_777_216,
      "The trail begins a new file when this one has become as long, in bytes. Old ones are kept, under a name with the date.",
    ),
  },
  { description: "The audit trail; see opendcre audit verify." },
);
