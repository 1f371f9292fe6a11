import assert from "node:assert/strict";
import { CheckRunner, type Finding, type Findings, nothing } from "../../../cli/doctor/checkRunner";
import { checkApiServer, checkCustomResources, checkNamespace, checkPermissions } from "../../../cli/doctor/kubernetes";
import { type KubernetesClient, kubernetesClient } from "../../../cluster/kubernetesClient";
import { namespaceLabels } from "../../../components/foundation/namespace";
import { permissionsFor } from "../../../safety/permissions";
import { type Answer, type HttpServer, type Respond, startHttpServer } from "../../support/httpServer";

const namespace = "datasets-server";
const rights = permissionsFor(["ConfigMap", "ServiceMonitor"], namespace);

/** What an API server says to an identity that may do everything. */
const generous: Readonly<Record<string, Answer>> = {
  "GET /version": { body: { major: "1", minor: "36", gitVersion: "v1.36.3" } },
  "POST /apis/authentication.k8s.io/v1/selfsubjectreviews": {
    body: { status: { userInfo: { username: "arn:aws:sts::707930574880:assumed-role/deploy/me" } } },
  },
  "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews": { body: { spec: {}, status: { allowed: true } } },
  "GET /apis/monitoring.coreos.com/v1": {
    body: { groupVersion: "monitoring.coreos.com/v1", resources: [{ name: "servicemonitors" }] },
  },
  "GET /api/v1": { body: { resources: [{ name: "namespaces", kind: "Namespace", namespaced: false }] } },
  [`GET /api/v1/namespaces/${namespace}`]: { body: namespaceWith(namespaceLabels) },
};

function namespaceWith(labels: Readonly<Record<string, string>>) {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } };
}

const notFound: Answer = { status: 404, body: { kind: "Status", message: "not found" } };
const forbidden: Answer = { status: 403, body: { kind: "Status", message: "namespaces is forbidden" } };

describe("the doctor on an API server", () => {
  let server: HttpServer;
  let respond: Respond;
  let client: KubernetesClient;

  before(async () => {
    server = await startHttpServer((request) => respond(request));
    client = await kubernetesClient(reach(server.url))();
  });
  beforeEach(() => says({}));
  after(() => server.stop());

  function says(changes: Readonly<Record<string, Answer>>): void {
    const answers = { ...generous, ...changes };
    respond = ({ method, path }) => answers[`${method} ${path}`] ?? notFound;
  }

  async function finding(findings: Promise<Findings<unknown>>): Promise<Finding> {
    const [only, ...others] = (await findings).findings;
    assert.deepEqual(others, []);
    assert.ok(only);
    return only;
  }

  it("tells its version, and who it takes this identity for", async () => {
    assert.deepEqual(await finding(checkApiServer(reach(server.url))), {
      outcome: "ok",
      found: "Kubernetes v1.36.3; you are arn:aws:sts::707930574880:assumed-role/deploy/me",
    });
  });

  it("names the cause when nothing listens there", async () => {
    const stopped = await startHttpServer(() => undefined);
    await stopped.stop();
    await assert.rejects(checkApiServer(reach(stopped.url)), /ECONNREFUSED/);
  });

  it("says what to do when the cluster does not know the identity", async () => {
    says({ "GET /version": { status: 401, body: { message: "Unauthorized" } } });
    await assert.rejects(
      checkApiServer(reach(server.url)),
      /does not let this identity in \(.*401\)\nNext: .* docs\/access\.md$/,
    );
  });

  it("is not waited for when it takes the question and never answers", async () => {
    respond = () => undefined;
    const runner = new CheckRunner(200);
    await runner.check("API server", nothing, "use the VPN", () => checkApiServer(reach(server.url)));
    const found = "no answer within the 0.2 s that all checks have together";
    assert.deepEqual(runner.rows, [{ check: "API server", outcome: "failed", found, next: "use the VPN" }]);
  });

  it("has a row for the permissions on each resource", async () => {
    const { findings } = await checkPermissions(client, rights);
    assert.deepEqual(
      findings.map(({ subject, outcome }) => [subject, outcome]),
      [
        ["permissions: configmaps", "ok"],
        ["permissions: events", "ok"],
        ["permissions: servicemonitors", "ok"],
      ],
    );
  });

  it("names the verbs that are missing", async () => {
    const refused = /"verb":"(create|watch)"/;
    respond = ({ method, path, body }) => {
      const allowed = !(refused.test(body) && body.includes("configmaps"));
      return path.endsWith("accessreviews")
        ? { body: { spec: {}, status: { allowed } } }
        : generous[`${method} ${path}`];
    };
    const { findings } = await checkPermissions(client, rights);
    assert.deepEqual(
      findings.filter(({ outcome }) => outcome === "failed"),
      [
        {
          subject: "permissions: configmaps",
          outcome: "failed",
          found: "missing: configmaps in namespace datasets-server: create, watch",
        },
      ],
    );
  });

  it("finds the custom resources that the stack needs", async () => {
    const { outcome, found } = await finding(checkCustomResources(client, rights));
    assert.deepEqual([outcome, found], ["ok", "monitoring.coreos.com/v1 has servicemonitors"]);
  });

  it("misses custom resources one by one, and all of them", async () => {
    const more = permissionsFor(["PodMonitor", "ServiceMonitor"], namespace);
    await assert.rejects(checkCustomResources(client, more), /monitoring\.coreos\.com\/v1 has no podmonitors here/);
    says({ "GET /apis/monitoring.coreos.com/v1": notFound });
    await assert.rejects(checkCustomResources(client, more), /has no podmonitors, servicemonitors here/);
  });

  it("asks for no custom resources where the stack has none", async () => {
    says({ "GET /apis/monitoring.coreos.com/v1": notFound });
    const { found } = await finding(checkCustomResources(client, permissionsFor(["ConfigMap"], namespace)));
    assert.equal(found, "the stack uses none");
  });

  describe("and its namespace", () => {
    const where = (create: boolean) => ({
      scope: { stack: "prod", release: "datasets-server-prod", namespace },
      namespace: { create, keep: true },
    });
    const path = `GET /api/v1/namespaces/${namespace}`;

    it("is content with the labels it should have", async () => {
      assert.equal((await finding(checkNamespace(client, where(false)))).outcome, "ok");
    });

    it("warns of those that are missing or different, with the command that sets them", async () => {
      const [[gate, enabled] = ["", ""], [security] = [""]] = Object.entries(namespaceLabels);
      says({ [path]: { body: namespaceWith({ [gate]: enabled, [security]: "privileged" }) } });
      const { outcome, next } = await finding(checkNamespace(client, where(false)));
      assert.equal(outcome, "warning");
      assert.match(
        next ?? "",
        /kubectl label namespace datasets-server pod-security\.kubernetes\.io\/enforce=restricted$/,
      );
    });

    it("needs one that is there, unless the stack makes it", async () => {
      says({ [path]: notFound });
      await assert.rejects(checkNamespace(client, where(false)), /is not there.*\nNext: have an administrator/);
      assert.equal((await finding(checkNamespace(client, where(true)))).outcome, "ok");
    });

    it("does not know where it may not look", async () => {
      says({ [path]: forbidden });
      const { outcome, next } = await finding(checkNamespace(client, where(false)));
      assert.equal(outcome, "unknown");
      assert.match(next ?? "", /kubectl get namespace datasets-server --show-labels/);
    });
  });
});

function reach(server: string) {
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server, "insecure-skip-tls-verify": true } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    users: [{ name: "test", user: { token: "never shown" } }],
  };
  return { kubeconfig: JSON.stringify(kubeconfig), context: "test" };
}
