// Leaves a .gz beside every file that gains from it; the server sends these to browsers that take them.
//   node tools/compress.mjs FOLDER

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";

const gains = /\.(?:js|css|html|svg|json)$/;

for (const entry of readdirSync(process.argv[2], { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !gains.test(entry.name)) continue;
  const file = join(entry.parentPath, entry.name);
  const whole = readFileSync(file);
  const packed = gzipSync(whole, { level: constants.Z_BEST_COMPRESSION });
  if (packed.length < whole.length * 0.9) writeFileSync(`${file}.gz`, packed);
}
