import type { CommandContext } from "../../devices/backend.ts";
import type { Inventory } from "../../devices/inventory.ts";
import type { ModemConfiguration } from "../../devices/modem.ts";
import type { JsonValue } from "../json.ts";

/** What the commands of 1.2 work with. */
export interface Services {
  readonly inventory: Inventory;
  /** The version of the appliance, as `version` tells it. */
  readonly version: string;
  /** Asks the modem of the power-line HAT; absent where there is no HAT. */
  readonly modemConfiguration?: ((context: CommandContext) => Promise<ModemConfiguration>) | undefined;
}

/** One route of the API. */
export interface Route {
  /** What follows the API's base, without slashes around it; parts that begin with a colon are parameters. */
  readonly path: string;
  /** True where POST does the same as GET: wherever something can be changed, and where it has always been so. */
  readonly takesPost: boolean;
  /** True where nobody is asked who they are: it says nothing that is anyone's secret. */
  readonly isOpen: boolean;
  /** True where callers without credentials get an answer, too, but not all of it. */
  readonly takesStrangers: boolean;
  /** True where a request with these parameters changes something: then HEAD is refused, and other origins learn nothing. */
  acts(params: object): boolean;
  /**
   * Parses the parameters, asks the devices, and answers.
   *
   * @throws ApiError where the request is wrong, before any device is asked; DeviceError where the command fails
   */
  run(params: object, services: Services, context: CommandContext): JsonValue | Promise<JsonValue>;
}

/** The parameters that a path names: `read/:type/:board` has `type` and `board`. */
type ParamsOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Record<Name, string> & ParamsOf<Rest>
  : Path extends `${string}:${infer Name}`
    ? Record<Name, string>
    : object;

/** How a route differs from one that only reads. */
interface RouteOptions<P> {
  readonly takesPost?: boolean;
  readonly isOpen?: boolean;
  readonly takesStrangers?: boolean;
  /** Whether it changes something: always, or by its parameters. */
  readonly acts?: true | ((params: P) => boolean);
}

/** Declares a route. Its function names the parameters that it needs, and the compiler checks that the path has them. */
export function route<P extends object, const Path extends string>(
  path: ParamsOf<Path> extends P ? Path : never,
  run: (params: P, services: Services, context: CommandContext) => JsonValue | Promise<JsonValue>,
  { takesPost = false, isOpen = false, takesStrangers = false, acts = () => false }: RouteOptions<P> = {},
): Route {
  return { path, takesPost, isOpen, takesStrangers, acts: acts === true ? () => true : acts, run };
}
