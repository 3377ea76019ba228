import { Type } from "@sinclair/typebox";
import { flag, optionalText } from "./setting-types.ts";

const HEADER_NAME = String.raw`^[A-Za-z\d][A-Za-z\d-]*$`;
const ADDRESS = String.raw`^(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-fA-F:.]*:[\da-fA-F:.]*)(?:/\d{1,3})?$`;

const role = (preset: "reader" | "operator" | "admin", description: string) =>
  Type.Union([Type.Literal("reader"), Type.Literal("operator"), Type.Literal("admin")], {
    default: preset,
    description,
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
    htpasswd_role: role("reader", "The role of all users in the htpasswd file: reader, operator or admin."),
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
      "The header in which a trusted proxy gives that user's role: reader, operator or admin; null gives everybody proxy_role.",
      HEADER_NAME,
    ),
    proxy_role: role("reader", "The role of users whom a trusted proxy names, where proxy_role_header is null."),
  },
  { description: "Who may come in. Tokens and users are made with `opendcre token` and `opendcre user`." },
);
