import { encodeFru, fruText } from "../../../ipmi-js/fru/encode-fru.ts";
import type { FruContents } from "../../../ipmi-js/fru/inventory.ts";
import type { FruDescription } from "./fru-shapes.ts";

const field = (text: string) => (text === "" ? undefined : fruText(text));
const fields = (texts: readonly string[]) => texts.map((text) => fruText(text));

function contentsOf({ chassis, board, product, records }: FruDescription): FruContents {
  return {
    internalUse: undefined,
    chassis: chassis && {
      type: chassis.type,
      partNumber: field(chassis.partNumber),
      serialNumber: field(chassis.serialNumber),
      custom: fields(chassis.custom),
    },
    board: board && {
      language: 0,
      manufacturedAt: board.manufactured === undefined ? undefined : new Date(board.manufactured),
      manufacturer: field(board.manufacturer),
      productName: field(board.productName),
      serialNumber: field(board.serialNumber),
      partNumber: field(board.partNumber),
      fileId: field(board.fruFileId),
      custom: fields(board.custom),
    },
    product: product && {
      language: 0,
      manufacturer: field(product.manufacturer),
      productName: field(product.productName),
      partNumber: field(product.partNumber),
      version: field(product.version),
      serialNumber: field(product.serialNumber),
      assetTag: field(product.assetTag),
      fileId: field(product.fruFileId),
      custom: fields(product.custom),
    },
    records: records.map(({ type: recordType, data }) => ({ kind: "raw", recordType, data })),
  };
}

/** What a FRU device's memory holds at the start. @throws RangeError for contents that have no room in it */
export function fruImage(description: FruDescription): Uint8Array {
  const image = description.image ?? encodeFru(contentsOf(description));
  if (image.length > description.size)
    throw new RangeError(`its contents take ${image.length} bytes, of which its memory has ${description.size}`);
  const memory = new Uint8Array(description.size);
  memory.set(image);
  return memory;
}
