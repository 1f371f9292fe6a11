import * as assert from "node:assert/strict";
import { createServer } from "node:net";
import { clusterArn, connectCluster, type EksClusterArgs, eksKubeconfig } from "../../../components/cluster";
import { lookupFailure } from "../../../components/lookupFailure";
import { helmLabels } from "../../../components/names";
import { refuseForeign } from "../../../components/ownership";
import { checkReachable } from "../../../components/reachable";

const hubProd: EksClusterArgs = {
  kind: "eks",
  name: "hub-prod",
  region: "us-east-1",
  account: "707930574880",
  context: "hub-prod-with-tb",
  teamProfile: "tb",
};

describe("the kubeconfig of an EKS cluster", () => {
  const access = { endpoint: "https://endpoint", certificateAuthority: "Q0E=", namespace: "datasets-server" };
  const execOf = (args: EksClusterArgs) => JSON.parse(eksKubeconfig(args, access)).users[0].user.exec;

  it("has one context, in the seed's own name, that starts in the namespace", () => {
    const { contexts, ...rest } = JSON.parse(eksKubeconfig(hubProd, access));
    const arn = "arn:aws:eks:us-east-1:707930574880:cluster/hub-prod";
    assert.equal(rest["current-context"], "hub-prod-with-tb");
    assert.deepEqual(contexts, [
      { name: "hub-prod-with-tb", context: { cluster: arn, user: arn, namespace: "datasets-server" } },
    ]);
    assert.equal(clusterArn(hubProd), arn);
  });

  it("asks AWS for a token at each use, and never a person", () => {
    const { apiVersion, command, args, interactiveMode } = execOf(hubProd);
    assert.equal(apiVersion, "client.authentication.k8s.io/v1beta1");
    assert.equal(interactiveMode, "Never");
    assert.equal(
      [command, ...args].join(" "),
      "aws --region us-east-1 eks get-token --cluster-name hub-prod --output json",
    );
  });

  it("names the profile in the arguments, where the environment's keys cannot win over it", () => {
    assert.deepEqual(execOf({ ...hubProd, profile: "tb" }).args.slice(-2), ["--profile", "tb"]);
  });

  it("takes on the stack's role for the token as well", () => {
    const role = "arn:aws:iam::707930574880:role/EKS-HUB-Tensorboard";
    assert.deepEqual(execOf({ ...hubProd, profile: "tb", role }).args.slice(-4), [
      "--profile",
      "tb",
      "--role-arn",
      role,
    ]);
  });
});

describe("a lookup of an EKS cluster that fails", () => {
  const list = (error: string) =>
    `invoking aws:eks/getCluster:getCluster: 1 error occurred:\n\t* reading EKS Cluster (hub-prod): ${error}\n\n`;
  const failures = [
    {
      is: "a missing right",
      cause: list(
        "operation error EKS: DescribeCluster, api error AccessDeniedException: User: someone is not authorized",
      ),
      next: /may not eks:DescribeCluster on arn:aws:eks:us-east-1:707930574880:cluster\/hub-prod; docs\/access\.md has/,
    },
    {
      is: "a cluster that is not there",
      cause: list("couldn't find resource"),
      next: /no cluster of that name there\. Check cluster\.name, cluster\.region and cluster\.account/,
    },
    {
      is: "another account",
      cause: "AWS account ID not allowed: 123456789012",
      next: /only 707930574880 may be touched\. Sign in again, such as with: aws sso login --profile=tb/,
    },
    {
      is: "expired credentials",
      cause: list(
        "operation error EKS: DescribeCluster, api error ExpiredTokenException: The security token is expired",
      ),
      next: /The credentials have expired\. Sign in again/,
    },
    {
      is: "anything else",
      cause: "no route to host",
      next: /Check the credentials with: aws sts get-caller-identity$/,
    },
  ];
  for (const { is, cause, next } of failures) {
    it(`says what ${is} means and what to do, in no more words of AWS than are needed`, () => {
      const message = lookupFailure(hubProd, cause);
      assert.match(
        message,
        /^cannot look up EKS cluster hub-prod in us-east-1 of account 707930574880; nothing was touched: /,
      );
      assert.match(message, next);
      assert.doesNotMatch(message, /invoking|error occurred/);
    });
  }

  it("names the stack's profile in the commands to type", () => {
    const message = lookupFailure({ ...hubProd, profile: "ci" }, "AWS account ID not allowed: 123456789012");
    assert.match(message, /aws sso login --profile=ci; then aws sts get-caller-identity --profile=ci /);
  });
});

describe("connecting to a cluster that is not there", () => {
  it("says how to start the local one", async () => {
    const local = {
      kind: "local",
      kubeconfigPath: "/nonexistent/kubeconfig",
      context: "datasets-server-local",
    } as const;
    await assert.rejects(connectCluster(local, { namespace: "datasets-server", offline: false }), {
      message: "the local cluster is not there (no kubeconfig at /nonexistent/kubeconfig). Start it with: make up",
    });
  });

  it("names the server that refuses, and the advice", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    const url = `https://127.0.0.1:${address.port}`;
    await checkReachable(url, "advice");
    await new Promise((resolve) => server.close(resolve));
    await assert.rejects(checkReachable(url, "advice"), {
      message: `cannot reach the Kubernetes API server ${url}: connect ECONNREFUSED 127.0.0.1:${address.port}\nadvice`,
    });
  });
});

describe("creating an object", () => {
  const object = { apiVersion: "v1", kind: "Service", metadata: { name: "datasets-server-prod-api", namespace: "ns" } };
  const scope = { stack: "prod", release: "prod-datasets-server", namespace: "ns", helmRelease: "prod" };
  const create = (labels: Record<string, string> | undefined, takeOver = false) =>
    refuseForeign(object, labels && { labels }, { scope, takeOver });

  it("is fine where there is none", () => create(undefined));

  it("is fine where an interrupted run of the stack left it", () =>
    create({ "datasets-server.huggingface.co/stack": "prod" }));

  it("is fine where it is of the Helm release that the run may take over, and only then", () => {
    create(helmLabels("prod"), true);
    assert.throws(() => create(helmLabels("prod")), /already exists/);
    assert.throws(() => create(helmLabels("other"), true), /already exists/);
  });

  it("is refused where it is another stack's", () => {
    assert.throws(
      () => create({ ...helmLabels("prod"), "datasets-server.huggingface.co/stack": "ephemeral" }, true),
      /^Error: Service ns\/datasets-server-prod-api already exists and belongs to stack ephemeral\./,
    );
  });

  it("is refused where it is nobody's, with the way out", () => {
    assert.throws(() => create({}), {
      message:
        "Service ns/datasets-server-prod-api already exists and does not belong to a stack (it has no label " +
        "datasets-server.huggingface.co/stack). Creating it would take it over, and a later destroy would delete it. " +
        "Rename or remove it, or, if it is stack prod's own, label it datasets-server.huggingface.co/stack=prod; " +
        "then run again.",
    });
  });
});
