import assert from "node:assert/strict";
import { projectFolder } from "../../cli/lib/project";
import { run } from "../../tools/run";

/** What make would run, or why it does not. */
async function make(...args: readonly string[]): Promise<{ code: number; says: string }> {
  // What an outer make handed over, as when `make unit` runs this test, is not for the one under test.
  const { MAKEFLAGS: _flags, MFLAGS: _more, MAKELEVEL: _level, MAKEOVERRIDES: _variables, ...env } = process.env;
  const { code, stdout, stderr } = await run("make", ["--dry-run", ...args], { cwd: projectFolder, env });
  return { code, says: stdout + stderr };
}

describe("the Makefile", () => {
  for (const variable of ["STACK=prod", "stack=prod", "YES=0", "DRYRUN=1", "REFESH=1"]) {
    it(`refuses ${variable}, which it does not know, and lists what it does`, async () => {
      const { code, says } = await make("up", variable);
      assert.equal(code, 2);
      const [name = ""] = variable.split("=");
      assert.match(says, new RegExp(`there is no variable ${name}; allowed: REFRESH FRESH `));
      assert.doesNotMatch(says, /^\.\/ds/m);
    });
  }

  for (const [value, command] of [
    ["1", "./ds up --refresh"],
    ["yes", "./ds up --refresh"],
    ["true", "./ds up --refresh"],
    ["0", "./ds up"],
    ["no", "./ds up"],
    ["false", "./ds up"],
    ["", "./ds up"],
  ] as const) {
    it(`takes REFRESH=${value} for ${command}`, async () => {
      assert.equal((await make("up", `REFRESH=${value}`)).says.trim(), command);
    });
  }

  it("refuses a switch that is neither on nor off", async () => {
    const { code, says } = await make("test-long", "FRESH=perhaps");
    assert.equal(code, 2);
    assert.match(says, /FRESH=perhaps is neither on nor off; allowed: 1, yes, true, 0, no, false/);
  });

  it("hands the variables it knows to what it runs", async () => {
    const { code, says } = await make("test-long", "KILLS=3", "SEED=7", "FRESH=1");
    assert.equal(code, 0, says);
    assert.match(says, /discard\.ts\n/);
  });

  for (const [target, command] of [
    ["deploy", "./ds deploy STACK"],
    ["preview", "./ds preview STACK"],
    ["state-restore", "./ds restore STACK"],
    ["pr-up", "./ds pr up N --image TAG"],
    ["pr-sweep", "./ds pr sweep"],
    ["review-post", "./ds review post --pr N --comment FILE"],
    ["shell", "./ds shell"],
  ] as const) {
    it(`says what make ${target} has become`, async () => {
      assert.match((await make(target)).says, new RegExp(`make ${target} is now: ${command.replaceAll(".", "\\.")}"`));
    });
  }
});
