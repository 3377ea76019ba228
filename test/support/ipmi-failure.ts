import { IpmiError, type IpmiErrorCode } from "../../src/ipmi-js/errors.ts";

/** The IpmiError that the promise is rejected with. Throws where it is not, or with something else, or with another code. */
export async function ipmiFailureOf(promise: Promise<unknown>, code: IpmiErrorCode): Promise<IpmiError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(outcome instanceof IpmiError)) throw new Error(`expected an IpmiError ${code}`, { cause: outcome });
  if (outcome.code !== code) throw new Error(`expected ${code}, got ${outcome.code}: ${outcome.message}`);
  return outcome;
}
