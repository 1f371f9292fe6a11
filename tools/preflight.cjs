// Runs before anything else, so it has to be understood by every Node.js, however old: no TypeScript, no package.
const wanted = require("../package.json").engines.node;
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
  console.error(
    "Node.js " +
      wanted +
      " is needed, and this is " +
      found +
      ". Install a newer one (https://nodejs.org), then run the command again.",
  );
  process.exit(1);
}
