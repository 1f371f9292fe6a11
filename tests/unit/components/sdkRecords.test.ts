import * as assert from "node:assert/strict";
import * as log from "@pulumi/pulumi/log";
import { leaveOutSdkRecords } from "../../../components/sdkRecords";

describe("stack traces, once the SDK's records are left out", () => {
  const { prepareStackTrace } = Error;
  const { debug } = log;

  before(leaveOutSdkRecords);
  after(() => {
    Error.prepareStackTrace = prepareStackTrace;
    Object.assign(log, { debug });
  });

  it("are those of errors that say something", () => {
    const { stack } = new TypeError("x is undefined");
    assert.match(stack ?? "", /^TypeError: x is undefined\n {4}at .*sdkRecords\.test\.ts:\d+/);
    assert.equal(new Error().stack, "");
  });
});
