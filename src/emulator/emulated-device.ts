import { deviceCodes } from "../bus/device-codes.ts";
import { actionNames, type Action, type ActionName, type Device } from "./board.ts";
import { initialState, type DeviceState, type Request } from "./device-state.ts";
import { Playlist } from "./playlist.ts";
import type { Response } from "./response.ts";

/** How far the lists of one action have been used. */
class ActionLists {
  readonly #responses: Playlist<Response>;
  readonly #retries: Playlist<Response> | undefined;

  constructor({ repeatable, responses, retryResponses }: Action) {
    this.#responses = new Playlist(responses, repeatable);
    this.#retries = retryResponses && new Playlist(retryResponses);
  }

  next(isRetry: boolean): Response | undefined {
    return isRetry && this.#retries ? this.#retries.next() : this.#responses.next();
  }
}

/** A device of a board file while it is asked: where its lists stand, and what it remembers. */
export class EmulatedDevice {
  readonly id: number;
  /** Code of its type on the wire. */
  readonly typeCode: number;
  readonly #lists: ReadonlyMap<ActionName, ActionLists>;
  readonly #state: DeviceState | undefined;

  constructor(device: Device) {
    this.id = device.id;
    this.typeCode = deviceCodes[device.type];
    this.#lists = new Map(
      actionNames.flatMap((name) => {
        const action = device.actions[name];
        return action ? [[name, new ActionLists(action)] as const] : [];
      }),
    );
    this.#state = initialState(device);
  }

  /** Does what it is asked; undefined where it does not answer. */
  respond(request: Request): Response | undefined {
    const scripted = this.#lists.get(request.action)?.next(request.isRetry);
    return scripted && this.#state ? this.#state.respond(request, scripted) : scripted;
  }
}
