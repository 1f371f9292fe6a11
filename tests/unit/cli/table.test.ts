import assert from "node:assert/strict";
import { table } from "../../../cli/lib/table";

const head = ["workload", "ready", "image"];
const rows = [
  ["api", "2/2", "registry.example/datasets-server-api:sha-abc1234"],
  ["search", "1/2", "two words and some more"],
];

describe("a table", () => {
  it("has a line for its head and for each row, and nothing between and around", () => {
    assert.deepEqual(table(head, rows).split("\n"), [
      "workload  ready  image",
      "api       2/2    registry.example/datasets-server-api:sha-abc1234",
      "search    1/2    two words and some more",
    ]);
  });

  it("fits into a terminal: words are wrapped, longer ones cut", () => {
    assert.deepEqual(table(head, rows, 32).split("\n"), [
      "workload  ready  image",
      "api       2/2    registry.examp…",
      "search    1/2    two words and",
      "                 some more",
    ]);
  });

  it("keeps the lines of a cell", () => {
    assert.deepEqual(table(["a", "b"], [["x", "one\ntwo"]]).split("\n"), ["a  b", "x  one", "   two"]);
  });
});
