const fs = require("node:fs");
const path = require("node:path");
const { create } = require("ts-node");

// The engine starts a pack in a folder of its own choice; versions and compiler options are this checkout's.
process.chdir(path.join(__dirname, ".."));
const compiler = create({ transpileOnly: true, cwd: process.cwd() });
// In place of the engine's own handler, which would check types for seconds, and by other options than ours.
require.extensions[".ts"] = (module, file) => {
  module._compile(compiler.compile(fs.readFileSync(file, "utf8"), file), file);
};
require("./pack");
