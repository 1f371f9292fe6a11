import * as assert from "node:assert/strict";
import { createServer } from "node:net";
import { clusterArn, connectCluster, type EksClusterArgs, eksKubeconfig } from "../../../components/cluster";
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
