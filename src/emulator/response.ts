import { encodeFrame, NO_DEVICE, NO_DEVICE_TYPE } from "../bus/frame.ts";
import { resolveRawBytes, type RawBytes } from "./raw-bytes.ts";

/** What a board file says is to be answered. */
export type Response =
  /** A well-formed reply with this text, one byte a character (U+0000 … U+00FF). */
  | { readonly kind: "text"; readonly text: string }
  /** These bytes, as they stand. */
  | { readonly kind: "raw"; readonly bytes: RawBytes }
  | { readonly kind: "silence" };

export const silence: Response = { kind: "silence" };

/** Board id of replies in which the device bus leaves it open. */
const NO_BOARD = 0;

/** The wire bytes of a reply to a command with this sequence number: none for silence, else one array. */
export function encodeResponse(response: Response | undefined, sequence: number): Uint8Array[] {
  if (response === undefined || response.kind === "silence") return [];
  if (response.kind === "raw") return [resolveRawBytes(response.bytes, sequence)];
  const data = Uint8Array.from(response.text, (character) => character.charCodeAt(0));
  return [encodeFrame({ sequence, deviceType: NO_DEVICE_TYPE, boardId: NO_BOARD, deviceId: NO_DEVICE, data })];
}
