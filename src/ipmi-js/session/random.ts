import { randomBytes } from "node:crypto";
import { u32 } from "../bytes/layout.ts";

/** Where session ids, random numbers and initialization vectors come from: that many bytes that nobody can foretell. */
export type RandomSource = (size: number) => Uint8Array;

export const systemRandom: RandomSource = (size) => randomBytes(size);

const number = u32(0);

/** A session id: any number but 0. */
export const randomSessionId = (random: RandomSource): number => number.read(random(4)) || 1;
