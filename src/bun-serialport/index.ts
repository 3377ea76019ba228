export { SerialPortError, type SerialPortErrorCode } from "./errors.ts";
export type { FlowControl, Parity, SerialPortOptions } from "./line-settings.ts";
export { type ListPortsOptions, listPorts, type PortInfo, type UsbIdentity } from "./list.ts";
export { SerialPort } from "./port.ts";
export type {
  ByteLine,
  FlushDirection,
  ModemLines,
  ModemOutputs,
  SerialPortLike,
  SerialPortListener,
} from "./serial-port-like.ts";
