import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./product.ts";

const shared = join(root, "..", "shared");

/** The folder of the original's board files; tests that read it say so in their name and are skipped where it is not there. */
export const originalBoardFiles = join(shared, "board-files");
export const hasOriginals = existsSync(originalBoardFiles);
