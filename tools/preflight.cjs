// Makes a checkout ready to run: a Node.js that is new enough, and exactly the npm packages of package-lock.json. Exit code 0
// means ready, and it is silent when there was nothing to do. It runs before anything else, so every Node.js, however old, has
// to understand this file: no TypeScript, no package, no new syntax.
//
//   node tools/preflight.cjs [FOLDER]    FOLDER: the checkout; default: the one that this file is in
// biome-ignore lint/style/useNodejsImportProtocol: old versions do not know it
const path = require("path");

const root = path.resolve(process.argv[2] || path.join(__dirname, ".."));
const wanted = require(path.join(root, "package.json")).engines.node;
const found = process.versions.node;

function numbers(version) {
  return version
    .replace(/^[^0-9]*/, "")
    .split(".")
    .map(Number);
}

function isOlder(left, right) {
  return left[0] !== right[0] ? left[0] < right[0] : left[1] < (right[1] || 0);
}

if (isOlder(numbers(found), numbers(wanted))) {
  console.error(`error: Node.js ${wanted} is needed, and ${process.execPath} is ${found}
Next: install a newer one, from https://nodejs.org or with a version manager, then run the command again`);
  process.exit(1);
}

require("./packages.cjs").ensurePackages(root);
