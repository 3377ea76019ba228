import { Type } from "@sinclair/typebox";
import { flag, optionalText } from "./setting-types.ts";

const HEADER_NAME = String.raw`^[A-Za-z\d][A-Za-z\d-]*$`;
const ADDRESS = String.raw`^(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-fA-F:.]*:[\da-fA-F:.]*)(?:/\d{1,3})?$`;

const BOARD = "(?:0[xX])?[\\da-fA-F]{1,8}";
const GRANT = `(?:reader|operator|admin)(?:@${BOARD}(?:,${BOARD})*)?`;

const grants = (description: string) =>
  Type.String({
    pattern: `^${GRANT}(?: ${GRANT})*$`,
    default: "reader",
    description,
    expected: 'reader, operator or admin, or several, some for boards alone, as in "reader operator@10,11"',
  });

/** What callers may do whatever their role. */
export const api = Type.Object(
  {
    get_control: flag(
      true,
      "Whether GET may change something, as in API 1.2. With false it gets 405 where it would, and POST does it.",
    ),
  },
  { description: "The API." },
);

/** Who may come in. Each way to prove who one is works beside all the others. */
export const auth = Type.Object(
  {
    required: flag(
      false,
      "Asks everybody who they are even while there is no token and no user: then nobody comes in until one is made. With false, credentials are asked for as soon as any of the ways below is set up.",
    ),
    anonymous_role: Type.Union([Type.Literal("none"), Type.Literal("reader")], {
      default: "none",
      description:
        'What callers without credentials may do where others have some: nothing ("none"), or read ("reader").',
    }),
    htpasswd: optionalText(
      "the path of an htpasswd file",
      "An htpasswd file whose users may come in, by their bcrypt lines (htpasswd -B); null where there is none.",
    ),
    htpasswd_role: grants(
      'What all users in the htpasswd file may do: reader, operator or admin; on some boards alone "operator@10,11"; several with spaces between them, "reader operator@10,11".',
    ),
    trusted_proxies: Type.Array(Type.String({ pattern: ADDRESS }), {
      default: [],
      description:
        "Addresses and networks (192.0.2.1, 10.0.0.0/8) of reverse proxies. From them alone X-Forwarded-For and the headers below are believed.",
      expected: 'a list of IP addresses or networks, such as ["192.0.2.1", "fd00::/8"]',
    }),
    proxy_user_header: optionalText(
      "the name of a header",
      "The header in which a trusted proxy names the user whom it has let in, such as X-Forwarded-User; null where it does not.",
      HEADER_NAME,
    ),
    proxy_role_header: optionalText(
      "the name of a header",
      "The header in which a trusted proxy says what that user may do: reader, operator or admin, on one board operator@10, several with spaces between them; null gives everybody proxy_role.",
      HEADER_NAME,
    ),
    proxy_role: grants(
      "What users may do whom a trusted proxy names, where proxy_role_header is null; spelled as htpasswd_role.",
    ),
  },
  { description: "Who may come in. Tokens and users are made with `opendcre token` and `opendcre user`." },
);
