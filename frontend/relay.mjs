// Compiles the GraphQL documents from nothing. The compiler only adds to operations.json, and only what changed since
// its last run, so the file and the artifacts are removed first: the same sources then always give the same file.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

for (const entry of readdirSync("src", { recursive: true, withFileTypes: true })) {
  if (entry.isDirectory() && entry.name === "__generated__") {
    rmSync(join(entry.parentPath, entry.name), { recursive: true, force: true });
  }
}
const before = readFileSync("operations.json");
writeFileSync("operations.json", "{}\n");

const { status } = spawnSync("relay-compiler", { stdio: "inherit", shell: true });
// What the gateway accepts must not become nothing because a document has a mistake in it.
if (status !== 0) writeFileSync("operations.json", before);
process.exit(status ?? 1);
