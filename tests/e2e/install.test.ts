import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { projectFolder } from "../../cli/lib/project";
import { type RunResult, run } from "../../tools/run";
import { createCheckout, installedHere, otherPlatform } from "../support/checkout";

const preflight = path.join(projectFolder, "tools/preflight.cjs");
describe("preflight", () => {
  let base: string;
  let root: string;
  let bin: string;
  beforeEach(() => {
    base = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "datasets-server-preflight-")));
    root = path.join(base, "checkout");
    bin = path.join(base, "bin");
    createCheckout(root, base);
    fs.mkdirSync(bin);
    npmDoes(`echo ran >> ${base}/npm.log; echo "$@" > ${base}/arguments; ${writes(installedHere)}`);
  });
  afterEach(() => fs.rmSync(base, { recursive: true }));

  /** Puts a script in npm's place. */
  function npmDoes(script: string): void {
    fs.writeFileSync(path.join(bin, "npm"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  const environment = () => ({ ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` });
  const check = (env: NodeJS.ProcessEnv = environment()): Promise<RunResult> =>
    run(process.execPath, [preflight, root], { env });
  const npmRuns = () => fs.readFileSync(path.join(base, "npm.log"), "utf8").split("\n").length - 1;
  const ready = { code: 0, stdout: "", stderr: "" };

  /** A checkout with a complete node_modules. */
  async function installed(): Promise<void> {
    assert.equal((await check()).code, 0);
    assert.deepEqual(await check(), ready);
  }

  it("installs what is missing, says so on stderr, and is silent from then on", async () => {
    const { code, stdout, stderr } = await check();
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "" });
    assert.match(stderr, /^node_modules is missing: installing 3 npm packages with: npm ci --include=dev /);
    const given = fs.readFileSync(path.join(base, "arguments"), "utf8").trim();
    assert.equal(given, "ci --include=dev --include=optional --ignore-scripts --no-audit --no-fund");
    assert.deepEqual(await check(), ready);
    assert.equal(npmRuns(), 1);
    assert.deepEqual(leftOver(root), []);
  });

  const broken: Readonly<Record<string, readonly [() => void, RegExp]>> = {
    "whose package-lock.json has changed": [
      () => fs.appendFileSync(path.join(root, "package-lock.json"), "\n"),
      /^package-lock\.json has changed: installing/,
    ],
    "that lacks one native package": [
      () => fs.rmSync(path.join(root, "node_modules/native"), { recursive: true }),
      /^node_modules lacks native: installing/,
    ],
    "where a package's folder is empty": [
      () => fs.rmSync(path.join(root, "node_modules/plain/package.json")),
      /^node_modules lacks plain: installing/,
    ],
    "of another platform": [
      () => {
        const stamp = path.join(root, "node_modules/.installed.json");
        const text = fs.readFileSync(stamp, "utf8");
        fs.writeFileSync(stamp, text.replace(/"platform":"\w+/, `"platform":"${otherPlatform}`));
      },
      new RegExp(`^node_modules is for ${otherPlatform} .*, and this is ${process.platform} .*: installing`),
    ],
    "that something else than preflight has put there": [
      () => fs.rmSync(path.join(root, "node_modules/.installed.json")),
      /^node_modules has no record of a complete install: installing/,
    ],
  };
  for (const [which, [damage, message]] of Object.entries(broken)) {
    it(`replaces a node_modules ${which}`, async () => {
      await installed();
      damage();
      fs.writeFileSync(path.join(root, "node_modules/stray"), "");
      assert.match((await check()).stderr, message);
      assert.deepEqual(await check(), ready);
      assert.equal(fs.existsSync(path.join(root, "node_modules/stray")), false);
      assert.equal(npmRuns(), 2);
    });
  }

  it("serves every version of Node.js with one install, since nothing in it is compiled", async () => {
    await installed();
    for (const version of ["20.19.0", "22.0.0", "100.1.0"]) {
      assert.deepEqual(await run(process.execPath, ["--require", pretend(base, version), preflight, root]), ready);
    }
  });

  for (const version of ["8.17.0", "18.20.8", "20.18.3"]) {
    it(`refuses Node.js ${version}, and says what to do`, async () => {
      const { code, stderr } = await run(process.execPath, ["--require", pretend(base, version), preflight, root]);
      assert.equal(code, 1);
      assert.equal(
        stderr,
        `error: Node.js >=20.19 is needed, and ${process.execPath} is ${version}\n` +
          "Next: install a newer one, from https://nodejs.org or with a version manager, then run the command again\n",
      );
    });
  }

  it("leaves node_modules as it is when npm fails, repeats npm's words, and tries again the next time", async () => {
    await installed();
    fs.appendFileSync(path.join(root, "package-lock.json"), "\n");
    npmDoes("mkdir node_modules; echo npm error code ENOTFOUND >&2; exit 7");
    for (const _ of ["first", "second"]) {
      const { code, stderr } = await check();
      assert.equal(code, 1);
      assert.match(stderr, /npm error code ENOTFOUND\nerror: npm failed \(exit code 7\).*no changes were made\nNext: /);
      assert.deepEqual(leftOver(root), []);
    }
    assert.ok(fs.existsSync(path.join(root, "node_modules/plain/package.json")));
  });

  it("does not believe npm when it succeeds and leaves something out", async () => {
    npmDoes(writes(["plain"]));
    const { code, stderr } = await check();
    assert.equal(code, 1);
    assert.match(stderr, /error: npm left out tool, native without an error; no changes were made\nNext: .*npm config/);
    assert.equal(fs.existsSync(path.join(root, "node_modules")), false);
  });

  it("names npm when there is none", async () => {
    const { code, stderr } = await check({ PATH: base });
    assert.equal(code, 1);
    assert.match(stderr, /error: npm is not on PATH\nNext: see that npm, which comes with Node\.js/);
  });

  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    it(`is repaired by the next run when ${signal} ends it`, async () => {
      const whole = fs.readFileSync(path.join(bin, "npm"), "utf8");
      npmDoes(`${writes(["plain"])}; echo started >&2; exec sleep 20`);
      const child = spawn(process.execPath, [preflight, root], {
        env: environment(),
        stdio: ["ignore", "ignore", "pipe"],
      });
      let said = "";
      for await (const chunk of child.stderr) {
        said += String(chunk);
        if (said.includes("started")) break;
      }
      const exited = once(child, "exit");
      child.kill(signal);
      const [code] = await exited;
      assert.notEqual(code, 0);
      assert.equal(fs.existsSync(path.join(root, "node_modules")), false);
      fs.writeFileSync(path.join(bin, "npm"), whole);
      await installed();
    });
  }

  it("may run several times at once", async () => {
    npmDoes(`sleep 0.2; ${writes(installedHere)}`);
    const results = await Promise.all([check(), check(), check()]);
    assert.deepEqual(
      results.map(({ code }) => code),
      [0, 0, 0],
    );
    assert.deepEqual(await check(), ready);
    assert.deepEqual(leftOver(root), []);
  });

  it("removes what a run that was killed has left, once it is an hour old", async () => {
    const [young, old] = ["young", "old"].map((name) => path.join(root, `.npm-install-${name}`));
    for (const folder of [young, old]) fs.mkdirSync(folder ?? "");
    const before = Date.now() / 1000 - 3700;
    fs.utimesSync(old ?? "", before, before);
    await installed();
    assert.deepEqual(leftOver(root), [".npm-install-young"]);
  });
});

/** A script of npm's part that writes packages. */
function writes(names: readonly string[]): string {
  return names.map((name) => `mkdir -p node_modules/${name} && echo {} > node_modules/${name}/package.json`).join("; ");
}

function leftOver(root: string): string[] {
  return fs.readdirSync(root).filter((name) => name.startsWith(".npm-install-"));
}

/** A module that makes a process take itself for another version of Node.js. */
function pretend(folder: string, version: string): string {
  const file = path.join(folder, "pretend.cjs");
  fs.writeFileSync(file, `Object.defineProperty(process.versions, "node", { value: "${version}" });\n`);
  return file;
}
