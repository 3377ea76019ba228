import { Type, type Static, type TSchema } from "@sinclair/typebox";
import { api, auth } from "./auth-sections.ts";
import { ldap, oidc } from "./directory-sections.ts";
import { audit, control } from "./control-section.ts";
import { hat } from "./hat-section.ts";
import { flag, integer, optionalText } from "./setting-types.ts";
import { limits, tls } from "./tls-sections.ts";

/** Serial line speeds, in baud, that Linux can be asked for. */
const baudRates = { minimum: 50, maximum: 4_000_000 };

const server = Type.Object(
  {
    host: Type.String({
      pattern: String.raw`^(?:[\w-]+(?:\.[\w-]+)*|[\da-fA-F:.]*:[\da-fA-F:.]*)$`,
      default: "127.0.0.1",
      description:
        "The address or host name to listen on. Anything but a loopback address also needs auth.required, or allow_unauthenticated_network.",
      expected: "an IP address or a host name",
    }),
    port: integer(0, 65_535, 5000, "The TCP port to listen on. 0 takes any free one."),
    endpoint_prefix: Type.String({
      pattern: String.raw`^/?(?:(?!\.\.?(?:/|$))[\w.~-]+(?:/(?!\.\.?(?:/|$))[\w.~-]+)*)?/?$`,
      default: "/opendcre/",
      description: "What the path of every URL begins with, ahead of the API version.",
      expected: "a URL path of letters, digits, and the characters - . _ ~ /",
    }),
    allow_unauthenticated_network: flag(
      false,
      "Listens on other than loopback addresses although nobody is asked for credentials: anyone who reaches the port can switch off servers.",
    ),
    max_body_bytes: integer(0, 16_777_216, 65_536, "The longest body of a request, in bytes; a longer one gets 413."),
    shutdown_grace_ms: integer(
      0,
      4500,
      4000,
      "How long requests that are under way may take to finish when the server stops, in milliseconds.",
    ),
    cors: Type.Union([Type.Literal("reads"), Type.Literal("off")], {
      default: "reads",
      description: 'Whether pages of any origin may read: "reads" lets them, "off" does not. They can never control.',
    }),
  },
  { description: "The HTTP server." },
);

const bus = Type.Object(
  {
    device: Type.Union([Type.String({ minLength: 1 }), Type.Null()], {
      default: "/dev/ttyAMA0",
      description: "The serial port of the device bus; null where there is none.",
      expected: "the path of a serial port, or null",
    }),
    hardware: Type.Union([Type.Literal("tty"), Type.Literal("hat")], {
      default: "tty",
      description: 'What is at the serial port: "tty" the bus itself, "hat" the modem of the power-line HAT.',
    }),
    baud_rate: Type.Integer({ ...baudRates, default: 115_200, description: "The speed of the serial port, in baud." }),
    timeout_ms: integer(10, 60_000, 250, "How long a board may be silent before it counts as absent, in milliseconds."),
    retry_limit: integer(0, 100, 3, "How often a damaged reply is asked for again."),
    collision_pause_ms: integer(
      0,
      10_000,
      150,
      "How long to wait after a collision of replies to a scan before it is asked for again, in milliseconds.",
    ),
    time_slice: integer(
      0,
      255,
      75,
      "The length of the time slots in which boards answer a repeated scan of all boards.",
    ),
    queue_limit: integer(1, 100_000, 1024, "How many commands may wait for the bus; more are refused with 503."),
    reopen_min_ms: integer(
      10,
      3_600_000,
      250,
      "The first pause before a serial port that has vanished is opened again, in milliseconds; each further one is twice as long.",
    ),
    reopen_max_ms: integer(10, 3_600_000, 10_000, "The longest of these pauses, in milliseconds."),
  },
  { description: "The serial device bus." },
);

const emulator = Type.Object(
  {
    enabled: flag(false, "Serves an emulated rack in place of the serial port."),
    file: Type.Union([Type.String({ minLength: 1 }), Type.Null()], {
      default: null,
      description: "The board file to emulate; null takes the rack that is built in.",
      expected: "the path of a board file, or null",
    }),
    baud_delay: Type.Union([Type.Integer(baudRates), Type.Boolean(), Type.Null()], {
      default: null,
      description:
        "Makes emulated bytes take as long as on a real line of this speed, in baud; true takes that of bus.baud_rate, null answers at once.",
      expected: `a whole number from ${baudRates.minimum} to ${baudRates.maximum}, true, false or null`,
    }),
  },
  { description: "The emulator." },
);

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

const log = Type.Object(
  {
    level: Type.Union(
      logLevels.map((level) => Type.Literal(level)),
      {
        default: "info",
        description: "The least severe kind of line to write: trace, debug, info, warn, error or fatal.",
      },
    ),
    format: Type.Union([Type.Literal("auto"), Type.Literal("pretty"), Type.Literal("json")], {
      default: "auto",
      description:
        'How lines look: "pretty" for people, "json" for programs, "auto" is pretty on a terminal, entries with fields in the journal of systemd, and JSON elsewhere.',
    }),
    access: Type.Union([Type.Literal("commands"), Type.Literal("all"), Type.Literal("off")], {
      default: "commands",
      description:
        'Which requests get a line: "commands" all but successful ones for the route test, which monitoring asks all the time, "all" these too, "off" none.',
    }),
    directory: optionalText(
      "the path of a folder",
      "A folder for log files as well: access.log in combined format, daemon.log with everything else, error.log with what failed. null writes none.",
    ),
    max_file_bytes: integer(
      4096,
      1_073_741_824,
      10_485_760,
      "How large a log file becomes before a new one is begun, in bytes.",
    ),
    max_file_age_h: integer(1, 8760, 168, "How old a log file becomes before a new one is begun, in hours."),
    keep_files: integer(0, 100, 5, "How many of each log file's predecessors are kept, as FILE.1, FILE.2 and so on."),
  },
  { description: "The log, on standard output or in the journal of systemd." },
);

const ipmi = Type.Object(
  {
    bmc_config: Type.Union([Type.String({ minLength: 1 }), Type.Null()], {
      default: null,
      description: "The file that lists the BMCs, in the format of OpenDCRE 1.2; null where there are none.",
      expected: "the path of a BMC file, or null",
    }),
    queue_limit: integer(1, 100_000, 256, "How many commands may wait for one BMC; more are refused with 503."),
  },
  { description: "BMCs, over IPMI." },
);

const state = Type.Object(
  {
    directory: Type.Union([Type.String({ minLength: 1 }), Type.Null()], {
      default: null,
      description:
        "The folder for what is kept from one start to the next, such as the SDRs of BMCs. null takes the one that systemd names (STATE_DIRECTORY), else /var/lib/opendcre.",
      expected: "the path of a folder, or null",
    }),
  },
  { description: "What is kept." },
);

/**
 * The configuration as it stands in a file: sections of settings. Each setting's description is what people read in
 * config/opendcre.json, its default is what applies where nothing is said, and `expected`, where it is there, says in words
 * what the schema allows.
 */
export const configSchema = Type.Object({
  server,
  tls,
  limits,
  api,
  auth,
  ldap,
  oidc,
  bus,
  hat,
  emulator,
  log,
  ipmi,
  control,
  state,
  audit,
});

/** The configuration as a file spells it, complete. */
export type ConfigValues = Static<typeof configSchema>;

type SectionName = keyof ConfigValues;

/** A setting's name with that of its section: `server.port`. */
export type SettingPath = { [S in SectionName]: `${S}.${keyof ConfigValues[S] & string}` }[SectionName];

/** Every setting's schema by its name, in the order of the file. */
export const settingSchemas: ReadonlyMap<string, TSchema> = new Map(
  Object.entries(configSchema.properties).flatMap(([section, { properties }]) =>
    Object.entries<TSchema>(properties).map(([key, schema]) => [`${section}.${key}`, schema] as const),
  ),
);

/** True for the name of a setting. */
export const isSettingPath = (path: string): path is SettingPath => settingSchemas.has(path);

/** Names of the sections, in the order of the file. */
export const sectionNames: readonly string[] = Object.keys(configSchema.properties);
