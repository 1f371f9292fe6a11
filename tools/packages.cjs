// Keeps node_modules what package-lock.json says. Runs before there are packages, so it uses none.
const { spawn } = require("node:child_process");
const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

/** In node_modules, so that it goes with it, and written last: without it a folder is not taken for an installed one. */
const stampName = ".installed.json";

/** Where npm writes, until all is there; in the checkout, so that a rename can put it into its place. Git ignores it. */
const partPrefix = ".npm-install-";

/** No install takes as long, so that a folder which is older is left over; milliseconds. */
const partMaxAge = 3600 * 1000;

// The user's settings of npm and NODE_ENV may leave out what a run needs. No package here needs its install script.
const npmArguments = "ci --include=dev --include=optional --ignore-scripts --no-audit --no-fund".split(" ");

function readJson(file) {
  return JSON.parse(fs.readFileSync(file, "utf8"));
}

/** Returns the C library of a Linux by npm's name for it; undefined elsewhere. */
function libcHere() {
  if (process.platform !== "linux") return undefined;
  // Else the report looks up the names of all open connections.
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime ? "glibc" : "musl";
}

/**
 * Returns what packages are chosen by. The version of Node.js is not part of it: no install script runs, so nothing is compiled
 * or downloaded for one version, and one node_modules serves all.
 */
function platformHere() {
  return [process.platform, process.arch, libcHere()].filter(Boolean).join(" ");
}

/** Returns whether a package's `os`, `cpu` or `libc` takes a value, as npm reads such a list. */
function takes(list, value) {
  if (list === undefined || value === undefined) return true;
  const refused = list.filter((entry) => entry[0] === "!").map((entry) => entry.slice(1));
  const taken = list.filter((entry) => entry[0] !== "!");
  return !refused.includes(value) && (taken.length === 0 || taken.includes(value) || taken.includes("any"));
}

/** Returns the folders of all packages that package-lock.json has for this platform, relative to the checkout. */
function packageFolders(lock) {
  const libc = libcHere();
  return Object.keys(lock.packages).filter((folder) => {
    const { os, cpu, libc: library } = lock.packages[folder];
    return folder !== "" && takes(os, process.platform) && takes(cpu, process.arch) && takes(library, libc);
  });
}

function readLock(root) {
  const text = fs.readFileSync(path.join(root, "package-lock.json"));
  return { hash: crypto.createHash("sha256").update(text).digest("hex"), folders: packageFolders(JSON.parse(text)) };
}

function readStamp(root) {
  try {
    return readJson(path.join(root, "node_modules", stampName));
  } catch {
    return undefined;
  }
}

function missingFolders(root, lock) {
  return lock.folders.filter((folder) => !fs.existsSync(path.join(root, folder, "package.json")));
}

/** Returns package names in words, the first three of them. */
function named(folders) {
  const names = folders.map((folder) => folder.replace(/^node_modules\//, ""));
  return names.slice(0, 3).join(", ") + (names.length > 3 ? ` and ${names.length - 3} more` : "");
}

/** Returns why node_modules is not what package-lock.json asks for on this platform; undefined when it is. */
function installProblem(root, lock) {
  if (!fs.existsSync(path.join(root, "node_modules"))) return "node_modules is missing";
  const stamp = readStamp(root);
  if (stamp === undefined) return "node_modules has no record of a complete install";
  const platform = platformHere();
  if (stamp.platform !== platform) return `node_modules is for ${stamp.platform}, and this is ${platform}`;
  if (stamp.lockfile !== lock.hash) return "package-lock.json has changed";
  const missing = missingFolders(root, lock);
  return missing.length === 0 ? undefined : `node_modules lacks ${named(missing)}`;
}

/** What the user can do something about. */
class UserError extends Error {
  constructor(message, next) {
    super(`${message}\nNext: ${next}`);
  }
}

/** Runs npm in a folder, until it has succeeded. What it prints goes to stderr: stdout belongs to the command. */
function runNpm(folder, signal) {
  return new Promise((resolve, reject) => {
    const child = spawn("npm", npmArguments, { cwd: folder, stdio: ["ignore", 2, 2], signal });
    child.on("error", (error) => {
      // Ended by us: it still has to exit.
      if (error.name === "AbortError") return;
      const next =
        "see that npm, which comes with Node.js (https://nodejs.org), is on PATH, then run the command again";
      reject(
        new UserError(error.code === "ENOENT" ? "npm is not on PATH" : `npm did not start (${error.message})`, next),
      );
    });
    child.on("exit", (code, ended) => {
      if (code === 0) return resolve();
      const how = ended ?? `exit code ${code}`;
      const next =
        "if it could not reach the registry, see what `npm ping` says; behind a proxy, set HTTPS_PROXY. Then run the command again";
      return reject(new UserError(`npm failed (${how}); its own words are above, and no changes were made`, next));
    });
  });
}

/** Puts a complete node_modules in the place of the one in the checkout, unless another process has just done so. */
function putInPlace(part, root, lock) {
  const target = path.join(root, "node_modules");
  for (let turn = 0; ; turn += 1) {
    try {
      return fs.renameSync(path.join(part, "node_modules"), target);
    } catch (error) {
      if (installProblem(root, lock) === undefined) return undefined;
      if (turn === 5) throw error;
    }
    try {
      fs.renameSync(target, path.join(part, `replaced-${turn}`));
    } catch (error) {
      if (error.code === "EBUSY") return fill(target, path.join(part, "node_modules"));
      if (error.code !== "ENOENT") throw error;
    }
  }
}

/** Copies a complete node_modules into a folder that a rename cannot replace: a mounted volume, as containers have. */
function fill(target, source) {
  remove(path.join(target, stampName));
  for (const name of fs.readdirSync(target)) remove(path.join(target, name));
  const isStamp = (file) => path.dirname(file) === source && path.basename(file) === stampName;
  fs.cpSync(source, target, { recursive: true, verbatimSymlinks: true, filter: (file) => !isStamp(file) });
  fs.copyFileSync(path.join(source, stampName), path.join(target, stampName));
}

function removeLeftOver(root) {
  for (const name of fs.readdirSync(root).filter((entry) => entry.startsWith(partPrefix))) {
    const folder = path.join(root, name);
    const age = Date.now() - (fs.statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY);
    if (age > partMaxAge) remove(folder);
  }
}

function remove(folder) {
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/**
 * Installs all packages beside node_modules, then swaps the two. So it does not matter whether it is interrupted, or runs twice
 * at once: node_modules is always a whole one, the last or the new.
 */
async function install(root, lock) {
  removeLeftOver(root);
  const part = fs.mkdtempSync(path.join(root, partPrefix));
  const npm = new AbortController();
  const interrupted = (_signal, number) => {
    process.exitCode = 128 + number;
    npm.abort();
  };
  process.on("SIGINT", interrupted).on("SIGTERM", interrupted);
  try {
    for (const name of ["package.json", "package-lock.json", ".npmrc"]) {
      const source = path.join(root, name);
      if (fs.existsSync(source)) fs.copyFileSync(source, path.join(part, name));
    }
    await runNpm(part, npm.signal);
    const missing = missingFolders(part, lock);
    if (missing.length > 0) {
      throw new UserError(
        `npm left out ${named(missing)} without an error; no changes were made`,
        "run the command again; if it stays so, look for the setting that leaves them out: npm config ls -l",
      );
    }
    const stamp = { lockfile: lock.hash, platform: platformHere() };
    fs.writeFileSync(path.join(part, "node_modules", stampName), `${JSON.stringify(stamp)}\n`);
    putInPlace(part, root, lock);
  } finally {
    remove(part);
  }
}

/** Installs the packages of a checkout unless they are there. What goes wrong is printed, and becomes exit code 1. */
exports.ensurePackages = async (root) => {
  try {
    const lock = readLock(root);
    const problem = installProblem(root, lock);
    if (problem === undefined) return;
    console.error(`${problem}: installing ${lock.folders.length} npm packages with: npm ${npmArguments.join(" ")}`);
    await install(root, lock);
  } catch (error) {
    console.error(error instanceof UserError ? `error: ${error.message}` : error);
    process.exitCode ??= 1;
  }
};
