import { ldapOf, oidcOf, type LdapConfig, type OidcConfig } from "./directory-config.ts";
import type { ConfigValues } from "./schema.ts";

/** Something about the configuration that people should know, for the log at start. */
export interface Notice {
  readonly level: "info" | "warn";
  readonly message: string;
}

/** Everything that can be set, complete and checked. See src/config/schema.ts for what each setting means and may be. */
export interface Config {
  /** The file that it was read from; null where there was none. */
  readonly fileName: string | null;
  /** True where nobody has named a serial port, or what is at it, and there are BMCs: where the usual port is not there, these are served alone. */
  readonly mayBusBeMissing: boolean;
  readonly server: {
    readonly host: string;
    readonly port: number;
    /** Begins and ends in a slash. */
    readonly endpointPrefix: string;
    readonly allowUnauthenticatedNetwork: boolean;
    readonly maxBodyBytes: number;
    readonly shutdownGraceMs: number;
    readonly cors: ConfigValues["server"]["cors"];
  };
  readonly tls: {
    readonly enabled: boolean;
    /** The files of the certificate and of its key; null where one is made. */
    readonly certificate: { readonly certificate: string; readonly key: string } | null;
    readonly further: ConfigValues["tls"]["further"];
    readonly clientCa: string | null;
    readonly minVersion: ConfigValues["tls"]["min_version"];
    readonly redirectPort: number | null;
    readonly selfSignedNames: readonly string[];
  };
  readonly limits: {
    /** Requests a second; 0 for no limit. */
    readonly requestRate: number;
    readonly requestBurst: number;
    /** 0 for no limit. */
    readonly concurrentRequests: number;
    /** 0 for no limit. */
    readonly connections: number;
    /** 0 for no limit. */
    readonly connectionsPerAddress: number;
    /** Whether they hold for programs on this machine. */
    readonly loopback: boolean;
  };
  readonly api: {
    /** Whether GET may change something. */
    readonly getControl: boolean;
  };
  readonly auth: {
    readonly required: boolean;
    readonly anonymousRole: ConfigValues["auth"]["anonymous_role"];
    readonly htpasswd: string | null;
    /** Grants with spaces between them: `reader operator@10,11`. */
    readonly htpasswdRole: string;
    readonly trustedProxies: readonly string[];
    readonly proxyUserHeader: string | null;
    readonly proxyRoleHeader: string | null;
    /** As `htpasswdRole`. */
    readonly proxyRole: string;
  };
  /** Null where there is no directory. */
  readonly ldap: LdapConfig | null;
  /** Null where there is no issuer. */
  readonly oidc: OidcConfig | null;
  readonly bus: {
    readonly device: string | null;
    readonly hardware: ConfigValues["bus"]["hardware"];
    readonly baudRate: number;
    readonly timeoutMs: number;
    readonly retryLimit: number;
    readonly collisionPauseMs: number;
    readonly timeSlice: number;
    readonly queueLimit: number;
    readonly reopenMinMs: number;
    readonly reopenMaxMs: number;
  };
  readonly hat: {
    readonly gpioChip: string | null;
    readonly commandPin: number | string;
    readonly frequencySelectPin: number | string;
    readonly inhPin: number | string;
    readonly nsleepPin: number | string;
    /** In MHz, with a slash between them: `5.5/10.5`. */
    readonly frequencyPair: ConfigValues["hat"]["frequency_pair"];
    readonly frequencyNumber: 0 | 1;
    readonly interferenceHopping: boolean;
    readonly longWakeUpMessage: boolean;
    readonly autoSleep: boolean;
    readonly autoWakeUpMessage: boolean;
  };
  readonly emulator: {
    readonly enabled: boolean;
    /** The board file; null for the one that is built in. */
    readonly file: string | null;
    /** The line speed to imitate, in baud; null for none. */
    readonly baudDelay: number | null;
  };
  readonly log: {
    readonly level: ConfigValues["log"]["level"];
    readonly format: ConfigValues["log"]["format"];
    readonly access: ConfigValues["log"]["access"];
    /** The folder for log files; null where there are none. */
    readonly directory: string | null;
    readonly maxFileBytes: number;
    readonly maxFileAgeH: number;
    readonly keepFiles: number;
  };
  readonly ipmi: {
    readonly bmcConfig: string | null;
    /** True where a file of 1.2 names it, which went on without it where it was not there. */
    readonly mayBmcConfigBeMissing: boolean;
    readonly queueLimit: number;
  };
  readonly control: {
    readonly protectedBoards: readonly number[];
    readonly cooldownMs: number;
  };
  readonly state: {
    /** Null for the one that systemd names, or `/var/lib/opendcre`. */
    readonly directory: string | null;
  };
  readonly audit: {
    readonly mode: ConfigValues["audit"]["mode"];
    /** Null for the one in the folder for what is kept. */
    readonly file: string | null;
    readonly rotateBytes: number;
  };
  readonly notices: readonly Notice[];
}

/** `opendcre`, `/opendcre`, `/opendcre/` as `/opendcre/`. */
const withSlashes = (prefix: string) => `/${prefix}/`.replaceAll(/\/+/g, "/");

/** Where a configuration comes from, and what people should know of it. */
interface ConfigSource {
  readonly fileName: string | null;
  readonly mayBmcConfigBeMissing: boolean;
  readonly mayBusBeMissing: boolean;
  readonly notices: readonly Notice[];
}

/** The configuration as the program uses it. */
export function toConfig(values: ConfigValues, source: ConfigSource): Config {
  const { server, limits, api, auth, bus, emulator, log, ipmi, state, audit } = values;
  const { fileName, mayBmcConfigBeMissing, mayBusBeMissing, notices } = source;
  const baudDelay = emulator.baud_delay === true ? bus.baud_rate : emulator.baud_delay;
  return {
    fileName,
    mayBusBeMissing,
    server: {
      host: server.host,
      port: server.port,
      endpointPrefix: withSlashes(server.endpoint_prefix),
      allowUnauthenticatedNetwork: server.allow_unauthenticated_network,
      maxBodyBytes: server.max_body_bytes,
      shutdownGraceMs: server.shutdown_grace_ms,
      cors: server.cors,
    },
    tls: tlsOf(values),
    limits: {
      requestRate: limits.request_rate,
      requestBurst: limits.request_burst,
      concurrentRequests: limits.concurrent_requests,
      connections: limits.connections,
      connectionsPerAddress: limits.connections_per_address,
      loopback: limits.loopback,
    },
    api: { getControl: api.get_control },
    auth: {
      required: auth.required,
      anonymousRole: auth.anonymous_role,
      htpasswd: auth.htpasswd,
      htpasswdRole: auth.htpasswd_role,
      trustedProxies: auth.trusted_proxies,
      proxyUserHeader: auth.proxy_user_header,
      proxyRoleHeader: auth.proxy_role_header,
      proxyRole: auth.proxy_role,
    },
    ldap: ldapOf(values),
    oidc: oidcOf(values),
    bus: {
      device: bus.device,
      hardware: bus.hardware,
      baudRate: bus.baud_rate,
      timeoutMs: bus.timeout_ms,
      retryLimit: bus.retry_limit,
      collisionPauseMs: bus.collision_pause_ms,
      timeSlice: bus.time_slice,
      queueLimit: bus.queue_limit,
      reopenMinMs: bus.reopen_min_ms,
      reopenMaxMs: bus.reopen_max_ms,
    },
    hat: hatOf(values),
    emulator: { enabled: emulator.enabled, file: emulator.file, baudDelay: baudDelay === false ? null : baudDelay },
    log: {
      level: log.level,
      format: log.format,
      access: log.access,
      directory: log.directory,
      maxFileBytes: log.max_file_bytes,
      maxFileAgeH: log.max_file_age_h,
      keepFiles: log.keep_files,
    },
    ipmi: { bmcConfig: ipmi.bmc_config, mayBmcConfigBeMissing, queueLimit: ipmi.queue_limit },
    control: controlOf(values),
    state: { directory: state.directory },
    audit: { mode: audit.mode, file: audit.file, rotateBytes: audit.rotate_bytes },
    notices,
  };
}

function hatOf({ hat }: ConfigValues): Config["hat"] {
  return {
    gpioChip: hat.gpio_chip,
    commandPin: hat.command_pin,
    frequencySelectPin: hat.frequency_select_pin,
    inhPin: hat.inh_pin,
    nsleepPin: hat.nsleep_pin,
    frequencyPair: hat.frequency_pair,
    frequencyNumber: hat.frequency_number,
    interferenceHopping: hat.interference_hopping,
    longWakeUpMessage: hat.long_wake_up_message,
    autoSleep: hat.auto_sleep,
    autoWakeUpMessage: hat.auto_wake_up_message,
  };
}

function tlsOf({ tls }: ConfigValues): Config["tls"] {
  const { certificate, key } = tls;
  return {
    enabled: tls.enabled,
    certificate: certificate !== null && key !== null ? { certificate, key } : null,
    further: tls.further,
    clientCa: tls.client_ca,
    minVersion: tls.min_version,
    redirectPort: tls.redirect_port,
    selfSignedNames: tls.self_signed_names,
  };
}

/** Between two power actions on hardware: a server's power supply is not switched off and on at once. */
const USUAL_COOLDOWN_MS = 2000;

function controlOf({ control, emulator }: ConfigValues): Config["control"] {
  return {
    protectedBoards: control.protected_boards.map((board) => Number.parseInt(board, 16)),
    cooldownMs: control.cooldown_ms ?? (emulator.enabled ? 0 : USUAL_COOLDOWN_MS),
  };
}
