import * as assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { kmsClient, s3Client, stsClient } from "../../../cli/aws/clients";
import { clusterCredentials, credentialsOf } from "../../../cli/aws/credentials";
import { parseStateAddress, type S3State } from "../../../cli/lib/stateAddress";
import { rememberEnvironment } from "../../support/environment";

describe("the credentials that AWS is asked with", () => {
  const region = "us-east-1";
  let folder: string;
  let restoreEnvironment: () => void;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "credentials-"));
    const file = path.join(folder, "credentials");
    const profiles = ["tb", "other"].map(
      (profile) => `[${profile}]\naws_access_key_id = ${profile}\naws_secret_access_key = secret\n`,
    );
    await writeFile(file, profiles.join("\n"));
    restoreEnvironment = rememberEnvironment();
    for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
    const variables = { AWS_SHARED_CREDENTIALS_FILE: file, AWS_CONFIG_FILE: "/dev/null", AWS_PROFILE: "tb" };
    Object.assign(process.env, variables);
  });
  afterEach(async () => {
    restoreEnvironment();
    await rm(folder, { recursive: true });
  });

  const bucket = (query: string): S3State => {
    const state = parseStateAddress(`s3://bucket?region=${region}${query}`);
    return state.kind === "s3" ? state : assert.fail("a bucket is in S3");
  };
  const clients = {
    S3: () => s3Client(bucket("")),
    KMS: () => kmsClient(region),
    STS: () => stsClient(region),
    "a cluster": () => stsClient(region, clusterCredentials({ region })),
  };

  for (const [of, client] of Object.entries(clients)) {
    it(`of ${of} are the environment's keys before AWS_PROFILE, as the engine has it`, async () => {
      assert.equal((await client().config.credentials()).accessKeyId, "tb");
      Object.assign(process.env, { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" });
      assert.equal((await client().config.credentials()).accessKeyId, "key");
    });
  }

  it("are those of the profile in the state's address before all others", async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" });
    assert.equal((await s3Client(bucket("&profile=other")).config.credentials()).accessKeyId, "other");
  });

  it("are none where the profile that is named is nobody's", async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" });
    await assert.rejects(stsClient(region, credentialsOf("nobody")).config.credentials(), {
      name: "CredentialsProviderError",
    });
  });
});
