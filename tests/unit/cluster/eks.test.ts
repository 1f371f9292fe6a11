import * as assert from "node:assert/strict";
import { clusterArn, connectEks, type EksClusterArgs, eksKubeconfig, type FoundCluster } from "../../../cluster/eks";
import { type HttpServer, startHttpServer } from "../../support/httpServer";

const hubProd: EksClusterArgs = {
  kind: "eks",
  name: "hub-prod",
  region: "us-east-1",
  account: "707930574880",
  context: "hub-prod-with-tb",
};

const arn = "arn:aws:eks:us-east-1:707930574880:cluster/hub-prod";

describe("the kubeconfig of an EKS cluster", () => {
  const access = { endpoint: "https://endpoint", certificateAuthority: "Q0E=", namespace: "datasets-server" };
  const execOf = (args: EksClusterArgs) => JSON.parse(eksKubeconfig(args, access)).users[0].user.exec;

  it("has one context, in the seed's own name, that starts in the namespace", () => {
    const { contexts, ...rest } = JSON.parse(eksKubeconfig(hubProd, access));
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

  it("assumes the stack's role for the token as well", () => {
    const role = "arn:aws:iam::707930574880:role/EKS-HUB-Tensorboard";
    assert.deepEqual(execOf({ ...hubProd, profile: "tb", role }).args.slice(-4), [
      "--profile",
      "tb",
      "--role-arn",
      role,
    ]);
  });
});

describe("the lookup of a stack's EKS cluster", () => {
  let server: HttpServer;
  before(async () => {
    server = await startHttpServer(() => ({ status: 401, body: "" }));
  });
  after(() => server.stop());

  const found = () => ({ arn, status: "ACTIVE", endpoint: server.url, certificateAuthority: "Y2E=" });
  const connect = (cluster: Partial<FoundCluster>) =>
    connectEks(hubProd, "datasets-server", async () => ({ ...found(), ...cluster }));

  it("gives a kubeconfig for the stack's own cluster", async () => {
    assert.deepEqual(await connect({}), {
      kubeconfig: eksKubeconfig(hubProd, {
        endpoint: server.url,
        certificateAuthority: "Y2E=",
        namespace: "datasets-server",
      }),
      context: "hub-prod-with-tb",
    });
  });

  it("refuses a cluster of another region or account", async () => {
    await assert.rejects(connect({ arn: arn.replace("us-east-1", "eu-west-1") }), {
      message: `the cluster found is ${arn.replace("us-east-1", "eu-west-1")}, but this stack belongs to ${arn}; no changes were made`,
      next: "see whose credentials are in use: aws sts get-caller-identity",
    });
  });

  it("refuses a cluster that is not ready", async () => {
    await assert.rejects(connect({ status: "UPDATING" }), {
      message: "cluster hub-prod is UPDATING, and must be ACTIVE; no changes were made",
      next: "run this again when it is",
    });
  });

  it("names an API server that does not answer, and the network that reaches it", async () => {
    await assert.rejects(connect({ endpoint: "https://127.0.0.1:1" }), {
      message: /^cannot reach the Kubernetes API server https:\/\/127\.0\.0\.1:1: connect ECONNREFUSED/,
      next: "see whether you are on the network that reaches hub-prod (VPN)",
    });
  });

  it("says what failed, that no changes were made, and what to do", async () => {
    const denied = new Error("api error AccessDeniedException: not authorized");
    await assert.rejects(
      connectEks(hubProd, "datasets-server", () => Promise.reject(denied)),
      {
        message:
          "cannot look up EKS cluster hub-prod in us-east-1 of account 707930574880; no changes were made: " +
          "these credentials have no permission to do that (api error AccessDeniedException: not authorized)",
        next: /docs\/access\.md/,
      },
    );
  });
});
