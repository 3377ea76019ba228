/** Shortens the tables of settings. */
import { Type } from "@sinclair/typebox";

/** An integer from `minimum` to `maximum`. */
export const integer = (minimum: number, maximum: number, preset: number, description: string) =>
  Type.Integer({ minimum, maximum, default: preset, description });

/** True or false. */
export const flag = (preset: boolean, description: string) => Type.Boolean({ default: preset, description });

/** A text, or null where there is none. `expected` says in words what it is. */
export const optionalText = (expected: string, description: string, pattern = "^.") =>
  Type.Union([Type.String({ pattern }), Type.Null()], {
    default: null,
    description,
    expected: `${expected}, or null`,
  });
