// Compiles the GraphQL documents from nothing. The compiler only adds to operations.json, and only what changed since
// its last run, so the file and the artifacts are removed first: the same sources then always give the same file.
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

for (const entry of readdirSync("src", { recursive: true, withFileTypes: true })) {
  if (entry.isDirectory() && entry.name === "__generated__") {
    rmSync(join(entry.parentPath, entry.name), { recursive: true, force: true });
  }
}
writeFileSync("operations.json", "{}\n");

const { status } = spawnSync("relay-compiler", { stdio: "inherit", shell: true });
process.exit(status ?? 1);
