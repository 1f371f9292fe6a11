import * as assert from "node:assert/strict";
import { clusterArn, type EksClusterArgs, eksKubeconfig, lookupFailure } from "../../../cluster/eks";

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
      next: /policy of docs\/access\.md.* may not eks:DescribeCluster on arn:aws:eks:us-east-1:707930574880:cluster\/hub-prod;/,
    },
    {
      is: "a cluster that is not there",
      cause: list("couldn't find resource"),
      next: /check cluster\.name, cluster\.region and cluster\.account of the stack file, as there is no cluster of that name/,
    },
    {
      is: "another account",
      cause: "AWS account ID not allowed: 123456789012",
      next: /sign in again, such as with: aws sso login --profile=tb .*only 707930574880 may be touched/,
    },
    {
      is: "expired credentials",
      cause: list(
        "operation error EKS: DescribeCluster, api error ExpiredTokenException: The security token is expired",
      ),
      next: /sign in again, .*; the credentials have expired/,
    },
    {
      is: "anything else",
      cause: "no route to host",
      next: /check the credentials with: aws sts get-caller-identity$/,
    },
  ];
  for (const { is, cause, next } of failures) {
    it(`says what ${is} means and what to do, in no more words of AWS than are needed`, () => {
      const message = String(lookupFailure(hubProd, cause));
      assert.match(
        message,
        /^cannot look up EKS cluster hub-prod in us-east-1 of account 707930574880; no changes were made: /,
      );
      assert.match(message, next);
      assert.doesNotMatch(message, /invoking|error occurred/);
    });
  }

  it("names the stack's profile in the commands to type", () => {
    const { next = "" } = lookupFailure({ ...hubProd, profile: "ci" }, "AWS account ID not allowed: 123456789012");
    assert.match(next, /aws sso login --profile=ci \(aws sts get-caller-identity --profile=ci /);
  });
});
