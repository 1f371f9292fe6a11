import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { checkIdentity, checkLoadBalancerCidrs, checkNetworkPolicies, checkToken } from "../../../cli/doctor/aws";
import { CheckRunner, type Finding, type Findings, nothing } from "../../../cli/doctor/checkRunner";
import { checkAwsCli } from "../../../cli/doctor/tools";
import { type EksClusterArgs, eksKubeconfig } from "../../../cluster/eks";
import { rememberEnvironment } from "../../support/environment";
import { type Answer, type HttpServer, type Respond, startHttpServer } from "../../support/httpServer";

const args: EksClusterArgs = {
  kind: "eks",
  name: "hub-prod",
  region: "us-east-1",
  account: "707930574880",
  context: "hub-prod-with-tb",
};
const arn = "arn:aws:eks:us-east-1:707930574880:cluster/hub-prod";
const key = { accessKeyId: "test", secretAccessKey: "test" };
const credentials = async () => key;

describe("the doctor on AWS", () => {
  let server: HttpServer;
  let respond: Respond;
  let restoreEnvironment: () => void;

  before(async () => {
    server = await startHttpServer((request) => respond(request));
    restoreEnvironment = rememberEnvironment();
    const variables = { AWS_ENDPOINT_URL: server.url, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
    Object.assign(process.env, variables);
  });
  beforeEach(() => {
    respond = () => undefined;
  });
  after(async () => {
    restoreEnvironment();
    await server.stop();
  });

  describe("and the credentials", () => {
    it("names whose they are and how long they last", async () => {
      respond = () => caller("707930574880");
      const expiration = inMinutes(60);
      const { outcome, found } = await only(checkIdentity(args, async () => ({ ...key, expiration })));
      assert.equal(outcome, "ok");
      assert.match(found, /^arn:aws:sts::707930574880:assumed-role\/deploy\/me, for (59|60) min \(until /);
    });

    it("warns of those that end within a deploy's time", async () => {
      respond = () => caller("707930574880");
      const expiration = inMinutes(10);
      const { outcome, next } = await only(checkIdentity(args, async () => ({ ...key, expiration })));
      assert.deepEqual([outcome, next], ["warning", "sign in again before a deploy, which may take longer"]);
    });

    it("refuses another account's", async () => {
      respond = () => caller("123456789012");
      await assert.rejects(
        checkIdentity(args, credentials),
        /of account 123456789012, and the stack belongs to account 707930574880.*\nNext: use credentials of that account/,
      );
    });

    it("says that they have expired", async () => {
      respond = () => ({ status: 403, body: stsError("ExpiredToken", "The security token has expired") });
      await assert.rejects(checkIdentity(args, credentials), /the AWS credentials have expired.*\nNext: sign in again/);
    });
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
        assert.equal((await only(checkNetworkPolicies(args))).outcome, outcome);
      });
    }

    it("does not know where it may not ask, and says what to ask", async () => {
      respond = () => eksError(403, "AccessDeniedException", "not authorized to perform: eks:DescribeAddon");
      const { outcome, next } = await only(checkNetworkPolicies(args));
      assert.equal(outcome, "unknown");
      assert.match(next ?? "", /aws eks describe-addon --cluster-name hub-prod --addon-name vpc-cni/);
    });
  });

  describe("and the ranges that load balancers send from", () => {
    it("is content with subnets", async () => {
      const { outcome } = await only(Promise.resolve(checkLoadBalancerCidrs(args, ["10.12.16.0/20", "10.12.48.0/24"])));
      assert.equal(outcome, "ok");
    });

    it("advises the load balancers' subnets in the place of a whole VPC, with the command that shows them", async () => {
      const { outcome, found, next } = await only(Promise.resolve(checkLoadBalancerCidrs(args, ["10.12.0.0/16"])));
      assert.equal(outcome, "warning");
      assert.match(found, /^10\.12\.0\.0\/16 can be a whole VPC/);
      assert.match(
        next ?? "",
        /aws ec2 describe-subnets --region us-east-1 .*describe-cluster .*--name hub-prod .*role\/elb/,
      );
    });
  });

  describe("and the AWS CLI", () => {
    let folder: string;
    const access = { endpoint: "https://eks.invalid", certificateAuthority: "Y2E=", namespace: "datasets-server" };
    const connection = { kubeconfig: eksKubeconfig(args, access), context: args.context };

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
    const token = (environment: NodeJS.ProcessEnv) => checkToken(connection, environment, signal);

    it("takes one that is recent enough", async () => {
      const { found } = await only(checkAwsCli(await cliThat("echo aws-cli/2.31.0 Python/3.13"), signal));
      assert.equal(found, `2.31.0, ${path.join(folder, "aws")}`);
    });

    it("refuses one that is too old, and none", async () => {
      const old = await cliThat("echo aws-cli/1.22.97 Python/3.9 >&2");
      await assert.rejects(checkAwsCli(old, signal), /is 1\.22\.97; needed is 1\.24, 2\.7 or later/);
      await assert.rejects(checkAwsCli({ PATH: "/nowhere" }, signal), /there is no aws on PATH/);
    });

    it("gets a token with the kubeconfig's own command, and never shows it", async () => {
      const credential = { status: { token: "k8s-aws-v1.secret", expirationTimestamp: "2026-01-01T00:14:00Z" } };
      const environment = await cliThat(`test "$*" = "${wantedArguments}" && echo '${JSON.stringify(credential)}'`);
      const { findings, value } = await token(environment);
      assert.deepEqual(findings, [
        { outcome: "ok", found: `aws ${wantedArguments} gives one until 2026-01-01T00:14:00Z` },
      ]);
      const { users } = JSON.parse(value.kubeconfig);
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
      const runner = new CheckRunner(1_000);
      await runner.check("token", nothing, "run it yourself", (_needed, limit) =>
        checkToken(connection, environment, limit),
      );
      const found = "no answer within the 1 s that all checks have together";
      assert.deepEqual(runner.rows, [{ check: "token", outcome: "failed", found, next: "run it yourself" }]);
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

/** Resolves while the process runs; a signal needs a moment to end it. */
async function stillRuns(pidFile: string): Promise<void> {
  const pid = Number(await readFile(pidFile, "utf8"));
  for (let tries = 0; tries < 20; tries += 1) {
    process.kill(pid, 0);
    await new Promise((done) => setTimeout(done, 50));
  }
}
