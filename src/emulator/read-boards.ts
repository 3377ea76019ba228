import type { Board } from "./board.ts";
import type { Place } from "../lib/place.ts";
import { readDevices } from "./read-devices.ts";
import { readId, readRawBytes, readRawBytesOrNull, readText } from "./read-values.ts";
import { silence, type Response } from "./response.ts";

const BOARD_ID_BYTES = 4;

/** Reads `boards`. */
export function readBoards(place: Place): Board[] | undefined {
  const taken = new Map<number, string>();
  return place.list("an array of boards", (board) => readBoard(board, taken));
}

function readBoard(place: Place, taken: Map<number, string>): Board | undefined {
  if (!place.isObject('a board: an object with "board_id"')) return undefined;
  const id = place.required("board_id", "a string of 8 hex digits", (named) => {
    const number = readId(named, BOARD_ID_BYTES, taken);
    return number === undefined ? undefined : { number, spelled: String(named.value) };
  });
  const firmwareVersion = place.optional("firmware_version", readFirmwareVersion);
  const retryFirmwareVersions = place.optional("retry_firmware_version", readRetryFrames);
  const devices = place.optional("devices", readDevices);
  const scans = place.optional("raw_data", (list) =>
    list.list("an array with one entry for each scan", (entry) =>
      entry.value === null ? null : entry.list("an array of frames, or null", readRawBytes),
    ),
  );
  const retryScans = place.optional("retry_raw_data", readRetryFrames);
  return (
    id && {
      id: id.number,
      spelledId: id.spelled,
      firmwareVersion: firmwareVersion ?? silence,
      retryFirmwareVersions: retryFirmwareVersions ?? [],
      devices: devices ?? [],
      ...(scans && { scans }),
      retryScans: retryScans ?? [],
    }
  );
}

function readFirmwareVersion(place: Place): Response | undefined {
  if (typeof place.value === "string") return readText(place, place.value);
  if (!Array.isArray(place.value)) return place.refuse("a string or an array of raw bytes");
  const bytes = readRawBytes(place);
  return bytes && { kind: "raw", bytes };
}

const readRetryFrames = (place: Place) =>
  place.list("an array with one entry for each retry frame", readRawBytesOrNull);
