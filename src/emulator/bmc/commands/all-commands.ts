import { addBootOptionCommands } from "./boot-option-commands.ts";
import { addBridgeCommands } from "./bridge-commands.ts";
import { addChannelUserCommands } from "./channel-user-commands.ts";
import { addChassisCommands } from "./chassis-commands.ts";
import { CommandSet } from "./command-set.ts";
import { addDcmiCommands } from "./dcmi-commands.ts";
import { addDeviceCommands } from "./device-commands.ts";
import { addFruCommands } from "./fru-commands.ts";
import { addLanCommands } from "./lan-commands.ts";
import { addSdrCommands } from "./sdr-commands.ts";
import { addSelCommands } from "./sel-commands.ts";
import { addSensorCommands } from "./sensor-commands.ts";
import { addSessionCommands } from "./session-commands.ts";
import { addWatchdogCommands } from "./watchdog-commands.ts";

/** Everything that an emulated BMC can be asked for. */
export function allCommands(): CommandSet {
  const commands = new CommandSet();
  addDeviceCommands(commands);
  addSessionCommands(commands);
  addChannelUserCommands(commands);
  addLanCommands(commands);
  addChassisCommands(commands);
  addBootOptionCommands(commands);
  addSensorCommands(commands);
  addSdrCommands(commands);
  addSelCommands(commands);
  addFruCommands(commands);
  addWatchdogCommands(commands);
  addDcmiCommands(commands);
  addBridgeCommands(commands);
  return commands;
}
