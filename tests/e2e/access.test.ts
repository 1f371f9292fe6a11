import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiException, type KubernetesObject, PatchStrategy } from "@kubernetes/client-node";
import { parseDocument } from "yaml";
import { deployAccess, environmentRole, environmentsAccess, groups, previewAccess } from "../../cli/access/rbac";
import { environmentIdentity } from "../../cli/environments/input";
import { prepareNamespace } from "../../cli/environments/namespace";
import { stackFile } from "../../cli/lib/project";
import { kubernetesClient } from "../../cluster/kubernetesClient";
import { allObjects, buildObjects } from "../../components/buildObjects";
import type { Config } from "../../config/build";
import { neededPermissions, type Permission } from "../../safety/permissions";
import type { RunResult } from "../../tools/run";
import type { Engine } from "../support/e2e/engine";
import { type ClusterOfIdentities, clusterOfIdentities, permissionText } from "../support/e2e/identities";
import type { Kubernetes } from "../support/e2e/kubernetes";
import { previewPlan } from "../support/e2e/plan";
import { localClusterVariables, newEngine, suiteFolder } from "../support/e2e/world";
import { readConfig, stackConfig } from "../support/stackConfig";

const namespace = "datasets-server";

/** As on the EKS clusters: the namespace is there, and is nobody's to change. */
const inGivenNamespace = { "datasets-server:namespace": { create: false } };

describe("access", () => {
  let cluster: ClusterOfIdentities<"deployer" | "previewer">;
  let administrator: Kubernetes;
  let deployer: Kubernetes;

  before(async () => {
    cluster = await clusterOfIdentities(await suiteFolder("access-cluster"), {
      deployer: [groups.deploy],
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

    before(async () => {
      const config = { ...readConfig(stackFile("local")), ...textOf(inGivenNamespace) };
      permissions = permissionsOf(await stackConfig("local", { config }));
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

  describe("with the generated roles for environments", () => {
    const environment = environmentIdentity("7") ?? assert.fail("7 is the number of a pull request");
    let engine: Engine;
    const fenced = /may make, change and delete namespaces of environments only/;

    before(async () => {
      await apply(administrator, environmentsAccess(permissionsOf(await stackConfig(environment.stack))));
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
      await assertForbidden(bind(environment.namespace, environmentRole, "system:authenticated"), /to itself only/);
    });

    it("brings an environment up and takes it down again, its namespace too", async () => {
      const file = ["--config-file", "Pulumi.local.yaml"];
      succeeded(await engine.up(...file));
      succeeded(await engine.destroy(...file));
      const names = (await administrator.core.listNamespace()).items.map(({ metadata }) => metadata?.name);
      assert.ok(!names.includes(environment.namespace) && names.includes(namespace), names.join(" "));
    });
  });
});

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

function permissionsOf({ datasetsServer }: Config): Permission[] {
  return neededPermissions(allObjects(buildObjects(datasetsServer)), datasetsServer.scope.namespace);
}
