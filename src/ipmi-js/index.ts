export { IpmiClient } from "./client/ipmi-client.ts";
export type { ClientState } from "./client/dispatcher.ts";
export type { DropReason, IpmiCounters } from "./client/counters.ts";
export type { IpmiClientOptions, SessionAuthType } from "./client/options.ts";
export type { Timing } from "./client/timing.ts";
export { datagramHex, messageHex, type Trace, type TraceEvent } from "./client/trace.ts";
export type { Clock, Timer } from "./clock.ts";
export { IpmiError, type IpmiErrorCode, type IpmiErrorDetail, type SessionStep } from "./errors.ts";
export { completionCodes, describeCompletionCode } from "./completion-codes.ts";
export { cipherSuite, cipherSuites, findCipherSuite, type CipherSuite } from "./crypto/algorithms.ts";
export type { SessionPrivilege } from "./session/session-request.ts";
export type { OpenTransport, Peer, Transport, TransportListener } from "./transport/transport.ts";
export { openUdp } from "./transport/udp.ts";
export type { PresencePong } from "./wire/asf.ts";

// Commands, each a value for `IpmiClient.execute`.
export * from "./commands/boot-options.ts";
export * from "./commands/channel-user.ts";
export * from "./commands/chassis.ts";
export * from "./commands/command.ts";
export * from "./commands/dcmi.ts";
export * from "./commands/device.ts";
export * from "./commands/fru-commands.ts";
export * from "./commands/lan.ts";
export { privilegeLevels, type PrivilegeLevel } from "./commands/privilege.ts";
export * from "./commands/raw.ts";
export * from "./commands/sdr.ts";
export {
  addSelEntry,
  clearSel as clearSelCommand,
  deleteSelEntry,
  getSelAllocationInfo,
  getSelEntry,
  getSelInfo,
  getSelTime,
  getSelTimeUtcOffset,
  reserveSel,
  setSelTime,
  setSelTimeUtcOffset,
  type SelInfo,
} from "./commands/sel.ts";
export * from "./commands/sensor.ts";
export * from "./commands/session.ts";
export * from "./commands/table.ts";
export * from "./commands/watchdog.ts";

// Procedures: several commands with one purpose.
export * from "./procedures/boot-target.ts";
export * from "./procedures/dcmi.ts";
export * from "./procedures/identify.ts";
export * from "./procedures/power.ts";
export type { ProcedureOptions } from "./procedures/procedure-options.ts";
export * from "./procedures/read-fru.ts";
export * from "./procedures/read-power.ts";
export * from "./procedures/read-sdrs.ts";
export * from "./procedures/read-sensors.ts";
export * from "./procedures/sel.ts";
export * from "./procedures/summary.ts";

// What records and readings say.
export { decodeFru } from "./fru/decode-fru.ts";
export { encodeFru } from "./fru/encode-fru.ts";
export { chassisTypeName } from "./fru/chassis-types.ts";
export * from "./fru/inventory.ts";
export type { FruRecord } from "./fru/multi-records.ts";
export * from "./sdr/records.ts";
export { decodeSdr, encodeSdr } from "./sdr/sdr-codec.ts";
export * from "./sel/describe-event.ts";
export * from "./sel/entry.ts";
export { selTime, type SelTime } from "./sel/sel-time.ts";
export * from "./sensors/conversion.ts";
export { entityName, type Entity } from "./sensors/entities.ts";
export * from "./sensors/reading.ts";
export { isReadable, readingOf } from "./sensors/reading-of.ts";
export * from "./sensors/sensor.ts";
export { sensorTypeName } from "./sensors/sensor-types.ts";
export { sensorsOf } from "./sensors/sensors-of.ts";
export { stateName, type DiscreteState } from "./sensors/states.ts";
export * from "./sensors/thresholds.ts";
export { sensorUnit, type SensorUnit } from "./sensors/units.ts";
