import { DeviceError, type DeviceErrorCode } from "../../src/devices/errors.ts";

/** The DeviceError that the promise is rejected with. Throws where it is not, or with something else, or with another code. */
export async function deviceErrorOf(promise: Promise<unknown>, code: DeviceErrorCode): Promise<DeviceError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(outcome instanceof DeviceError)) throw new Error(`expected a DeviceError ${code}`, { cause: outcome });
  if (outcome.code !== code) throw new Error(`expected ${code}, got ${outcome.code}: ${outcome.message}`);
  return outcome;
}
