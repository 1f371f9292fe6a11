import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { examineCluster, examineIdentity, examineNetworkPolicies, examineToken } from "../../../cli/doctor/aws";
import { Examination, type Finding, type Findings } from "../../../cli/doctor/examination";
import { examineAwsCli } from "../../../cli/doctor/tools";
import type { EksClusterArgs } from "../../../cluster/eks";
import { type Answer, type HttpServer, type Respond, startHttpServer } from "../../support/httpServer";

const args: EksClusterArgs = {
  kind: "eks",
  name: "hub-prod",
  region: "us-east-1",
  account: "707930574880",
  teamProfile: "tb",
  context: "hub-prod-with-tb",
};
const arn = "arn:aws:eks:us-east-1:707930574880:cluster/hub-prod";
const key = { accessKeyId: "test", secretAccessKey: "test" };
const credentials = async () => key;

describe("the doctor on AWS", () => {
  let server: HttpServer;
  let respond: Respond;
  const endpoint = process.env.AWS_ENDPOINT_URL;

  before(async () => {
    server = await startHttpServer((request) => respond(request));
    process.env.AWS_ENDPOINT_URL = server.url;
  });
  beforeEach(() => {
    respond = () => undefined;
  });
  after(async () => {
    delete process.env.AWS_ENDPOINT_URL;
    Object.assign(process.env, endpoint === undefined ? {} : { AWS_ENDPOINT_URL: endpoint });
    await server.stop();
  });

  describe("and who somebody is", () => {
    it("names them and how long their credentials last", async () => {
      respond = () => caller("707930574880");
      const expiration = inMinutes(60);
      const { outcome, found } = await only(examineIdentity(args, async () => ({ ...key, expiration })));
      assert.equal(outcome, "ok");
      assert.match(found, /^arn:aws:sts::707930574880:assumed-role\/deploy\/me, for (59|60) min \(until /);
    });

    it("warns of credentials that end within a deploy's time", async () => {
      respond = () => caller("707930574880");
      const expiration = inMinutes(10);
      const { outcome, next } = await only(examineIdentity(args, async () => ({ ...key, expiration })));
      assert.deepEqual([outcome, next], ["warning", "sign in again before a deploy, which may take longer"]);
    });

    it("refuses another account's", async () => {
      respond = () => caller("123456789012");
      await assert.rejects(
        examineIdentity(args, credentials),
        /of account 123456789012, and the stack belongs to account 707930574880.*\nNext: use credentials of that account/,
      );
    });

    it("says that they have expired", async () => {
      respond = () => ({ status: 403, body: stsError("ExpiredToken", "The security token has expired") });
      await assert.rejects(
        examineIdentity(args, credentials),
        /the AWS credentials have expired.*\nNext: sign in again/,
      );
    });
  });

  describe("and its cluster", () => {
    const active = { arn, status: "ACTIVE", endpoint: "https://eks.invalid", certificateAuthority: { data: "Y2E=" } };

    it("hands on how to reach the stack's own", async () => {
      respond = describes(active);
      const { findings, value } = await examineCluster(args, credentials);
      assert.deepEqual(findings, [{ outcome: "ok", found: `${arn} is ACTIVE, https://eks.invalid` }]);
      assert.deepEqual(value, { endpoint: "https://eks.invalid", certificateAuthority: "Y2E=" });
    });

    for (const { is, answer, says } of [
      {
        is: "one that is not ready",
        answer: { body: { cluster: { ...active, status: "UPDATING" } } },
        says: /is UPDATING, and must be ACTIVE/,
      },
      {
        is: "one of another region",
        answer: { body: { cluster: { ...active, arn: arn.replace("us-east-1", "eu-west-1") } } },
        says: /cluster found is arn:aws:eks:eu-west-1:.* but this stack belongs to arn:aws:eks:us-east-1:/,
      },
      {
        is: "one that is not there",
        answer: eksError(404, "ResourceNotFoundException", "No cluster found for name: hub-prod."),
        says: /there is no such cluster .*\nNext: check cluster\.name/,
      },
      {
        is: "one that may not be looked up",
        answer: eksError(403, "AccessDeniedException", "not authorized to perform: eks:DescribeCluster"),
        says: /these credentials have no right to do that .*\nNext: .*docs\/access\.md/,
      },
    ]) {
      it(`refuses ${is}`, async () => {
        respond = () => answer;
        await assert.rejects(examineCluster(args, credentials), says);
      });
    }
  });

  describe("and network policies", () => {
    for (const { is, configurationValues, outcome } of [
      {
        is: "enforced where the add-on is told to",
        configurationValues: '{"enableNetworkPolicy":"true"}',
        outcome: "ok",
      },
      { is: "not enforced where it is not", configurationValues: "{}", outcome: "warning" },
    ]) {
      it(`finds them ${is}`, async () => {
        respond = () => ({ body: { addon: { addonVersion: "v1.20.0", configurationValues } } });
        assert.equal((await only(examineNetworkPolicies(args, credentials))).outcome, outcome);
      });
    }

    it("does not know where it may not ask, and says what to ask", async () => {
      respond = () => eksError(403, "AccessDeniedException", "not authorized to perform: eks:DescribeAddon");
      const { outcome, next } = await only(examineNetworkPolicies(args, credentials));
      assert.equal(outcome, "unknown");
      assert.match(next ?? "", /aws eks describe-addon --cluster-name hub-prod --addon-name vpc-cni/);
    });
  });

  describe("and the AWS CLI", () => {
    let folder: string;
    const cluster = { endpoint: "https://eks.invalid", certificateAuthority: "Y2E=" };

    before(async () => {
      folder = await mkdtemp(path.join(os.tmpdir(), "datasets-server-doctor-"));
    });
    after(() => rm(folder, { recursive: true }));

    async function cliThat(script: string): Promise<NodeJS.ProcessEnv> {
      const file = path.join(folder, "aws");
      await writeFile(file, `#!/bin/sh\n${script}\n`);
      await chmod(file, 0o755);
      return { PATH: [folder, process.env.PATH].join(path.delimiter) };
    }

    const signal = new AbortController().signal;
    const token = (environment: NodeJS.ProcessEnv) =>
      examineToken(args, { cluster, namespace: "datasets-server" }, { environment, signal });

    it("takes one that is recent enough", async () => {
      const { found } = await only(examineAwsCli(await cliThat("echo aws-cli/2.31.0 Python/3.13"), signal));
      assert.equal(found, `2.31.0, ${path.join(folder, "aws")}`);
    });

    it("refuses one that is too old, and none", async () => {
      const old = await cliThat("echo aws-cli/1.22.97 Python/3.9 >&2");
      await assert.rejects(examineAwsCli(old, signal), /is 1\.22\.97; needed is 1\.24, 2\.7 or later/);
      await assert.rejects(examineAwsCli({ PATH: "/nowhere" }, signal), /there is no aws on PATH/);
    });

    it("gets a token with the kubeconfig's own command, and shows it to nobody", async () => {
      const credential = { status: { token: "k8s-aws-v1.secret", expirationTimestamp: "2026-01-01T00:14:00Z" } };
      const environment = await cliThat(`test "$*" = "${wantedArguments}" && echo '${JSON.stringify(credential)}'`);
      const { findings, value } = await token(environment);
      assert.deepEqual(findings, [
        { outcome: "ok", found: `aws ${wantedArguments} gives one until 2026-01-01T00:14:00Z` },
      ]);
      const { users } = JSON.parse(value);
      assert.deepEqual(users, [{ name: arn, user: { token: "k8s-aws-v1.secret" } }]);
    });

    it("shows what it says when it gives none", async () => {
      const environment = await cliThat("echo 'Unable to locate credentials' >&2; exit 253");
      await assert.rejects(token(environment), /ended with exit code 253: Unable to locate credentials/);
      await assert.rejects(token(await cliThat("echo '{}'")), /did not print a token/);
    });

    it("is not waited for when it hangs, and is ended", async () => {
      const pidFile = path.join(folder, "pid");
      const environment = await cliThat(`echo $$ > ${pidFile}; exec sleep 60`);
      const examination = new Examination(1_000);
      await assert.rejects(
        examination.check({
          name: "token",
          needs: Promise.resolve(),
          advice: "run it yourself",
          run: (_needed, limit) =>
            examineToken(args, { cluster, namespace: "datasets-server" }, { environment, signal: limit }),
        }),
      );
      const [row] = await examination.finish();
      assert.deepEqual([row?.outcome, row?.found], ["failed", "no answer within 1 s"]);
      await assert.rejects(stillRuns(pidFile), { code: "ESRCH" });
    });
  });
});

const wantedArguments = "--region us-east-1 eks get-token --cluster-name hub-prod --output json";

async function only(findings: Promise<Findings<unknown>>): Promise<Finding> {
  const [first, ...others] = (await findings).findings;
  assert.deepEqual(others, []);
  assert.ok(first);
  return first;
}

function inMinutes(minutes: number): Date {
  return new Date(Date.now() + minutes * 60_000);
}

function caller(account: string): Answer {
  const identity = `<Arn>arn:aws:sts::${account}:assumed-role/deploy/me</Arn><Account>${account}</Account>`;
  return {
    body: `<GetCallerIdentityResponse><GetCallerIdentityResult>${identity}</GetCallerIdentityResult></GetCallerIdentityResponse>`,
  };
}

function stsError(code: string, message: string): string {
  return `<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
}

function eksError(status: number, __type: string, message: string): Answer {
  return { status, body: { __type, message } };
}

function describes(cluster: unknown): Respond {
  return ({ path }) => (path === "/clusters/hub-prod" ? { body: { cluster } } : undefined);
}

/** Resolves while the process runs; a signal needs a moment to end it. */
async function stillRuns(pidFile: string): Promise<void> {
  const pid = Number(await readFile(pidFile, "utf8"));
  for (let tries = 0; tries < 20; tries += 1) {
    process.kill(pid, 0);
    await new Promise((done) => setTimeout(done, 50));
  }
}
