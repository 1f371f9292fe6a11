import assert from "node:assert/strict";
import { type LongFigure, withBench, withLongFigures } from "../../../bench/figures";

const report = "# Figures\n\n| what | measured | reach |\n|---|---|---|\n| a preview | 2.1 x | <= 2.0 x |\n";
const kills: LongFigure = {
  what: "kills survived",
  measured: "30 of 30",
  reach: "all",
  size: "30 kills",
  when: "2026-01-02, 0123abc",
};
const leaks: LongFigure = { ...kills, what: "leaks found", measured: "0", reach: "0" };

/** The rows of all tables, headers left out. */
function rows(results: string): string[] {
  return results.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| what"));
}

const benchRow = "| a preview | 2.1 x | <= 2.0 x |";
const killsRow = "| kills survived | 30 of 30 | all | 30 kills | 2026-01-02, 0123abc |";
const leaksRow = "| leaks found | 0 | 0 | 30 kills | 2026-01-02, 0123abc |";

describe("the file of figures", () => {
  it("gets a part for long runs below what make bench wrote", () => {
    const results = withLongFigures(report, [kills, leaks]);
    assert.ok(results.startsWith(report));
    assert.deepEqual(rows(results), [benchRow, killsRow, leaksRow]);
    assert.equal(results.match(/^## /gm)?.length, 1);
  });

  it("replaces a long run's figure by its name and leaves the others and their order as they are", () => {
    const first = withLongFigures(report, [kills, leaks]);
    const second = withLongFigures(first, [{ ...kills, measured: "29 of 30" }]);
    assert.deepEqual(rows(second), [benchRow, killsRow.replace("30 of 30", "29 of 30"), leaksRow]);
    assert.equal(withLongFigures(second, [kills]), first);
  });

  it("keeps the long runs when make bench writes its own, and again", () => {
    const another = report.replace("2.1 x", "1.9 x");
    const long = withLongFigures(report, [kills]);
    const results = withBench(long, another);
    assert.deepEqual(rows(results), [benchRow.replace("2.1 x", "1.9 x"), killsRow]);
    assert.equal(withBench(results, report), long);
  });

  it("is the report alone before any long run", () => {
    assert.equal(withBench("", report), report);
    assert.equal(withBench(report, report), report);
  });

  it("takes no text that would break its table", () => {
    for (const measured of ["1 | 2", "1\n2"]) {
      assert.throws(() => withLongFigures(report, [{ ...kills, measured }]), /a table cannot hold/);
    }
  });
});
