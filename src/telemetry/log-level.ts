/** How severe a line is, from the least severe to the most. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

const levels: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal"];
const BEFORE_LEVEL = '{"level":"'.length;

/** The level of a line of the log as JSON, which is the first thing that it says. */
export const levelOf = (line: string): LogLevel =>
  levels.find((level) => line.startsWith(level, BEFORE_LEVEL)) ?? "info";
