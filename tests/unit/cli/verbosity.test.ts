import assert from "node:assert/strict";
import { checkVerbosity, verbosity } from "../../../cli/lib/verbosity";

describe("the log's level", () => {
  const written: readonly (readonly [readonly string[], number])[] = [
    [[], 0],
    [["-v=3"], 3],
    [["-v", "3"], 3],
    [["-v3"], 3],
    [["-yv=3"], 3],
    [["--verbose=3"], 3],
    [["--verbose", "3"], 3],
    [["-v=1", "-v=9"], 9],
    [["--target", "v3"], 0],
  ];
  for (const [flags, level] of written) {
    it(`is ${level} by ${flags.join(" ") || "no flag"}`, () => {
      assert.equal(verbosity(flags, {}), level);
    });
  }

  it("may come from the environment", () => {
    assert.equal(verbosity(["-v=1"], { PULUMI_OPTION_VERBOSE: "4" }), 4);
  });

  it("is refused in CI where secrets begin to show, and nowhere else", () => {
    assert.throws(() => checkVerbosity(["-v=3"], { CI: "true" }), /-v=3 would write secrets.*up to -v=2/);
    checkVerbosity(["-v=2"], { CI: "true" });
    checkVerbosity(["-v=9"], {});
    checkVerbosity(["-v=9"], { CI: "false" });
  });
});
