export { netFns, type BridgeTarget, type CallOptions, type Command, type Requester } from "./commands/command.ts";
export { IpmiError, type IpmiErrorCode, type IpmiErrorDetail, type SessionStep } from "./errors.ts";
