import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiException, type KubernetesObject, PatchStrategy, type V1ResourceAttributes } from "@kubernetes/client-node";
import { parseDocument } from "yaml";
import { z } from "zod";
import { type Scope, stackLabel } from "../../catalog/names";
import { clusterAccess, exampleEnvironment } from "../../cli/access/clusters";
import {
  deployAccess,
  driftAccess,
  environmentRole,
  environmentsAccess,
  groups,
  previewAccess,
} from "../../cli/access/rbac";
import { deployed, driftOnCluster } from "../../cli/drift/cluster";
import { refresh, refreshedDrift } from "../../cli/drift/refreshed";
import { environmentIdentity } from "../../cli/environments/input";
import { prepareNamespace } from "../../cli/environments/namespace";
import { plainObjects } from "../../cli/lib/objects";
import { projectFolder, stackFile } from "../../cli/lib/project";
import { readStack } from "../../cli/lib/stackFile";
import { kubernetesClient } from "../../cluster/kubernetesClient";
import { stackOutputs } from "../../cluster/outputs";
import { allObjects, buildObjects } from "../../components/buildObjects";
import type { ManagedKind, PlainObject } from "../../components/objects";
import type { Config } from "../../config/build";
import { neededPermissions, type Permission } from "../../safety/permissions";
import { findTools } from "../../tools/install";
import type { RunResult } from "../../tools/run";
import { localGroups } from "../../tools/toolbox";
import type { Engine } from "../support/e2e/engine";
import { type ClusterOfIdentities, clusterOfIdentities, permissionText } from "../support/e2e/identities";
import type { Kubernetes } from "../support/e2e/kubernetes";
import { previewPlan } from "../support/e2e/plan";
import { localClusterVariables, newEngine, suiteFolder } from "../support/e2e/world";
import { requestsOf, runnerOf } from "../support/kubectl";
import { readConfig, stackConfig } from "../support/stackConfig";

const namespace = "datasets-server";

/** As on the EKS clusters: the namespace is there, and is nobody's to change. */
const inGivenNamespace = { "datasets-server:namespace": { create: false } };

describe("access", () => {
  let cluster: ClusterOfIdentities<"deployer" | "drifter" | "previewer">;
  let administrator: Kubernetes;
  let deployer: Kubernetes;

  before(async () => {
    cluster = await clusterOfIdentities(await suiteFolder("access-cluster"), {
      deployer: [groups.deploy],
      drifter: [groups.drift],
      previewer: [groups.preview],
    });
    administrator = cluster.kubernetes;
    deployer = cluster.identity("deployer").kubernetes;
    await administrator.core.createNamespace({ body: { metadata: { name: namespace } } });
  });
  after(() => cluster.stop());

  describe("with the generated roles of one namespace", () => {
    let engine: Engine;
    let previewer: Engine;
    let permissions: readonly Permission[];
    let datasetsServer: Config["datasetsServer"];

    before(async () => {
      const config = { ...readConfig(stackFile("local")), ...textOf(inGivenNamespace) };
      ({ datasetsServer } = await stackConfig("local", { config }));
      permissions = permissionsOf({ datasetsServer });
      const folder = await suiteFolder("access");
      engine = await newEngine("local", folder, localClusterVariables(cluster.identity("deployer")));
      previewer = engine.with(localClusterVariables(cluster.identity("previewer")));
      await setInFile(engine, inGivenNamespace);
      await apply(administrator, previewAccess(permissions, namespace));
    });

    it("names every missing permission at once, and then touches nothing", async () => {
      const missing = (permission: Permission) =>
        (permission.resource === "pods" && permission.verb === "watch") || permission.resource === "ingresses";
      await apply(administrator, deployAccess(permissions.filter((permission) => !missing(permission))));
      const { code, stdout, stderr } = await engine.up();
      const said = stdout + stderr;
      assert.notEqual(code, 0, said);
      assert.ok(
        said.includes(
          [
            "deployer lacks permissions on the cluster that this stack needs; no changes were made:",
            "      pods in namespace datasets-server: watch",
            "      ingresses.networking.k8s.io in namespace datasets-server: create, delete, get, list, patch, watch",
            "    Next: ask an administrator of the cluster for the roles of docs/access.md, then run again",
          ].join("\n"),
        ),
        said,
      );
      assert.doesNotMatch(said, /^\s+at .*:\d+:\d+/m, "shows a stack trace");
      const registered = (await engine.stateResources()).filter(({ type }) => type !== "pulumi:pulumi:Stack");
      assert.deepEqual(registered, []);
      await apply(administrator, deployAccess(permissions));
    });

    it("brings the stack up", async () => {
      succeeded(await engine.up());
    });

    it("lets the deployer look at no node, no namespace and no definition of a custom resource", async () => {
      await assertForbidden(deployer.core.listNode());
      await assertForbidden(deployer.core.listNamespace());
      await assertForbidden(deployer.objects.list("apiextensions.k8s.io/v1", "CustomResourceDefinition"));
      await assertForbidden(deployer.core.listNamespacedSecret({ namespace: "kube-system" }));
    });

    it("previews an update as fully for those who may only look as for those who deploy", async () => {
      const roleArn = "arn:aws:iam::707930574880:role/pods";
      await setInFile(engine, { "datasets-server:serviceAccount": { roleArn } });
      await engine.configure("services.api.replicas", "3");
      await engine.configure("env.API_MAX_AGE_LONG", "60");
      const plan = await previewPlan(engine);
      assert.deepEqual(Object.keys(plan).sort(), ["create", "delete", "update"], JSON.stringify(plan));
      // The provider's own change is whose kubeconfig it has.
      const update = [...(plan.update ?? []), "kubernetes kubernetes"];
      assert.deepEqual(await previewPlan(previewer), { ...plan, update });
    });

    it("lets those who may only look read no Secret and change nothing", async () => {
      const { core, objects } = cluster.identity("previewer").kubernetes;
      const secret = { namespace, name: "datasets-server-hf-token" };
      await administrator.core.readNamespacedSecret(secret);
      await assertForbidden(core.readNamespacedSecret(secret));
      await assertForbidden(core.listNamespacedSecret({ namespace }));
      const metadata = { namespace, name: "datasets-server-local", labels: { changed: "by-somebody" } };
      await assertForbidden(objects.patch({ apiVersion: "v1", kind: "ServiceAccount", metadata }));
      await assertForbidden(core.deleteNamespacedServiceAccount(metadata));
    });

    it("finds drift for those who may only read, and takes no permission that they do not have or do not need", async () => {
      succeeded(await engine.up());
      const built = plainObjects(datasetsServer);
      const objects = driftAccess(permissions, built, namespace);
      await apply(administrator, objects);
      const found = await asDrifter(async () => {
        const refreshed = await refresh(
          { executable: findTools(localGroups).pulumi, environment: engine.environment },
          "local",
        );
        const { drift, unknown } = await driftOnCluster(deployed(refreshed));
        return {
          drift: [...refreshedDrift(refreshed), ...drift].map(({ object, field }) => `${object} ${field}`),
          unknown,
        };
      });
      assert.deepEqual(found, { drift: [], unknown: ["Secret"] });
      const used = await cluster.usedRights("drifter");
      const given = z
        .array(z.object({ apiGroups: z.array(z.string()), resources: z.array(z.string()), verbs: z.array(z.string()) }))
        .parse(objects[0]?.rules);
      const unused = given
        .flatMap(({ apiGroups: [group = ""], resources, verbs }) =>
          resources.flatMap((resource) => verbs.map((verb) => permissionText({ verb, group, resource, namespace }))),
        )
        .filter((permission) => !used.has(permission));
      assert.deepEqual(unused, []);
    });

    it("lets those who look for drift write nothing, and read no Secret of others", async () => {
      const { core, objects } = cluster.identity("drifter").kubernetes;
      await core.readNamespacedSecret({ namespace, name: "datasets-server-hf-token" });
      await administrator.core.createNamespacedSecret({ namespace, body: { metadata: { name: "of-others" } } });
      await assertForbidden(core.readNamespacedSecret({ namespace, name: "of-others" }));
      await assertForbidden(core.listNamespacedSecret({ namespace }));
      const metadata = { namespace, name: "datasets-server-local", labels: { changed: "by-somebody" } };
      await assertForbidden(objects.patch({ apiVersion: "v1", kind: "ServiceAccount", metadata }));
      await assertForbidden(core.createNamespacedConfigMap({ namespace, body: { metadata: { name: "new" } } }));
    });

    /** Runs something with the kubeconfig that the stack's state names, as the identity that looks for drift. */
    async function asDrifter<T>(run: () => Promise<T>): Promise<T> {
      const { kubeconfig } = cluster.identity("deployer");
      const before = await fs.readFile(kubeconfig);
      await fs.copyFile(cluster.identity("drifter").kubeconfig, kubeconfig);
      return run().finally(() => fs.writeFile(kubeconfig, before));
    }

    it("updates, refreshes and destroys the stack", async () => {
      succeeded(await engine.up());
      succeeded(await engine.refresh("--yes", "--skip-preview"));
      succeeded(await engine.destroy());
      assert.deepEqual(await engine.stateResources(), []);
    });

    it("holds no permission that was not used meanwhile", async () => {
      const used = await cluster.usedRights("deployer");
      const unused = permissions
        .map((permission) => permissionText(permission))
        .filter((permission) => !used.has(permission));
      assert.deepEqual(unused, []);
    });
  });

  /** Asks the API server whether a member of a group may. */
  async function may(group: string, resourceAttributes: V1ResourceAttributes): Promise<boolean> {
    const spec = { user: "somebody", groups: [group], resourceAttributes };
    const { status } = await administrator.authorization.createSubjectAccessReview({ body: { spec } });
    return status?.allowed ?? false;
  }

  describe("with the roles of those who look around", () => {
    before(async () => {
      await apply(administrator, clusterAccess("hub-ephemeral").objects);
    });

    it("allow what every kubectl command does that a document or a stack's output prints", async () => {
      const printed = await printedCommands();
      assert.ok(printed.length > 40, `${printed.length}`);
      const wrong: string[] = [];
      for (const { where, line } of printed) {
        const who = runnerOf(line);
        if (who === "an administrator" || who === "no one") continue;
        for (const resourceAttributes of requestsOf(line, namespace)) {
          if (!(await may(groups[who], resourceAttributes)))
            wrong.push(`${where}: ${line}: ${who} lacks ${JSON.stringify(resourceAttributes)}`);
        }
      }
      assert.deepEqual(wrong, []);
    });

    it("neither read a Secret nor write, and run commands in pods only for those who may do that too", async () => {
      const attributes = (verb: string, resource: string, subresource?: string) => ({
        ...{ namespace, verb, resource, ...(subresource && { subresource }) },
      });
      const inPods = [attributes("create", "pods", "exec"), attributes("create", "pods", "portforward")];
      const more = [attributes("get", "secrets"), attributes("list", "secrets"), attributes("patch", "configmaps")];
      for (const request of [...inPods, ...more]) {
        assert.equal(await may(groups.look, request), false, JSON.stringify(request));
      }
      for (const request of inPods) assert.ok(await may(groups.exec, request), JSON.stringify(request));
      for (const request of more) assert.equal(await may(groups.exec, request), false, JSON.stringify(request));
    });

    /** Each kubectl command that a page of the documentation shows, and those of the outputs. */
    async function printedCommands(): Promise<{ where: string; line: string }[]> {
      const docs = await fs.readdir(path.join(projectFolder, "docs"), { recursive: true });
      const files = ["README.md", ...docs.filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`)];
      const pages = files.map(async (file) => {
        const text = await fs.readFile(path.join(projectFolder, file), "utf8");
        const found = text.matchAll(/(?:^|[`( ])(kubectl [^`\n)|]*)/gm);
        return [...found].map(([, line = ""]) => ({ where: file, line: line.trim() }));
      });
      const { cluster, datasetsServer } = readStack("ephemeral").config;
      const built = allObjects(buildObjects(datasetsServer));
      const { commands } = stackOutputs(cluster, datasetsServer.scope, { url: "", images: {} }, built);
      const lines = [commands.pods, ...Object.values(commands.logs), ...Object.values(commands.describe)];
      const outputs = lines.map((line) => ({ where: "outputs", line }));
      return [...(await Promise.all(pages)).flat(), ...outputs].filter(({ line }) => line.startsWith("kubectl "));
    }
  });

  describe("with the generated roles for environments", () => {
    const environment = environmentIdentity("7") ?? assert.fail("7 is the number of a pull request");
    let engine: Engine;
    const fenced = /may make, change and delete namespaces of environments only/;

    before(async () => {
      const { environments = [] } = clusterAccess("hub-ephemeral");
      await apply(administrator, environments);
      const folder = await suiteFolder("environment");
      engine = await newEngine(environment.stack, folder, localClusterVariables(cluster.identity("deployer")));
      await setInFile(engine, { "datasets-server:workers": {} });
      await fenceStands(deployer);
    });

    it("lets the deployer make no namespace but those of environments", async () => {
      for (const name of ["datasets-server-pr-0", "datasets-server-pr-7-x", "datasets-server-prod", "somebody-elses"]) {
        await assertForbidden(deployer.core.createNamespace({ body: { metadata: { name } } }), fenced);
      }
      await assertForbidden(
        deployer.core.createNamespace({ body: { metadata: { generateName: "datasets-server-pr-7" } } }),
        fenced,
      );
    });

    it("lets the deployer neither change nor delete other namespaces", async () => {
      for (const name of [namespace, "kube-system"]) {
        const metadata = { name, labels: { "pod-security.kubernetes.io/enforce": "privileged" } };
        await assertForbidden(deployer.objects.patch({ apiVersion: "v1", kind: "Namespace", metadata }), fenced);
        await assertForbidden(deployer.core.deleteNamespace({ name }));
      }
    });

    it("lets the deployer take permissions in an environment, as ds pr up does, and there alone", async () => {
      await assertForbidden(deployer.core.listNamespacedSecret({ namespace: environment.namespace }));
      const { kubeconfig } = cluster.identity("deployer");
      const client = await kubernetesClient({ kubeconfig, context: "datasets-server-local" })();
      await prepareNamespace(client, environment);
      // What is there already stays.
      await prepareNamespace(client, environment);
      await deployer.core.listNamespacedSecret({ namespace: environment.namespace });
      await assertForbidden(deployer.core.listNamespacedSecret({ namespace: "kube-system" }));
      const logs = { namespace: environment.namespace, verb: "get", resource: "pods", subresource: "log" };
      assert.deepEqual([await may(groups.look, logs), await may(groups.preview, logs)], [true, false]);
    });

    it("lets the deployer bind that role nowhere else, no other role, and to no one else", async () => {
      const bind = (where: string, role: string, group: string) =>
        deployer.objects.create({
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "RoleBinding",
          metadata: { name: "more", namespace: where },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
          subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: group }],
        });
      await assertForbidden(bind("kube-system", environmentRole, groups.deploy), fenced);
      await assertForbidden(bind(namespace, environmentRole, groups.deploy), fenced);
      await assertForbidden(bind(environment.namespace, "cluster-admin", groups.deploy));
      await assertForbidden(
        bind(environment.namespace, environmentRole, "system:authenticated"),
        /to their groups only/,
      );
    });

    it("lets the deployer make there whatever an environment of staging has, on each of its load balancers", async () => {
      for (const stack of ["pr-7", "pr-8"]) {
        const { datasetsServer } = readStack(stack).config;
        for (const object of renamed(plainObjects(datasetsServer), datasetsServer.scope, environment)) {
          if (object.kind !== "Namespace") await deployer.objects.create(object, undefined, "All");
        }
      }
    });

    describe("lets the deployer make there nothing else:", () => {
      const made = plainObjects(readStack(environment.stack).config.datasetsServer);
      const staging = plainObjects(readStack("ephemeral").config.datasetsServer);
      const stagings = one(staging, "Ingress", "-api");
      const host = "datasets-server.us.dev.moon.huggingface.tech";

      const pods = "spec.template.spec";
      const api = `${pods}.containers.0`;
      const alb = "alb.ingress.kubernetes.io";
      const annotation = (key: string) => ["metadata", "annotations", key];
      const privileged = { privileged: true };
      const hostPath = { name: "scratch", hostPath: { path: "/" } };
      const forward = {
        type: "forward",
        targetGroupARN: "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/prod/1",
      };
      const condition = [{ field: "host-header", hostHeaderConfig: { values: [host] } }];
      const token = { sources: [{ serviceAccountToken: { path: "token", audience: "sts.amazonaws.com" } }] };
      const role = "arn:aws:iam::707930574880:role/anyone";

      const refused: readonly (readonly [string, ManagedKind, string | readonly string[], unknown, RegExp])[] = [
        ["a privileged container", "Deployment", `${api}.securityContext`, privileged, /security contexts/],
        ["pods of root", "Deployment", `${pods}.securityContext`, { runAsUser: 0 }, /security contexts/],
        ["pods with the host's processes", "Deployment", `${pods}.hostPID`, true, /nothing of the host/],
        ["pods with the host's network", "Job", `${pods}.hostNetwork`, true, /nothing of the host/],
        ["pods on the nodes of others", "Deployment", `${pods}.nodeSelector`, { pool: "x" }, /no other nodes/],
        ["pods that evict others", "StatefulSet", `${pods}.priorityClassName`, "system-node-critical", /no priority/],
        ["a volume of the host", "Deployment", `${pods}.volumes.0`, hostPath, /volumes of the sorts/],
        [
          "a token for AWS",
          "Deployment",
          `${pods}.volumes.0`,
          { name: "scratch", projected: token },
          /volumes of the sorts/,
        ],
        ["another service account", "Deployment", `${pods}.serviceAccountName`, "default", /service account/],
        ["another image", "Deployment", `${api}.image`, "example.org/miner:1", /the program's images/],
        [
          "a role by a pod's annotation",
          "Deployment",
          ["spec", "template", "metadata", "annotations", "iam.amazonaws.com/role"],
          role,
          /annotate pods/,
        ],
        ["external addresses", "Service", "spec.externalIPs", ["10.12.0.1"], /no addresses/],
        ["a load balancer of a Service", "Service", "spec.type", "LoadBalancer", /of the types/],
        [
          "staging's group",
          "Ingress",
          annotation(`${alb}/group.name`),
          stagings.metadata.annotations?.[`${alb}/group.name`],
          /annotate/,
        ],
        [
          "staging's load balancer",
          "Ingress",
          annotation(`${alb}/load-balancer-name`),
          stagings.metadata.annotations?.[`${alb}/load-balancer-name`],
          /annotate/,
        ],
        ["staging's host", "Ingress", "spec.rules.0.host", host, /own host only/],
        ["staging's certificate", "Ingress", "spec.tls.0.hosts", [host], /own host only/],
        ["a rule for every host", "Ingress", "spec.rules.0.host", undefined, /own host only/],
        [
          "a rule for what no other rule takes",
          "Ingress",
          "spec.defaultBackend",
          { service: { name: "a", port: { number: 1 } } },
          /fields of an Ingress/,
        ],
        [
          "a host by a condition",
          "Ingress",
          annotation(`${alb}/conditions.api`),
          JSON.stringify(condition),
          /annotate/,
        ],
        [
          "production's target group",
          "Ingress",
          annotation(`${alb}/actions.metrics-unauthorized`),
          JSON.stringify(forward),
          /annotate/,
        ],
        ["a role of pods", "ServiceAccount", annotation("eks.amazonaws.com/role-arn"), role, /annotate/],
        [
          "a host name by annotation",
          "Service",
          annotation("external-dns.alpha.kubernetes.io/hostname"),
          host,
          /annotate/,
        ],
        ["a Secret of another type", "Secret", "type", "example.org/token", /Secrets of the types/],
        ["a volume of others", "PersistentVolumeClaim", "spec.volumeName", "staging-parquet", /no volume/],
        [
          "a snapshot of others",
          "PersistentVolumeClaim",
          "spec.dataSource",
          { kind: "PersistentVolumeClaim", name: "x" },
          /no volume/,
        ],
        ["metrics of all namespaces", "ServiceMonitor", "spec.namespaceSelector", { any: true }, /own pods/],
        [
          "Prometheus' own token",
          "ServiceMonitor",
          "spec.endpoints.0.bearerTokenFile",
          "/var/run/secrets/token",
          /nothing of its own/,
        ],
      ];
      for (const [what, kind, path, value, because] of refused) {
        it(what, async () => {
          const object = withValue(one(made, kind), typeof path === "string" ? path.split(".") : path, value);
          await assertForbidden(deployer.objects.create(object, undefined, "All"), because);
        });
      }

      it("a token of a service account", async () => {
        const named = withValue(one(made, "Secret"), annotation("kubernetes.io/service-account.name"), "default");
        const secret = withValue(named, ["type"], "kubernetes.io/service-account-token");
        await assertForbidden(deployer.objects.create(secret, undefined, "All"), /annotate|of the types/);
      });

      it("a namespace without Pod Security, or with another level, or with the label of another's", async () => {
        const labels = one(made, "Namespace").metadata.labels ?? {};
        const level = "pod-security.kubernetes.io/enforce";
        const others = [
          [{ [level]: "privileged" }, /leave no namespace without/],
          [{ [level]: undefined }, /leave no namespace without/],
          [{ "pod-security.kubernetes.io/enforce-version": "v1.0" }, /label a namespace only/],
          [{ "network-policy.example.org/reaches": "staging" }, /label a namespace only/],
          [{ [stackLabel]: "pr-8" }, /label a namespace only/],
        ] as const;
        for (const [changed, because] of others) {
          const metadata = { name: environment.namespace, labels: { ...labels, ...changed } };
          const patched = { apiVersion: "v1", kind: "Namespace", metadata };
          // A label whose value is null is removed.
          const patch = JSON.parse(JSON.stringify(patched, (_key, value) => value ?? null));
          await assertForbidden(deployer.objects.patch(patch), because);
          const fresh = JSON.parse(JSON.stringify({ metadata }).replaceAll("pr-7", "pr-9"));
          await assertForbidden(deployer.core.createNamespace({ body: fresh, dryRun: "All" }), because);
        }
      });
    });

    describe("made for the environments of the local cluster", () => {
      it("brings an environment up and takes it down again, its namespace too", async () => {
        const { datasetsServer } = readStack(environment.stack, path.join(engine.folder, "Pulumi.local.yaml")).config;
        const example = exampleEnvironment(datasetsServer);
        await apply(
          administrator,
          environmentsAccess(neededPermissions(allObjects(buildObjects(datasetsServer)), environment.namespace), [
            example,
          ]),
        );
        await holds(() => deployer.objects.create(one(example.objects, "Ingress"), undefined, "All"));
        const file = ["--config-file", "Pulumi.local.yaml"];
        succeeded(await engine.up(...file));
        succeeded(await engine.destroy(...file));
        const names = (await administrator.core.listNamespace()).items.map(({ metadata }) => metadata?.name);
        assert.ok(!names.includes(environment.namespace) && names.includes(namespace), names.join(" "));
      });
    });
  });
});

/** Returns an object of a kind, the first whose name ends so. */
function one(objects: readonly PlainObject[], kind: ManagedKind, ending = ""): PlainObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name.endsWith(ending));
  return found ?? assert.fail(`there is no ${kind} called ...${ending}`);
}

/** Returns objects as another environment has them. */
function renamed(objects: readonly PlainObject[], from: Scope, to: Pick<Scope, "namespace" | "stack">): PlainObject[] {
  const text = JSON.stringify(objects)
    .replaceAll(from.namespace, to.namespace)
    .replaceAll(`"${from.stack}"`, `"${to.stack}"`);
  return JSON.parse(text);
}

/** Returns an object with another value at a path. */
function withValue(object: PlainObject, keys: readonly string[], value: unknown): PlainObject {
  const changed = structuredClone(object);
  const last = keys.at(-1) ?? "";
  const parent = keys.slice(0, -1).reduce<Record<string, unknown>>((inner, key) => {
    inner[key] ??= {};
    return Object(inner[key]);
  }, Object(changed));
  parent[last] = value;
  return changed;
}

/** Waits until the API server heeds policies that were just applied, and takes what they allow. */
async function holds(request: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const error = await request().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined) return;
    if (Date.now() > deadline) throw error;
    await sleep(200);
  }
}

/** Waits until the API server heeds the admission policy, which it reads a moment after it was made. */
async function fenceStands({ core }: Kubernetes): Promise<void> {
  const deadline = Date.now() + 30_000;
  const body = { metadata: { name: "somebody-elses" } };
  while (
    await core.createNamespace({ body, dryRun: "All" }).then(
      () => true,
      () => false,
    )
  ) {
    assert.ok(Date.now() < deadline, "the admission policy has no effect after 30 s");
    await sleep(200);
  }
}

/** Values of a stack file as the engine hands them to the program. */
function textOf(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, JSON.stringify(value)]));
}

/** Sets values in the file that configures stack local, and a pull request's where it is beside that. */
async function setInFile({ folder }: Engine, values: Readonly<Record<string, unknown>>): Promise<void> {
  const file = path.join(folder, "Pulumi.local.yaml");
  const document = parseDocument(await fs.readFile(file, "utf8"));
  for (const [key, value] of Object.entries(values)) document.setIn(["config", key], value);
  await fs.writeFile(file, document.toString());
}

/** As `kubectl apply --server-side` does. */
async function apply({ objects }: Kubernetes, wanted: readonly KubernetesObject[]): Promise<void> {
  for (const object of wanted) {
    await objects.patch(object, undefined, undefined, "administrator", true, PatchStrategy.ServerSideApply);
  }
}

async function assertForbidden(request: Promise<unknown>, because = /forbidden/): Promise<void> {
  await assert.rejects(request, (error) => {
    assert.ok(error instanceof ApiException && [403, 422].includes(error.code), String(error));
    assert.match(error.message, because);
    return true;
  });
}

function succeeded({ code, stdout, stderr }: RunResult): void {
  assert.equal(code, 0, stdout + stderr);
}

function permissionsOf({ datasetsServer }: Pick<Config, "datasetsServer">): Permission[] {
  return neededPermissions(allObjects(buildObjects(datasetsServer)), datasetsServer.scope.namespace);
}
