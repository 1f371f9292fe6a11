import assert from "node:assert/strict";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import awsPackage from "@pulumi/aws/package.json";
import { z } from "zod";
import { run } from "../../tools/run";
import { awsStandInEnvironment, installAwsStandIn, readAwsCalls, tokenAuthFile, writeAwsAnswers } from "../support/aws";

const user = "arn:aws:sts::707930574880:assumed-role/deployer/someone";

const execCredential = z.object({
  kind: z.literal("ExecCredential"),
  apiVersion: z.literal("client.authentication.k8s.io/v1beta1"),
  status: z.object({ token: z.string(), expirationTimestamp: z.iso.datetime() }),
});

describe("the AWS stand-in", () => {
  let folder: string;
  let logFile: string;
  let environment: Record<string, string>;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "aws-stand-in-"));
    logFile = path.join(folder, "calls.jsonl");
    environment = awsStandInEnvironment({ answersFile: path.join(folder, "aws.json"), logFile, token: "a-token" });
  });

  afterEach(() => fs.rm(folder, { recursive: true, force: true }));

  const aws = (args: readonly string[], extra: NodeJS.ProcessEnv = {}) =>
    run("aws", args, { env: { ...process.env, ...environment, ...extra } });

  it("hands out the token as the AWS CLI does, and logs the command", async () => {
    const args = ["--region", "us-east-1", "eks", "get-token", "--cluster-name", "hub-prod", "--output", "json"];
    const before = Date.now();
    const { code, stdout } = await aws(args);
    assert.equal(code, 0);
    const credential = execCredential.parse(JSON.parse(stdout));
    assert.equal(credential.status.token, "a-token");
    assert.ok(Date.parse(credential.status.expirationTimestamp) > before);
    assert.deepEqual(await readAwsCalls(logFile), [{ by: "aws", argv: args }]);
  });

  const refused = [
    { args: ["eks", "list-clusters"], says: 'does not know "eks list-clusters", only "eks get-token"' },
    { args: ["eks", "get-token"], says: "needs --cluster-name" },
    { args: ["eks", "get-token", "--cluster-name", "a", "--output", "text"], says: 'prints json only, not "text"' },
    { args: ["eks", "get-token", "--bogus"], says: "Unknown option '--bogus'" },
  ];
  for (const { args, says } of refused) {
    it(`refuses aws ${args.join(" ")} with the AWS CLI's code for wrong usage`, async () => {
      const { code, stderr } = await aws(args);
      assert.equal(code, 252);
      assert.ok(stderr.includes(says), stderr);
    });
  }

  it("says what to set when there is no token to hand out", async () => {
    const { code, stderr } = await aws(["eks", "get-token", "--cluster-name", "a"], { AWS_STAND_IN_TOKEN: "" });
    assert.equal(code, 253);
    assert.match(stderr, /AWS_STAND_IN_TOKEN/);
  });

  it("reads back the calls of the provider as well, and none before the first", async () => {
    assert.deepEqual(await readAwsCalls(logFile), []);
    const call = { by: "plugin", token: "aws:eks/getCluster:getCluster", args: { name: "hub-prod" } };
    await fs.writeFile(logFile, `${JSON.stringify(call)}\n`);
    assert.deepEqual(await readAwsCalls(logFile), [call]);
  });

  it("writes the answers as the provider reads them", async () => {
    const cluster = {
      endpoint: "https://127.0.0.1:1",
      certificateAuthority: "Q0E=",
      status: "ACTIVE",
      version: "1.36",
    };
    const answers = {
      account: "707930574880",
      region: "us-east-1",
      callerArn: user,
      clusters: { "hub-prod": cluster },
    };
    const file = path.join(folder, "aws.json");
    await writeAwsAnswers(file, answers);
    assert.deepEqual(JSON.parse(await fs.readFile(file, "utf8")), answers);
  });

  it("does not replace a real AWS provider", async () => {
    const plugin = path.join(folder, "plugins", `resource-aws-v${awsPackage.version}`, "pulumi-resource-aws");
    await fs.mkdir(path.dirname(plugin), { recursive: true });
    await fs.writeFile(plugin, "the real one");
    await assert.rejects(installAwsStandIn(folder), /is a real AWS provider/);
    assert.equal(await fs.readFile(plugin, "utf8"), "the real one");
  });
});

describe("tokenAuthFile", () => {
  it("writes token, user, uid and groups, quoted", () => {
    assert.equal(tokenAuthFile("t", "me", ["one", "two"]), '"t","me","me","one,two"\n');
    assert.equal(tokenAuthFile('a"b', "me", []), '"a""b","me","me",""\n');
  });

  it("refuses what the API server would misread", () => {
    assert.throws(() => tokenAuthFile("", "me", []), /needs a token and a user/);
    assert.throws(() => tokenAuthFile("t", "me", ["one,two"]), /"one,two" holds a comma/);
  });
});
