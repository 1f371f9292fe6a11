import * as assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { projectFolder } from "../../../cli/lib/project";
import { differencesDocument } from "../../support/parity";

/** What docs/differences.md says of one weakness of the chart. */
interface Row {
  readonly number: number;
  readonly now: string;
  readonly how: string;
  readonly tests: readonly string[];
}

const rows: Row[] = [...differencesDocument().matchAll(/^\| (\d+) \| .+? \| (\w+) \| (.+?) \| (.*?) \|$/gm)].map(
  ([, number, now = "", how = "", proof = ""]) => ({
    number: Number(number),
    now,
    how,
    tests: [...proof.matchAll(/`([^`]+)`/g)].flatMap(([, file]) => file ?? []),
  }),
);

describe("the chart's weaknesses in docs/differences.md", () => {
  it("are all 28, once each", () => {
    const all = Array.from({ length: 28 }, (_, index) => index + 1);
    assert.deepEqual(
      rows.map(({ number }) => number),
      all,
    );
  });

  for (const { number, now, how, tests } of rows) {
    it(`${number} is cured, partly or not, with a reason and tests that exist`, () => {
      assert.match(now, /^(cured|partly|kept)$/);
      assert.ok(how.length > 20, `"${how}" is no reason`);
      assert.ok(tests.length > 0 || now === "kept", "what is cured must be proven");
      for (const file of tests) {
        const text = readFileSync(path.join(projectFolder, file), "utf8");
        assert.match(text, /\bit\(/, `${file} holds no test`);
      }
    });
  }
});
