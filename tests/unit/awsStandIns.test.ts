import assert from "node:assert/strict";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import awsPackage from "@pulumi/aws/package.json";
import type { Policy } from "../../cli/access/iam";
import { installAwsStandIn } from "../support/aws";
import { errorAnswer } from "../support/aws/errors";
import { allows } from "../support/aws/policies";
import { type HttpRequest, readRequest } from "../support/aws/requests";

describe("the stand-in for the AWS provider", () => {
  it("does not take the place of a real one", async () => {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "aws-stand-in-"));
    const plugin = path.join(folder, "plugins", `resource-aws-v${awsPackage.version}`, "pulumi-resource-aws");
    await fs.mkdir(path.dirname(plugin), { recursive: true });
    await fs.writeFile(plugin, "the real one");
    await assert.rejects(installAwsStandIn(folder), /is a real AWS provider/);
    assert.equal(await fs.readFile(plugin, "utf8"), "the real one");
    await fs.rm(folder, { recursive: true });
  });
});

describe("the tests' evaluation of a policy", () => {
  const policy: Policy = {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "Find",
        Effect: "Allow",
        Action: ["eks:DescribeCluster"],
        Resource: ["arn:aws:eks:us-east-1:1:cluster/a"],
      },
      {
        Sid: "List",
        Effect: "Allow",
        Action: ["s3:List*"],
        Resource: ["arn:aws:s3:::bucket"],
        Condition: { StringLike: { "s3:prefix": ["stacks/a*"] }, StringEquals: { "s3:delimiter": "/" } },
      },
      {
        Sid: "Name",
        Effect: "Allow",
        Action: ["kms:CreateAlias"],
        Resource: ["arn:key/1"],
        Condition: { Null: { "kms:ResourceAliases": "true" } },
      },
      { Sid: "Give", Effect: "Allow", Action: ["kms:CreateAlias"], Resource: ["arn:alias/a"] },
    ],
  };
  const may = (action: string, resource: string, context = {}) => allows([policy], { action, resource, context });

  it("lets through what a statement allows, and nothing else", () => {
    assert.equal(may("eks:DescribeCluster", "arn:aws:eks:us-east-1:1:cluster/a"), true);
    assert.equal(may("eks:DescribeCluster", "arn:aws:eks:us-east-1:1:cluster/ab"), false);
    assert.equal(may("eks:ListClusters", "arn:aws:eks:us-east-1:1:cluster/a"), false);
    assert.equal(allows([], { action: "eks:DescribeCluster", resource: "*", context: {} }), false);
  });

  it("holds a statement to all of its conditions", () => {
    const list = (context: Record<string, string[]>) => may("s3:ListBucket", "arn:aws:s3:::bucket", context);
    assert.equal(list({ "s3:prefix": ["stacks/a/b"], "s3:delimiter": ["/"] }), true);
    assert.equal(list({ "s3:prefix": ["stacks/a/b"] }), false);
    assert.equal(list({ "s3:prefix": ["stacks/b"], "s3:delimiter": ["/"] }), false);
  });

  it("asks for a right to both where an action is on two resources, as on a key and the alias it is given", () => {
    const name = (alsoOn: string, aliases: readonly string[] = []) =>
      allows([policy], {
        action: "kms:CreateAlias",
        resource: "arn:key/1",
        alsoOn,
        context: { "kms:ResourceAliases": aliases },
      });
    assert.equal(name("arn:alias/a"), true);
    assert.equal(name("arn:alias/b"), false);
    assert.equal(name("arn:alias/a", ["alias/somebody"]), false);
  });
});

describe("the tests' reading of a request to AWS", () => {
  const read = (service: string, { method = "GET", target = "/", headers = {}, body = "" }) => {
    const authorization = `AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/${service}/aws4_request, Signature=x`;
    const url = new URL(target, "http://127.0.0.1");
    const request: HttpRequest = { method, url, headers: { authorization, ...headers }, body: Buffer.from(body) };
    return readRequest(request);
  };

  const examples = [
    { service: "eks", target: "/clusters/hub-prod", action: "eks:DescribeCluster", resource: "hub-prod" },
    { service: "eks", target: "/clusters", action: "eks:ListClusters", resource: "*" },
    { service: "s3", target: "/b/a%20key?x-id=GetObject", action: "s3:GetObject", resource: "arn:aws:s3:::b/a key" },
    { service: "s3", target: "/b/a/key", method: "PUT", action: "s3:PutObject", resource: "arn:aws:s3:::b/a/key" },
    { service: "s3", target: "/b?list-type=2&prefix=p", action: "s3:ListBucket", resource: "arn:aws:s3:::b" },
    { service: "s3", target: "/b?versions&prefix=p", action: "s3:ListBucketVersions", resource: "arn:aws:s3:::b" },
    { service: "s3", target: "/b/k?versionId=1", action: "s3:GetObjectVersion", resource: "arn:aws:s3:::b/k" },
    { service: "s3", target: "/b", method: "HEAD", action: "s3:ListBucket", resource: "arn:aws:s3:::b" },
    { service: "s3", target: "/b", method: "PUT", action: "s3:CreateBucket", resource: "arn:aws:s3:::b" },
    { service: "s3", target: "/b?policy", method: "PUT", action: "s3:PutBucketPolicy", resource: "arn:aws:s3:::b" },
    { service: "s3", target: "/b?encryption", action: "s3:GetEncryptionConfiguration", resource: "arn:aws:s3:::b" },
    {
      service: "sts",
      method: "POST",
      body: "Action=AssumeRole&RoleArn=arn",
      action: "sts:AssumeRole",
      resource: "arn",
    },
  ];
  for (const { action, resource, ...request } of examples) {
    it(`finds ${action} in ${request.method ?? "GET"} ${request.target ?? request.body}`, () => {
      const { accessKey, ...asked } = read(request.service, request);
      assert.deepEqual([accessKey, asked.action, asked.resource], ["AKIA", action, resource]);
    });
  }

  it("knows which key decrypts when the request does not say", () => {
    const id = "0e2a3b4c-1111-2222-3333-444455556666";
    const body = JSON.stringify({ CiphertextBlob: Buffer.from(`${id}and more`).toString("base64") });
    const { action, resource } = read("kms", { headers: { "x-amz-target": "TrentService.Decrypt" }, body });
    assert.deepEqual([action, resource], ["kms:Decrypt", id]);
  });

  it("knows the tags of a key to be made, and the name that one is given", () => {
    const readKms = (action: string, fields: object) =>
      read("kms", { headers: { "x-amz-target": `TrentService.${action}` }, body: JSON.stringify(fields) });
    const made = readKms("CreateKey", { Tags: [{ TagKey: "Project", TagValue: "p" }] });
    assert.deepEqual([made.resource, made.context], ["*", { "aws:RequestTag/Project": ["p"] }]);
    const named = readKms("CreateAlias", { TargetKeyId: "id", AliasName: "alias/a" });
    assert.deepEqual([named.resource, named.alsoOn], ["id", "alias/a"]);
  });

  it("finds who signed an address, as the tokens of EKS are", () => {
    const credential = encodeURIComponent("ASIA/20260101/us-east-1/sts/aws4_request");
    const url = new URL(`http://127.0.0.1/?Action=GetCallerIdentity&X-Amz-Credential=${credential}`);
    const { accessKey, action } = readRequest({ method: "GET", url, headers: {}, body: Buffer.alloc(0) });
    assert.deepEqual([accessKey, action], ["ASIA", "sts:GetCallerIdentity"]);
  });
});

describe("the tests' errors of AWS", () => {
  const denied = { status: 403, code: "AccessDenied", message: "no" };

  it("read as each service writes them", () => {
    assert.equal(errorAnswer("s3", denied).body, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
    assert.match(String(errorAnswer("sts", denied).body), /^<ErrorResponse><Error>.*<Code>AccessDenied<\/Code>/);
    assert.equal(errorAnswer("eks", denied).headers["x-amzn-errortype"], "AccessDenied");
  });
});
