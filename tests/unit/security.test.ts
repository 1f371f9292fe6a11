import * as assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { projectFolder } from "../../cli/lib/project";

function read(file: string): string {
  return readFileSync(path.join(projectFolder, file), "utf8");
}

describe("SECURITY.md", () => {
  // Its links are titles of tests, which no checker of links follows: without this, renaming a test would break them unseen.
  it("names for each thing that stops a threat tests that there are", () => {
    const rows = read("SECURITY.md")
      .split("\n")
      .filter((line) => line.startsWith("| ") && !line.startsWith("| what stops it"));
    assert.ok(rows.length > 0);
    const broken = rows.flatMap((row) => {
      const links = [...row.matchAll(/`(tests\/[^`]+\.test\.ts)`: ((?:"[^"]+"(?:, )?)+)/g)];
      const absent = links.flatMap(([, file = "", titles = ""]) =>
        [...titles.matchAll(/"([^"]+)"/g)]
          .filter(([, title]) => !read(file).includes(`it("${title}"`))
          .map(([, title]) => `${file} has no test "${title}"`),
      );
      return links.length === 0 ? [`no test: ${row}`] : absent;
    });
    assert.deepEqual(broken, []);
  });
});
