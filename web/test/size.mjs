// The gate of the page's size: all files of dist/ together, gzipped. Usage: node test/size.mjs [DIST]
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const bytesMax = 300_000;
const dist = process.argv[2] ?? new URL("../dist", import.meta.url).pathname;
let total = 0;
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  total += gzipSync(readFileSync(join(entry.path, entry.name))).length;
}
console.log(`the page is ${total} bytes gzipped, at most ${bytesMax} are allowed`);
process.exit(total <= bytesMax ? 0 : 1);
