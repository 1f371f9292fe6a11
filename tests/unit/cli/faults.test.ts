import assert from "node:assert/strict";
import { explaining } from "../../../cli/aws/faults";

function fails(name: string, message: string): Promise<never> {
  return explaining("read it", () => Promise.reject(Object.assign(new Error(message), { name })));
}

describe("an error of AWS", () => {
  it("is told with what could not be done, why, and what to do", async () => {
    await assert.rejects(
      fails("ExpiredToken", "The provided token has expired."),
      /^cannot read it: the AWS credentials have expired \(The provided token has expired\.\)\nNext: sign in/,
    );
  });

  it("is known by its code when the network made it", async () => {
    const refused = Object.assign(new Error(""), { code: "ECONNREFUSED" });
    await assert.rejects(
      explaining("read it", () => Promise.reject(refused)),
      /^cannot read it: AWS does not answer\nNext: see whether this machine reaches AWS/,
    );
  });

  it("is told in its own words when it is not known", async () => {
    await assert.rejects(fails("SlowDown", "Please reduce your request rate."), {
      message: "cannot read it: Please reduce your request rate.",
    });
  });
});
