import { Type } from "@sinclair/typebox";
import { flag, integer, optionalText } from "./setting-types.ts";

/** A DNS name, which may begin with `*.`, or an IP address. */
const HOST_NAME = String.raw`^(?:(?:\*\.)?[\w-]+(?:\.[\w-]+)*|[\da-fA-F:.]*:[\da-fA-F:.]*)$`;

const furtherCertificate = Type.Object(
  {
    certificate: Type.String({ minLength: 1 }),
    key: Type.String({ minLength: 1 }),
    names: Type.Array(Type.String({ pattern: HOST_NAME }), { minItems: 1 }),
  },
  { additionalProperties: false },
);

/** How the API is encrypted. */
export const tls = Type.Object(
  {
    enabled: flag(
      false,
      "Serves HTTPS in place of HTTP. Without a certificate of yours, one is made, kept and renewed, and its fingerprint logged.",
    ),
    certificate: optionalText(
      "the path of a PEM file",
      "The certificate, with those that vouch for it after it, in PEM; null for one that is made.",
    ),
    key: optionalText(
      "the path of a PEM file",
      "The certificate's private key, in PEM. Others must not be able to read it.",
    ),
    further: Type.Array(furtherCertificate, {
      default: [],
      description:
        'Certificates for further names, for clients that ask for one of them (SNI): [{"certificate": "a.crt", "key": "a.key", "names": ["rack.example"]}].',
      expected: 'a list of objects such as {"certificate": "a.crt", "key": "a.key", "names": ["rack.example"]}',
    }),
    client_ca: optionalText(
      "the path of a PEM file",
      "Lets nobody connect without a certificate that one of the authorities in this file has signed; null asks for none.",
    ),
    min_version: Type.Union([Type.Literal("1.2"), Type.Literal("1.3")], {
      default: "1.2",
      description: "The oldest version of TLS to speak: 1.2 or 1.3.",
    }),
    redirect_port: Type.Union([Type.Integer({ minimum: 0, maximum: 65_535 }), Type.Null()], {
      default: null,
      description: "A further TCP port, for plain HTTP, that does nothing but send clients to HTTPS; null for none.",
      expected: "a whole number from 0 to 65535, or null",
    }),
    self_signed_names: Type.Array(Type.String({ pattern: HOST_NAME }), {
      default: [],
      description: "Names and addresses that a certificate which is made is also for, besides those of the machine.",
      expected: 'a list of names and IP addresses, such as ["rack.example", "192.0.2.1"]',
    }),
  },
  { description: "Encryption." },
);

/** How much one caller may ask for. */
export const limits = Type.Object(
  {
    request_rate: integer(
      0,
      100_000,
      50,
      "How many requests a second one address may make for long; more get 429. 0 for no limit. A /64 of IPv6 counts as one address.",
    ),
    request_burst: integer(
      1,
      100_000,
      200,
      "How many requests one address may make at once before request_rate counts.",
    ),
    concurrent_requests: integer(
      0,
      100_000,
      100,
      "How many requests of one address may wait for devices at once; more get 429. 0 for no limit.",
    ),
    connections: integer(
      0,
      100_000,
      1000,
      "How many connections there may be in all. Of more, those that came last are ended, of the addresses that have most; none whose request is under way. 0 for no limit.",
    ),
    connections_per_address: integer(0, 100_000, 200, "How many of them one address may have. 0 for no limit."),
    loopback: flag(false, "Whether these limits also hold for programs on this machine."),
  },
  {
    description: "How much one address may ask for. Trusted proxies, which keep limits of their own, are not counted.",
  },
);
