// Loaded into every Node.js process of a measured run: each notes its own peak memory (KiB) when it ends.
const { appendFileSync } = require("node:fs");

process.on("exit", () => {
  const { maxRSS } = process.resourceUsage();
  appendFileSync(process.env.DATASETS_SERVER_PEAK_MEMORY_FILE, `${JSON.stringify({ argv: process.argv, maxRSS })}\n`);
});
