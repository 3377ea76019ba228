import { asset } from "./asset.ts";
import { bootTarget, setBootTarget } from "./boot-target.ts";
import { fan, setFan } from "./fan.ts";
import { health } from "./health.ts";
import { led, setLed, setLedColour } from "./led.ts";
import { boardLocation, deviceLocation } from "./location.ts";
import { plcConfig } from "./plc-config.ts";
import { powerAction, powerActionActs, powerStatus, typedPowerAction, typedPowerActionActs } from "./power.ts";
import { read } from "./read.ts";
import { route, type Route } from "./route.ts";
import { scanAll, scanBoard } from "./scan.ts";
import { test } from "./test.ts";
import { version } from "./version.ts";

/** What every route that always changes something has in common. */
const control = { acts: true, takesPost: true } as const;

/** API 1.2, whole. All routes take GET and OPTIONS, and HEAD where they do not act. @see API specification 1.2, "Routes" */
export const routes: readonly Route[] = [
  route("test", test, { takesPost: true, isOpen: true }),
  route("health", health, { takesStrangers: true }),
  route("scan", scanAll),
  route("scan/:board", scanBoard),
  route("version/:board", version),
  route("read/:type/:board/:device", read),
  route("power/:first/:second", powerStatus),
  route("power/:first/:second/:third", powerAction, { acts: powerActionActs, takesPost: true }),
  route("power/:first/:second/:third/:fourth", typedPowerAction, { acts: typedPowerActionActs, takesPost: true }),
  route("asset/:board/:device", asset),
  route("boot_target/:board/:device", bootTarget),
  route("boot_target/:board/:device/:target", setBootTarget, control),
  route("location/:board", boardLocation),
  route("location/:board/:device", deviceLocation),
  route("led/:board/:device", led),
  route("led/:board/:device/:state", setLed, control),
  route("led/:board/:device/:state/:colour", setLedColour, control),
  route("fan/:board/:device", fan),
  route("fan/:board/:device/:rpm", setFan, control),
  route("plc_config", plcConfig, { takesPost: true }),
];
