import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  GetKeyRotationStatusCommand,
  type KMSClient,
  ListKeysCommand,
} from "@aws-sdk/client-kms";
import {
  GetBucketEncryptionCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { z } from "zod";
import { clusterAccess } from "../../cli/access/clusters";
import { kmsClient, s3Client } from "../../cli/aws/clients";
import { projectName, secretsKey, secretsProviderUrl } from "../../config/accounts";
import type { RunResult } from "../../tools/run";
import { awsRootEnvironment, startMoto } from "../support/aws/moto";
import { callS3 } from "../support/aws/motoCalls";
import { type AwsAccount, startAwsAccount } from "../support/e2e/awsAccount";
import { suiteFolder } from "../support/e2e/world";
import { rememberEnvironment } from "../support/environment";
import { administrator, bucket, stateAddress, Team } from "../support/state/team";

const at = { Bucket: bucket };
const locksFolder = `.pulumi/locks/organization/${projectName}/prod/`;
const lockContent = z.object({ pid: z.number(), username: z.string(), hostname: z.string(), timestamp: z.string() });
const prodKey = { KeyId: secretsKey("hub-prod").alias };

describe("state and keys of the team", () => {
  let suite: string;
  let aws: AwsAccount;
  let team: Team;
  let s3: S3Client;
  let kms: KMSClient;
  let restoreEnvironment: () => void;

  before(async () => {
    suite = await suiteFolder("state");
    const prod = clusterAccess("hub-prod").policies;
    const ephemeral = clusterAccess("hub-ephemeral").policies;
    aws = await startAwsAccount(suite, {
      [administrator]: {
        role: administrator,
        policies: [prod, ephemeral].flatMap(({ deploy, bootstrap }) => [deploy, bootstrap]),
      },
      prod: { role: "prod", policies: [prod.deploy] },
      ephemeral: { role: "ephemeral", policies: [ephemeral.deploy] },
    });
    team = await Team.create(suite, aws);
    restoreEnvironment = rememberEnvironment();
    Object.assign(process.env, awsRootEnvironment(aws.endpoint));
    s3 = s3Client({ pathStyle: true });
    kms = kmsClient("us-east-1");
  });
  after(async () => {
    restoreEnvironment();
    await aws.stop();
  });

  describe("ds bootstrap", () => {
    it("refuses credentials of another account before anything is there", async () => {
      const other = await startMoto(await suiteFolder("other-account"), "123456789012");
      const refused = await team.command("bootstrap", "prod", [], awsRootEnvironment(other.endpoint));
      await assert.rejects(callS3(other.endpoint, "GET", bucket), /NoSuchBucket/);
      await other.stop();
      assertFails(
        refused,
        /of account 123456789012, and the stack belongs to account 707930574880; no changes were made/,
      );
    });

    it("refuses a bucket that answers to another account only", async () => {
      aws.faults.set("s3:ListBucket", { status: 403, code: "AccessDenied", message: "Access Denied" });
      const refused = await team.command("bootstrap", "prod");
      aws.faults.clear();
      assertFails(refused, /is there, and it either belongs to another account than 707930574880, or is closed/);
      await assert.rejects(s3.send(new GetBucketVersioningCommand(at)), { name: "NoSuchBucket" });
    });

    it("makes bucket, key and stack, and encrypts the stack file with the key", async () => {
      const before = await team.stackFile("prod");
      assertSucceeds(await team.command("bootstrap", "prod"));
      assert.equal((await s3.send(new GetBucketVersioningCommand(at))).Status, "Enabled");
      const { ServerSideEncryptionConfiguration } = await s3.send(new GetBucketEncryptionCommand(at));
      const [encryption] = ServerSideEncryptionConfiguration?.Rules ?? [];
      assert.equal(encryption?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm, "AES256");
      const { PublicAccessBlockConfiguration } = await s3.send(new GetPublicAccessBlockCommand(at));
      assert.deepEqual(Object.values(PublicAccessBlockConfiguration ?? {}), [true, true, true, true]);
      const { OwnershipControls } = await s3.send(new GetBucketOwnershipControlsCommand(at));
      assert.deepEqual(OwnershipControls?.Rules, [{ ObjectOwnership: "BucketOwnerEnforced" }]);
      const { Policy = "" } = await s3.send(new GetBucketPolicyCommand(at));
      const [{ Effect, Principal, Condition }] = JSON.parse(Policy).Statement;
      const expected = ["Deny", "*", { Bool: { "aws:SecureTransport": "false" } }];
      assert.deepEqual([Effect, Principal, Condition], expected);
      assert.equal((await kms.send(new GetKeyRotationStatusCommand(await prodKeyId()))).KeyRotationEnabled, true);

      const after = await team.stackFile("prod");
      assert.match(before, /^encryptionsalt: /m);
      assert.doesNotMatch(after, /^encryptionsalt: /m);
      assert.ok(after.includes(`secretsprovider: ${secretsProviderUrl("hub-prod")}`), after);
      const { stdout } = await team.engine("prod").shell("pulumi config get datasets-server:hfToken --stack prod");
      assert.equal(stdout.trim(), "hf_app_xxxx");
    });

    it("changes nothing the second time", async () => {
      const before = await team.stackFile("prod");
      const { stdout } = assertSucceeds(await team.command("bootstrap", "prod"));
      assert.doesNotMatch(stdout, /created|, set$| set$/m);
      assert.equal(await team.stackFile("prod"), before);
    });

    it("repairs what a failure left half done, without a second key", async () => {
      await s3.send(new PutBucketVersioningCommand({ ...at, VersioningConfiguration: { Status: "Suspended" } }));
      const before = await team.stackFile("ephemeral");
      for (const action of ["kms:CreateAlias", "kms:Encrypt"]) {
        aws.faults.set(action, { status: 400, code: "AccessDeniedException", message: `${action} is told to fail` });
        const { stdout, stderr } = assertFails(await team.command("bootstrap", "ephemeral"), /^error: /m);
        assert.ok((stdout + stderr).includes(`${action} is told to fail`), stdout + stderr);
        assert.equal(await team.stackFile("ephemeral"), before);
        aws.faults.clear();
      }
      assertSucceeds(await team.command("bootstrap", "ephemeral"));
      assert.equal((await s3.send(new GetBucketVersioningCommand(at))).Status, "Enabled");
      assert.equal((await kms.send(new ListKeysCommand({}))).Keys?.length, 2);
      assert.ok((await team.stackFile("ephemeral")).includes(secretsProviderUrl("hub-ephemeral")));
    });

    it("refuses a stack file that is encrypted with another cluster's key", async () => {
      const file = await team.stackFile("prod");
      const other = secretsProviderUrl("hub-ephemeral");
      await team.writeStackFile("prod", file.replace(secretsProviderUrl("hub-prod"), other));
      const refused = await team.command("bootstrap", "prod");
      await team.writeStackFile("prod", file);
      assertFails(refused, /Pulumi\.prod\.yaml is encrypted with awskms:\/\/alias\/datasets-server-hub-ephemeral/);
    });
  });

  describe("ds deploy", () => {
    it("updates the stack with another token, which nothing in the bucket holds in clear", async () => {
      const token = `hf_${randomBytes(24).toString("hex")}`;
      await team.engine("prod").setSecret("hfToken", token);
      assertSucceeds(await team.deploy("prod", "first"));
      const { stdout } = await team.engine("prod").shell("pulumi stack output token --show-secrets --stack prod");
      assert.equal(stdout.trim(), token);
      assertSucceeds(await team.command("preview", "prod", ["--", "--expect-no-changes"]));
      const state = await s3.send(new GetObjectCommand({ ...at, Key: `.pulumi/stacks/${projectName}/prod.json` }));
      const text = (await state.Body?.transformToString()) ?? "";
      assert.ok(text.includes(secretsProviderUrl("hub-prod")));
      assert.ok(!text.includes(token) && !text.includes(Buffer.from(token).toString("base64")));
    });

    it("refuses a log in CI that would show secrets", async () => {
      const refused = await team.command("deploy", "prod", ["--yes", "--", "-v=3"], { CI: "true" });
      assertFails(refused, /-v=3 would write secrets into the log of this CI run/);
    });

    it("says what to do about a bucket that is not there", async () => {
      // As the account's root: to whom it is closed, a bucket is forbidden whether it is there or not.
      const root = awsRootEnvironment(aws.endpoint);
      const refused = await team.deploy("prod", "no bucket", { PULUMI_BACKEND_URL: stateAddress("nowhere"), ...root });
      assertFails(refused, /state bucket nowhere: there is no such bucket .*\nNext: ds bootstrap/);
    });

    it("says what to do about a disabled key, which no stack of another cluster needs", async () => {
      const key = await prodKeyId();
      await kms.send(new DisableKeyCommand(key));
      const refused = await team.deploy("prod", "no key");
      const bootstrapped = await team.command("bootstrap", "prod");
      const other = await team.deploy("ephemeral", "other");
      await kms.send(new EnableKeyCommand(key));
      assertFails(refused, /decrypt the stack's secrets .*: the key is disabled .*\nNext: .*enable-key/);
      assertFails(bootstrapped, /is Disabled, and must be Enabled; it was left as it is\nNext: .*enable-key/);
      assertSucceeds(other);
      assert.ok(!(await team.runs()).includes("no key"));
    });
  });

  describe("locks", () => {
    it("let one run at a time on a stack, and tell the other who holds it", async () => {
      const before = (await team.runs()).length;
      const both = await Promise.all(["one", "two"].map((name) => team.deploy("prod", name)));
      const refusals = both.filter(({ code }) => code !== 0);
      assert.ok(refusals.length <= 1, "none of the two went on");
      for (const refused of refusals) {
        assertFails(
          refused,
          /stack prod is locked by \S+@\S+ \(pid \d+\) since \S+, for \S+; no changes were made\nNext: /,
        );
      }
      const runs = (await team.runs()).slice(before);
      const changes = runs.filter((name, index) => name !== runs[index - 1]);
      assert.deepEqual(new Set(changes).size, changes.length, `runs overlap: ${runs.join(", ")}`);
    });

    it("outlive a killed run, and come off by whoever is told whose they are", async () => {
      const hold = path.join(suite, "hold");
      await fs.writeFile(hold, "");
      const held = team.deploy("prod", "held", { HOLD: hold });
      while (!(await team.runs()).includes("held")) await sleep(100);
      const [holder = assert.fail("a run goes on and holds no lock")] = await locks();

      const user = `${holder.username}@${holder.hostname} \\(pid ${holder.pid}\\) since ${holder.timestamp}, for `;
      const meeting = new RegExp(
        `stack prod is locked by ${user}.*\\nNext: .*ask that person .*: ds unlock prod$`,
        "m",
      );
      assertFails(await team.deploy("prod", "second"), meeting);

      process.kill(holder.pid, "SIGKILL");
      assert.equal((await held).code, 1);
      assertFails(await team.deploy("prod", "third"), meeting);
      const unasked = await team.command("unlock", "prod");
      assertFails(unasked, new RegExp(`stack prod is locked by ${user}`));
      assertFails(unasked, /there is no terminal to ask at; no changes were made\nNext: .*ds unlock prod --yes/);
      assert.deepEqual(await locks(), [holder]);

      const { stdout } = assertSucceeds(await team.command("unlock", "prod", ["--yes"]));
      assert.match(stdout, new RegExp(`removed the lock of ${user}`));
      await fs.rm(hold);
      assertSucceeds(await team.deploy("prod", "next"));
      assert.ok(!(await team.runs()).some((name) => ["second", "third"].includes(name)));
    });

    it("stay when they name this host, this user and a process that is not there", async () => {
      // As of a run in another container, or on another hosted runner, of the same host name.
      const { username } = os.userInfo();
      const content = { pid: 99_999, username, hostname: os.hostname(), timestamp: new Date().toISOString() };
      const Key = `${locksFolder}another.json`;
      await s3.send(new PutObjectCommand({ ...at, Key, Body: JSON.stringify(content) }));
      const before = await team.runs();
      for (const [name, ...flags] of [["deploy", "--yes"], ["restore"], ["unlock"]]) {
        assertFails(
          await team.command(name ?? "", "prod", flags),
          new RegExp(`${username}@${os.hostname()} \\(pid 99999\\)`),
        );
      }
      assertFails(await team.command("doctor", "prod"), /locked by .*pid 99999/);
      assert.deepEqual(await locks(), [content]);
      assert.deepEqual(await team.runs(), before);
      assertSucceeds(await team.command("unlock", "prod", ["--yes"]));
      assert.deepEqual(await locks(), []);
      assert.match(assertSucceeds(await team.command("unlock", "prod")).stdout, /stack prod is not locked/);
    });
  });

  describe("ds restore", () => {
    const Key = `.pulumi/stacks/${projectName}/prod.json`;
    const read = async (key = Key) =>
      (await s3.send(new GetObjectCommand({ ...at, Key: key }))).Body?.transformToString();
    const write = (Body: string) => s3.send(new PutObjectCommand({ ...at, Key, Body }));
    let good: string;

    before(async () => {
      good = (await read()) ?? "";
    });

    it("leaves a state that can be read as it is", async () => {
      const { stdout } = assertSucceeds(await team.command("restore", "prod"));
      assert.match(stdout, /the state of stack prod can be read; it stays as it is/);
      assert.equal(await read(), good);
    });

    it("is what to do when the engine cannot read a state", async () => {
      await write(good.slice(0, 1_000));
      assertFails(await team.deploy("prod", "damaged"), /unexpected end of JSON|unmarshal/);
      assertFails(await team.command("doctor", "prod"), /is damaged.*\n.*ds restore prod/);
    });

    it("puts back the last version of the bucket that can be read, and keeps the damaged one", async () => {
      // Somebody tried again, so that the version before is damaged as well.
      await write(good.slice(0, 500));
      const { stdout } = assertSucceeds(await team.command("restore", "prod"));
      assert.match(stdout, /the state of stack prod is again that of version of \d{4}-/);
      assert.equal(await read(`${Key}.damaged`), good.slice(0, 500));
      assertSucceeds(await team.command("preview", "prod", ["--", "--expect-no-changes"]));
    });
  });

  async function locks(): Promise<z.infer<typeof lockContent>[]> {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ ...at, Prefix: locksFolder }));
    return Promise.all(
      Contents.map(async ({ Key }) => {
        const { Body } = await s3.send(new GetObjectCommand({ ...at, Key }));
        return lockContent.parse(JSON.parse((await Body?.transformToString()) ?? ""));
      }),
    );
  }

  async function prodKeyId(): Promise<{ KeyId: string }> {
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand(prodKey));
    return { KeyId: KeyMetadata?.KeyId ?? "" };
  }
});

function assertSucceeds(result: RunResult): RunResult {
  assert.equal(result.code, 0, result.stdout + result.stderr);
  return result;
}

/** A clear error, and no stack trace. */
function assertFails(result: RunResult, says: RegExp): RunResult {
  const said = result.stdout + result.stderr;
  assert.equal(result.code, 1, said);
  assert.match(said, says);
  assert.doesNotMatch(said, /\n +at /);
  return result;
}
