// What `ds` starts. The compiler's settings are this project's in whatever folder the user is.
const path = require("node:path");
require("../startup.cjs");
require("ts-node").register({ transpileOnly: true, project: path.join(__dirname, "../tsconfig.json") });
require("./main.ts");
