import * as assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { projectFolder } from "../../cli/project";

const text = readFileSync(path.join(projectFolder, "SECURITY.md"), "utf8");

/** The rows of SECURITY.md by their threats: what stops it, and what shows that. */
const threats = text
  .split(/^## /m)
  .slice(1)
  .map((section) => {
    const [title = "", ...lines] = section.split("\n");
    const rows = lines.filter((line) => line.startsWith("| ")).slice(1);
    return { title, rows: rows.map((row) => row.split(" | ")) };
  });

describe("SECURITY.md", () => {
  it("is about the five threats, and each has something that stops it", () => {
    assert.deepEqual(
      threats.map(({ title }) => title),
      ["A hostile pull request", "A leaked CI role", "A compromised worker", "A wrong cluster", "A lost laptop"],
    );
    for (const { title, rows } of threats) assert.ok(rows.length > 0, title);
  });

  for (const { title, rows } of threats) {
    for (const [what = "", shownBy = ""] of rows) {
      it(`names tests that there are for ${title.toLowerCase()}: ${what.replace(/^\| /, "")}`, () => {
        const files = [...shownBy.matchAll(/`(tests\/[^`]+\.test\.ts)`: ((?:"[^"]+"(?:, )?)+)/g)];
        assert.ok(files.length > 0, "it names no test");
        for (const [, file = "", titles = ""] of files) {
          const tests = readFileSync(path.join(projectFolder, file), "utf8");
          for (const [, named = ""] of titles.matchAll(/"([^"]+)"/g)) {
            assert.ok(tests.includes(`it("${named}"`), `${file} has no test called ${named}`);
          }
        }
      });
    }
  }
});
