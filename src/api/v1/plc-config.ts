import type { CommandContext } from "../../devices/backend.ts";
import { ApiError } from "../errors.ts";
import type { Services } from "./route.ts";

/** `plc_config`: how the modem of the power-line HAT is set. */
export async function plcConfig(_: object, { modemConfiguration }: Services, context: CommandContext) {
  if (!modemConfiguration) {
    const message = "Unable to retrieve the modem's configuration: there is no power-line HAT.";
    throw new ApiError("unsupported", message);
  }
  const modem = await modemConfiguration(context);
  return {
    frequency_number: modem.frequencyNumber,
    remote_loopback: modem.remoteLoopback,
    interference_hopping: modem.interferenceHopping,
    long_wum: modem.longWakeUpMessage,
    auto_sleep: modem.autoSleep,
    auto_wum: modem.autoWakeUpMessage,
    loopback_enabled: modem.loopbackEnabled,
    interference_detected: modem.interferenceDetected,
    f0: modem.firstFrequencyMhz,
    f1: modem.secondFrequencyMhz,
    bit_rate: modem.bitRate,
  };
}
