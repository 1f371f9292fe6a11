import assert from "node:assert/strict";
import { ended } from "../../../cli/engine";

describe("a command of the engine that fails", () => {
  it("is named with its exit code, as its own words are on the terminal", () => {
    const { message } = ended(["up", "--stack", "prod", "--yes"], 255);
    assert.equal(message, "pulumi up ended with exit code 255; what it said is above");
  });

  for (const [stack, command] of [
    ["prod", "ds bootstrap prod"],
    ["local", "ds up"],
  ] as const) {
    it(`says that ${command} makes stack ${stack}, where there is none`, () => {
      assert.match(
        ended(["preview", "--stack", stack, "--diff"], 6).message,
        new RegExp(`\\nNext: ${command}, which makes`),
      );
    });
  }
});
