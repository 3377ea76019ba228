import simpleRack from "../../config/simple.json" with { type: "text" };

const text: unknown = simpleRack;

/** The text of the board file that is built into the program, `config/simple.json`. */
export const builtInBoardFile: string = typeof text === "string" ? text : JSON.stringify(text);

/** What messages call it. */
export const builtInBoardFileName = "the built-in board file";
