import assert from "node:assert/strict";
import os from "node:os";
import path from "node:path";
import { parseStateAddress } from "../../../cli/lib/stateAddress";
import { stateBucket, stateUrl } from "../../../config/accounts";

describe("the state's address", () => {
  it("is the team's bucket, named in the host of requests", () => {
    const { name: bucket, region } = stateBucket;
    assert.deepEqual(parseStateAddress(stateUrl), { kind: "s3", bucket, prefix: "", region, pathStyle: false });
  });

  it("may be a folder of a bucket on another server", () => {
    const address = "s3://states/a/b?region=eu-west-1&endpoint=http://localhost:9000&profile=tb&s3ForcePathStyle=true";
    assert.deepEqual(parseStateAddress(address), {
      kind: "s3",
      bucket: "states",
      prefix: "a/b/",
      region: "eu-west-1",
      endpoint: "http://localhost:9000",
      profile: "tb",
      pathStyle: true,
    });
  });

  it("may be a folder of this machine, from the root, the home folder or here", () => {
    const folderOf = (address: string) => parseStateAddress(address);
    assert.deepEqual(folderOf("file:///a/b%20c?metadata=skip"), { kind: "file", folder: "/a/b c" });
    assert.deepEqual(folderOf("file://~"), { kind: "file", folder: os.homedir() });
    assert.deepEqual(folderOf("file://~/states"), { kind: "file", folder: path.join(os.homedir(), "states") });
    assert.deepEqual(folderOf("file://states"), { kind: "file", folder: path.resolve("states") });
  });

  it("is refused when it is of another kind, saying what to do", () => {
    assert.throws(() => parseStateAddress("https://api.pulumi.com"), /s3:\/\/ and file:\/\/ only\nNext: unset/);
  });
});
