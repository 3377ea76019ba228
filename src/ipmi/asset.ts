import { chassisTypeName, type FruField, type FruInventory, type FruProblem } from "ipmi-js";
import type { FruAsset } from "./bmc.ts";

/** The fields that have a text, by their names in API 1.2; undefined where none has. */
function groupOf(fields: Readonly<Record<string, FruField | undefined>>): Readonly<Record<string, string>> | undefined {
  const texts = Object.entries(fields).flatMap(([name, field]) => (field ? [[name, field.text] as const] : []));
  return texts.length === 0 ? undefined : Object.fromEntries(texts);
}

/** What a FRU says, in the words of API 1.2. @see BMC bridge specification, "asset" */
export function assetOf({ board, chassis, product }: FruInventory): FruAsset {
  const boardInfo =
    board &&
    groupOf({
      manufacturer: board.manufacturer,
      part_number: board.partNumber,
      product_name: board.productName,
      serial_number: board.serialNumber,
    });
  const productInfo =
    product &&
    groupOf({
      asset_tag: product.assetTag,
      manufacturer: product.manufacturer,
      part_number: product.partNumber,
      product_name: product.productName,
      serial_number: product.serialNumber,
      version: product.version,
    });
  return {
    ...(boardInfo && { board: boardInfo }),
    ...(chassis && {
      chassis: {
        chassis_type: chassisTypeName(chassis.type),
        ...groupOf({ part_number: chassis.partNumber, serial_number: chassis.serialNumber }),
      },
    }),
    ...(productInfo && { product: productInfo }),
  };
}

/** `FRU 0, board area, byte 71: checksum: expected 3Ah, found 00h` */
export const sentenceOf = ({ area, offset, what, expected, found }: FruProblem): string =>
  `FRU 0, ${area} area, byte ${offset}: ${what}: expected ${expected}, found ${found}`;
