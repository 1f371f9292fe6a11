import * as assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { secretsChecksum } from "../../../../components/foundation/secrets";

/** The checksum for one token and key, and whether the engine would hide it. */
async function checksum(token: string, key = "key"): Promise<{ value: string; isSecret: boolean }> {
  const output = secretsChecksum(["hfToken"], { hfToken: pulumi.secret(token) }, pulumi.secret(key));
  const value = await new Promise<string>((resolve) => output.apply(resolve));
  return { value, isSecret: await pulumi.isSecret(output) };
}

describe("the checksum that rolls pods when a secret changes", () => {
  before(() =>
    pulumi.runtime.setMocks({
      newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
      call: ({ token }) => assert.fail(`asked ${token}`),
    }),
  );

  it("changes with the secret, and only with it", async () => {
    const [first, again, other] = await Promise.all([checksum("token"), checksum("token"), checksum("other")]);
    assert.equal(first.value, again.value);
    assert.notEqual(first.value, other.value);
  });

  it("cannot be computed from a guessed secret without the key", async () => {
    assert.notEqual((await checksum("token", "key")).value, (await checksum("token", "another key")).value);
  });

  it("shows nothing of the secret, and so is shown in diffs", async () => {
    const { value, isSecret } = await checksum("token");
    assert.match(value, /^[0-9a-f]{32}$/);
    assert.equal(isSecret, false);
  });
});
