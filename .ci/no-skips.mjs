// Fails where a test was skipped. Tests that read files from outside the project say so in their name; where those files are not there,
// nothing can install them, and they alone may be missing.
import { existsSync, readFileSync } from "node:fs";

const report = readFileSync(process.argv[2], "utf8");
const attribute = (tag, name) => new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? "";
const skipped = report
  .split("<testcase ")
  .slice(1)
  .filter((testcase) => testcase.split("</testcase>")[0].includes("<skipped"))
  .map((testcase) => `${attribute(testcase, "file")}: ${attribute(testcase, "name")}`);
const mayBeMissing = (name) => name.includes("../shared") && !existsSync("../shared");
const wrong = skipped.filter((name) => !mayBeMissing(name));
const count = report.split("<testcase ").length - 1;

if (count === 0) {
  console.error(`no-skips: the report names no test at all`);
  process.exit(1);
}
for (const name of wrong) console.error(`skipped: ${name}`);
console.log(`no-skips: ${count} tests, ${skipped.length} skipped, ${wrong.length} of them without leave`);
process.exit(wrong.length === 0 ? 0 : 1);
