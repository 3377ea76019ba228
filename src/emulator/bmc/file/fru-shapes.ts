import { entity } from "./sensor-shapes.ts";
import { moment } from "./spellings.ts";
import { hexBytes, integer, list, object, optional, required, text, withDefault, type Shaped } from "./shape.ts";

/** Characters of a FRU field: the length has six bits. @see Platform Management FRU Information Storage Definition, section 13 */
const field = withDefault(text(63), "");
const custom = withDefault(list(text(63), "an array of texts"), []);

const chassisInfo = object("an object with the fields of a chassis", {
  /** SMBIOS chassis type: 17h is a rack mount. */
  type: withDefault(integer(0, 255), 0x17),
  part_number: field,
  serial_number: field,
  custom,
});

const boardInfo = object("an object with the fields of a board", {
  manufactured: optional(moment),
  manufacturer: field,
  product_name: field,
  serial_number: field,
  part_number: field,
  fru_file_id: field,
  custom,
});

const productInfo = object("an object with the fields of a product", {
  manufacturer: field,
  product_name: field,
  part_number: field,
  version: field,
  serial_number: field,
  asset_tag: field,
  fru_file_id: field,
  custom,
});

const recordShape = object('a record: an object with "type" and "data"', {
  type: required(integer(0, 255)),
  data: required(hexBytes(0, 255)),
});

export const fruShape = object('a FRU: an object with "id" and "name"', {
  id: required(integer(0, 254)),
  name: required(text(16, 1)),
  entity: withDefault(entity, { id: 7, instance: 1 }),
  /** Bytes of the memory that holds it. */
  size: withDefault(integer(64, 4096), 256),
  chassis: optional(chassisInfo),
  board: optional(boardInfo),
  product: optional(productInfo),
  /** Multi-records, in this order. */
  records: withDefault(list(recordShape, "an array of records"), []),
  /** In place of the areas: the memory's content. */
  image: optional(hexBytes(8, 4096)),
});

/** What a FRU device says about a part. */
export type FruDescription = Shaped<typeof fruShape>;
