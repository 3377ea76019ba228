import { encodeLatin1 } from "../../../ipmi-js/bytes/text.ts";
import type { DcmiPowerLimit } from "../../../ipmi-js/commands/dcmi.ts";
import type { BmcDescription } from "../file/bmc-shape.ts";

/** Bytes of asset tag and controller id at most. @see DCMI 1.5, sections 6.4.2 and 6.4.6 */
export const MAX_DCMI_TEXT = 63;

/** A text that is written in portions. */
export class TextStore {
  #bytes: Uint8Array;
  readonly #isTerminated: boolean;

  /** `isTerminated`: a zero ends it, which counts. */
  constructor(text: string, isTerminated: boolean) {
    this.#isTerminated = isTerminated;
    this.#bytes = encodeLatin1(isTerminated ? `${text}\0` : text);
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Writes a portion, which ends the text. False: it does not fit, or leaves a gap. */
  write(offset: number, data: Uint8Array): boolean {
    if (offset + data.length > MAX_DCMI_TEXT + (this.#isTerminated ? 1 : 0) || offset > this.#bytes.length)
      return false;
    const bytes = new Uint8Array(offset + data.length);
    bytes.set(this.#bytes.subarray(0, offset));
    bytes.set(data, offset);
    this.#bytes = bytes;
    return true;
  }
}

/** As it was set, and whether it is in force: this one limits nothing. */
interface PowerLimit extends DcmiPowerLimit {
  readonly isActive: boolean;
}

/** What can be set of DCMI. */
export class DcmiSettings {
  readonly isSupported: boolean;
  readonly assetTag: TextStore;
  readonly controllerId: TextStore;
  /** Power readings that still are to say 0 W. */
  emptyReadings: number;
  limit: PowerLimit = { action: "none", limitW: 0, correctionMs: 0, samplingSeconds: 0, isActive: false };

  constructor({ dcmi, quirks, name }: BmcDescription) {
    this.isSupported = dcmi.supported === "yes";
    this.assetTag = new TextStore(dcmi.assetTag, false);
    this.controllerId = new TextStore(dcmi.controllerId === "" ? name : dcmi.controllerId, true);
    this.emptyReadings = quirks.emptyPowerReadings;
  }
}
