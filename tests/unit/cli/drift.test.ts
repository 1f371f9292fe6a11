import assert from "node:assert/strict";
import { DiffKind } from "@pulumi/pulumi/automation";
import { driftMarkdown } from "../../../cli/drift";
import { deployed, differencesOf } from "../../../cli/drift/cluster";
import { fieldPaths, writersOf } from "../../../cli/drift/managers";
import { type Refreshed, refreshedDrift } from "../../../cli/drift/refreshed";
import { findStrangers } from "../../../cli/drift/strangers";
import type { LiveObjects } from "../../../cluster/liveObjects";

const container = (env: object) => ({ "f:spec": { "f:containers": { 'k:{"name":"api"}': { "f:env": env } } } });

describe("fields that the API server knows a writer of", () => {
  it("are told by their path, items of lists by their keys", () => {
    assert.deepEqual(fieldPaths({ "f:spec": { "f:replicas": {}, "f:strategy": { "f:type": {} } } }), [
      "spec.replicas",
      "spec.strategy.type",
    ]);
    assert.deepEqual(fieldPaths(container({ 'k:{"name":"A"}': { "f:value": {} } })), [
      "spec.containers[name=api].env[name=A].value",
    ]);
    assert.deepEqual(fieldPaths({ "f:ports": { 'k:{"port":80,"protocol":"TCP"}': { "f:name": {} } } }), [
      "ports[port=80,protocol=TCP].name",
    ]);
  });

  it("are one where a whole item was added", () => {
    assert.deepEqual(fieldPaths(container({ 'k:{"name":"A"}': { ".": {}, "f:name": {}, "f:value": {} } })), [
      "spec.containers[name=api].env[name=A]",
    ]);
  });

  it("keep the dots of labels, annotations and finalizers apart from those between fields", () => {
    assert.deepEqual(
      fieldPaths({ "f:metadata": { "f:labels": { "f:a.example/b": {} }, "f:finalizers": { 'v:"a/b"': {} } } }),
      ["metadata.labels[a.example/b]", "metadata.finalizers[a/b]"],
    );
  });
});

describe("an object on the cluster", () => {
  const container = { name: "api", image: "api:1", ports: [{ name: "http", containerPort: 8080 }] };
  const wanted = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "api", namespace: "n", labels: { app: "api" }, annotations: { a: "1" } },
    spec: { template: { spec: { containers: [{ ...container, env: [], resources: { limits: { cpu: "1000m" } } }] } } },
  };

  /** Where an object as it is on the cluster differs, by what was changed of it there. */
  function found(
    change: (live: {
      metadata: Record<string, unknown>;
      spec: Record<string, unknown>;
      pod: Record<string, unknown>;
    }) => void,
  ) {
    const filledIn = { terminationMessagePath: "/dev/termination-log", resources: { limits: { cpu: "1" } } };
    const ports = [{ name: "http", containerPort: 8080, protocol: "TCP" }];
    const pod: Record<string, unknown> = {
      containers: [{ ...container, ...filledIn, ports }],
      dnsPolicy: "ClusterFirst",
    };
    const metadata: Record<string, unknown> = { ...wanted.metadata, uid: "u", resourceVersion: "7", generation: 2 };
    const live = {
      metadata,
      spec: { template: { spec: pod } },
      status: { replicas: 1 },
      apiVersion: "apps/v1",
      kind: "Deployment",
    };
    change({ metadata, spec: live.spec, pod });
    return differencesOf(wanted, live).map(({ field, what, pointer }) => `${what} ${field} ${pointer}`);
  }

  it("is as it was deployed with what the API server fills in, leaves out, and writes otherwise", () => {
    assert.deepEqual(
      found(() => {}),
      [],
    );
  });

  it("differs where a field was added, changed or removed, whoever is named for it", () => {
    const names = ["pulumi-kubernetes-datasets-server", "pulumi-kubernetes-evil", undefined];
    for (const manager of names) {
      const fieldsV1 = { "f:spec": { "f:template": { "f:spec": { "f:initContainers": {} } } } };
      assert.deepEqual(
        found(({ metadata, pod }) => {
          metadata.managedFields = [{ manager, fieldsV1 }];
          metadata.labels = {};
          pod.initContainers = [{ name: "evil" }];
          pod.containers = [{ ...container, image: "evil:1" }];
        }),
        [
          "removed metadata.labels /metadata/labels",
          "changed spec.template.spec.containers[name=api].image /spec/template/spec/containers/0/image",
          "removed spec.template.spec.containers[name=api].resources /spec/template/spec/containers/0/resources",
          "added spec.template.spec.initContainers /spec/template/spec/initContainers",
        ],
      );
    }
  });

  it("differs where a field has another value than the API server fills in", () => {
    assert.deepEqual(
      found(({ pod }) => {
        pod.dnsPolicy = "Default";
      }),
      ["added spec.template.spec.dnsPolicy /spec/template/spec/dnsPolicy"],
    );
  });

  it("may have its number of pods set by the autoscaler, and by no one else", () => {
    const scaled = (manager: string) =>
      found(({ metadata, spec }) => {
        spec.replicas = 3;
        metadata.managedFields = [{ manager, subresource: "scale", fieldsV1: { "f:spec": { "f:replicas": {} } } }];
      });
    assert.deepEqual(scaled("kube-controller-manager"), []);
    assert.deepEqual(scaled("kubectl"), ["added spec.replicas /spec/replicas"]);
  });

  it("may be restarted, and carry what controllers write: each where it has to", () => {
    const restarted = "kubectl.kubernetes.io/restartedAt";
    assert.deepEqual(
      found(({ spec, pod }) => {
        spec.template = { metadata: { annotations: { [restarted]: "now" } }, spec: pod };
      }),
      [],
    );
    assert.deepEqual(
      found(({ metadata }) => {
        metadata.annotations = { a: "1", "deployment.kubernetes.io/revision": "2" };
        metadata.finalizers = ["example.org/evil"];
      }),
      [
        "added metadata.annotations[deployment.kubernetes.io/revision] /metadata/annotations/deployment.kubernetes.io~1revision",
        "added metadata.finalizers /metadata/finalizers",
      ],
    );
  });

  it("has the fields of a NetworkPolicy by their own names, and is another where a rule lets everything in", () => {
    const metadata = { name: "web" };
    const policy = (ingress: unknown) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata,
      spec: { ingress },
    });
    const from = [{ podSelector: { matchLabels: { app: "api" } } }];
    assert.deepEqual(differencesOf(policy([{ from }]), policy([{ _from: from }])), []);
    const opened = differencesOf(policy([]), policy([{}]));
    assert.deepEqual(
      opened.map(({ what, field }) => `${what} ${field}`),
      ["added spec.ingress"],
    );
  });

  it("keeps the values of a Secret to itself, and shows a key that was added", () => {
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, type: "Opaque" };
    const live = { ...secret, data: { TOKEN: "aGY=", EXTRA: "aGY=" } };
    const fields = differencesOf({ ...secret, stringData: { TOKEN: "[secret]" } }, live).map(({ field }) => field);
    assert.deepEqual(fields, ["data.EXTRA"]);
    // As Pulumi's events have it.
    const masked = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
    assert.deepEqual(differencesOf({ ...secret, stringData: masked }, live), []);
  });
});

describe("who is named for a field", () => {
  it("is everybody who is named for it or for what is in it, but Pulumi by its whole name", () => {
    const fieldsV1 = { "f:spec": { "f:replicas": {} } };
    const names = ["pulumi-kubernetes-datasets-server", "pulumi-kubernetes-datasets-server2", "kubectl"];
    const managed = names.map((manager) => ({ manager, fieldsV1 }));
    assert.deepEqual(writersOf("spec.replicas", managed), ["pulumi-kubernetes-datasets-server2", "kubectl"]);
    assert.deepEqual(writersOf("spec.template", managed), []);
  });
});

describe("what is beside a stack", () => {
  it("is each object that is not the stack's, whatever its labels say, but for what controllers make and what is given", async () => {
    const object = (kind: string, name: string, rest: object = {}) => ({
      kind,
      apiVersion: "v1",
      metadata: { name, namespace: "n", uid: `uid of ${name}`, ...rest },
    });
    const owner = (kind: string, name: string) => ({
      ownerReferences: [{ apiVersion: "v1", kind, name, uid: `uid of ${name}` }],
    });
    const live = [
      object("Deployment", "api"),
      object("ReplicaSet", "api-1", owner("Deployment", "api")),
      object("Pod", "api-1-x", owner("ReplicaSet", "api-1")),
      object("Pod", "forged", owner("ReplicaSet", "another")),
      object("CronJob", "hidden", owner("Deployment", "api")),
      object("ConfigMap", "kube-root-ca.crt"),
      object("ServiceAccount", "default"),
      object("RoleBinding", "datasets-server-deploy"),
      object("RoleBinding", "evil", { labels: { "datasets-server.huggingface.co/stack": "prod" } }),
    ];
    const look: LiveObjects["look"] = async ({ kind }) =>
      kind === "Secret" ? "forbidden" : live.filter((each) => each.kind === kind);
    const own = [{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "api", namespace: "n" } }];
    const { objects, unknown } = await findStrangers({ look }, own);
    assert.deepEqual(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort(), [
      "CronJob hidden",
      "Pod forged",
      "RoleBinding evil",
    ]);
    assert.deepEqual(unknown, ["Secret"]);
  });
});

describe("what a refresh says", () => {
  const outcome = (op: Refreshed["op"], ...fields: readonly string[]): Refreshed => ({
    op,
    type: "kubernetes:apps/v1:Deployment",
    old: { id: "datasets-server/api", inputs: {} },
    detailedDiff: Object.fromEntries(fields.map((field) => [field, { diffKind: DiffKind.update, inputDiff: false }])),
  });
  const object = "Deployment datasets-server/api";

  it("is drift where a field differs or an object is gone, without values", () => {
    assert.deepEqual(refreshedDrift([outcome("update", "spec.replicas")]), [
      { object, field: "spec.replicas", what: "differs from what was deployed" },
    ]);
    assert.deepEqual(refreshedDrift([outcome("delete")]), [{ object, field: "", what: "is gone" }]);
  });

  it("is the whole list where many of its items differ, as when one was put in front", () => {
    const env = "spec.template.spec.containers[0].env";
    const paths = [`${env}[0].name`, `${env}[0].value`, `${env}[1].name`, "spec.template.spec.containers[0].image"];
    assert.deepEqual(
      refreshedDrift([outcome("update", ...paths)]).map(({ field }) => field),
      [env, "spec.template.spec.containers[0].image"],
    );
  });

  it("is none where all is as it was", () => {
    assert.deepEqual(refreshedDrift([outcome("refresh"), outcome("same")]), []);
  });

  it("names the cluster to ask who wrote, and the objects", () => {
    const resource = (type: string, id: string, inputs: Record<string, unknown> = {}): Refreshed => ({
      op: "same",
      type,
      old: { id, inputs },
    });
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "api", namespace: "n" },
      spec: { ports: [] },
    };
    const space = { apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } };
    const refreshed = [
      resource("pulumi:providers:kubernetes", "uuid", { kubeconfig: "/k", context: "c", namespace: "n" }),
      resource("datasets-server:DatasetsServer", ""),
      resource("kubernetes:core/v1:Service", "n/api", service),
      resource("kubernetes:core/v1:Namespace", "n", space),
    ];
    assert.deepEqual(deployed(refreshed), {
      cluster: { kubeconfig: "/k", context: "c" },
      objects: [service, space],
    });
  });

  it("names none before the first update", () => {
    assert.deepEqual(deployed([]), { objects: [] });
  });
});

describe("drift as Markdown", () => {
  it("lets no name that somebody chose end its cell or mention anybody", () => {
    const found = [{ object: "Service n/api", field: "metadata.labels[a|b]", what: "written by `@grace" }];
    assert.match(
      driftMarkdown("prod", found),
      /^\| `Service n\/api` \| `metadata\.labels\[a\\\|b\]` \| `written by '@grace` \|$/m,
    );
  });
});
