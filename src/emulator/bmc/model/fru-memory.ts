import { fruImage } from "../file/fru-image.ts";
import type { FruDescription } from "../file/fru-shapes.ts";

const UNIT = 8;
/** In the common header: where internal use, chassis, board, product and multi-record areas begin, in units. */
const [FIRST_AREA, LAST_AREA] = [2, 4];

/** The memory of a FRU device. What is written stays, over resets too. */
export class FruMemory {
  readonly bytes: Uint8Array;

  constructor(description: FruDescription, isDamaged: boolean) {
    this.bytes = fruImage(description);
    if (isDamaged) this.#damage();
  }

  /** Makes the checksum of the first area wrong, or of the header where there is no area. */
  #damage(): void {
    let at = UNIT - 1;
    for (let area = LAST_AREA; area >= FIRST_AREA; area--) {
      const start = (this.bytes[area] ?? 0) * UNIT;
      if (start > 0) at = start + (this.bytes[start + 1] ?? 0) * UNIT - 1;
    }
    this.bytes[at] = (this.bytes[at] ?? 0) ^ 0xff;
  }
}
