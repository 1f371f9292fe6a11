// Loaded here, and not while a check's time runs.
import "@kubernetes/client-node";
import { environmentStack } from "../../catalog/names";
import { type ClientArgs, causeOf, type KubernetesClient, kubernetesClient } from "../../cluster/kubernetesClient";
import { liveObjects } from "../../cluster/liveObjects";
import { UserError } from "../../cluster/userError";
import type { DatasetsServerArgs } from "../../components/buildObjects";
import { namespaceLabels } from "../../components/foundation/namespace";
import { apiVersions } from "../../components/objects";
import type { Config } from "../../config/build";
import { describePermissions, reviewAccess } from "../../safety/accessReview";
import { findConflicts, type Look } from "../../safety/conflicts";
import type { Permission } from "../../safety/permissions";
import { stackAccess } from "../access/clusters";
import { grantDifferences } from "../drift/cluster";
import { type Finding, type Findings, notOk, ok } from "./checkRunner";

/** What to do about a cluster that does not know an identity. */
const askForRoles = "ask an administrator of the cluster for the roles of docs/access.md";

/** Asks the API server for its version, and who it takes this identity for. */
export async function checkApiServer(args: ClientArgs): Promise<Findings<KubernetesClient>> {
  const client = await kubernetesClient(args)();
  try {
    const [{ gitVersion }, { principal }] = await Promise.all([client.version.getCode(), reviewAccess(client, [])]);
    return ok(`Kubernetes ${gitVersion}; you are ${principal}`, client);
  } catch (error) {
    throw isStranger(error)
      ? new UserError(`the API server does not let this identity in (${causeOf(error)})`, askForRoles)
      : new UserError(causeOf(error));
  }
}

/** Whether the API server answered that it does not know this identity, or lets it do nothing. */
function isStranger(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === 401 || error.code === 403);
}

/** Asks for every permission that the stack needs; one finding for each resource. */
export async function checkPermissions(client: KubernetesClient, needed: readonly Permission[]): Promise<Findings> {
  const { missing } = await reviewAccess(client, needed);
  const resources = [...new Set(needed.map(({ resource }) => resource))].sort();
  const findings = resources.map((resource): Finding => {
    const subject = `permissions: ${resource}`;
    const of = (all: readonly Permission[]) =>
      describePermissions(all.filter((one) => one.resource === resource)).join("\n");
    return missing.some((one) => one.resource === resource)
      ? { subject, outcome: "failed", found: `missing: ${of(missing)}` }
      : { subject, outcome: "ok", found: of(needed) };
  });
  return { findings, value: undefined };
}

/** Looks for what an update would harm and is refused for; a finding each for a Helm release and for load balancers. */
export async function checkConflicts(
  client: KubernetesClient,
  { specifiesCutover, datasetsServer: { scope, endpoints } }: Pick<Config, "datasetsServer" | "specifiesCutover">,
): Promise<Findings> {
  const live = liveObjects(() => Promise.resolve(client));
  const { release, loadBalancers } = await findConflicts(live, { scope, specifiesCutover, endpoints });
  const noRelease = specifiesCutover ? "the stack file specifies how to get along with one" : "none is live";
  return {
    findings: [
      conflictFinding("Helm release", release, `${noRelease}, in namespace ${scope.namespace}`),
      conflictFinding("load balancers", loadBalancers, "no Ingress of others has a load balancer of the stack"),
    ],
    value: undefined,
  };
}

function conflictFinding(subject: string, { conflict, unknown }: Look, none: string): Finding {
  if (conflict !== undefined) {
    return { subject, outcome: "failed", found: `an update is refused: ${conflict.found}`, next: conflict.next };
  }
  return unknown.length > 0
    ? { subject, outcome: "unknown", found: `this identity may not list each ${unknown.join(", ")}`, next: askForRoles }
    : { subject, outcome: "ok", found: none };
}

/** Compares the permissions and policies that are on the cluster with those of `ds access`, as far as this identity may look. */
export async function checkAccess(
  { objects, isNotFound, isForbidden }: KubernetesClient,
  stack: string,
): Promise<Findings> {
  const access = stackAccess(environmentStack.test(stack) ? "ephemeral" : stack);
  const wanted = [...access.objects, ...(access.environments ?? [])];
  const states = await Promise.all(
    wanted.map(async (object) => {
      const name = `${object.kind} ${object.metadata.name}`;
      try {
        const isSame = grantDifferences(object, await objects.read(object)).length === 0;
        return { name, state: isSame ? "ok" : "is another" };
      } catch (error) {
        if (isNotFound(error)) return { name, state: "is not there" };
        if (isForbidden(error)) return { name, state: "hidden" };
        throw new UserError(causeOf(error));
      }
    }),
  );
  const wrong = states.filter(({ state }) => state.startsWith("is "));
  const hidden = states.filter(({ state }) => state === "hidden");
  if (wrong.length > 0) {
    const next = `have an administrator apply what ds access ${stack} writes: kubectl apply -f kubernetes.yaml`;
    return notOk("warning", wrong.map(({ name, state }) => `${name} ${state}`).join("; "), next);
  }
  return hidden.length > 0
    ? notOk(
        "unknown",
        `this identity may not look at ${hidden.length} of ${states.length} objects`,
        "the look role of docs/access.md may",
      )
    : ok(`${states.length} objects are as ds access ${stack} writes them`);
}

/** Asks whether the API server serves the custom resources that the stack uses. Every identity may ask that. */
export async function checkCustomResources(
  { customObjects, isNotFound }: KubernetesClient,
  needed: readonly Permission[],
): Promise<Findings> {
  const [group = "", version = ""] = apiVersions.ServiceMonitor.split("/");
  const wanted = [...new Set(needed.filter((right) => right.group === group).map(({ resource }) => resource))];
  if (wanted.length === 0) {
    return ok("the stack uses none");
  }
  const served = await customObjects.getAPIResources({ group, version }).catch((error: unknown) => {
    if (isNotFound(error)) return { resources: [] };
    throw new UserError(`cannot ask for ${group}/${version}: ${causeOf(error)}`);
  });
  const names = served.resources.map(({ name }) => name);
  const absent = wanted.filter((resource) => !names.includes(resource));
  if (absent.length > 0) {
    throw new UserError(`${group}/${version} has no ${absent.join(", ")} here, and the stack makes such objects`);
  }
  return ok(`${group}/${version} has ${wanted.join(", ")}`);
}

/** Looks at the stack's namespace and its labels, where this identity may. */
export async function checkNamespace(
  { objects, isNotFound, isForbidden }: KubernetesClient,
  { scope: { namespace }, namespace: { create } }: Pick<DatasetsServerArgs, "namespace" | "scope">,
): Promise<Findings> {
  const wanted = Object.entries(namespaceLabels);
  const wantedText = wanted.map((label) => label.join("=")).join(" ");
  try {
    const { metadata } = await objects.read({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    const missing = wanted.filter(([key, value]) => metadata?.labels?.[key] !== value);
    if (missing.length === 0) {
      return ok(`${namespace} is there, with ${wantedText}`);
    }
    const labels = missing.map((label) => label.join("=")).join(" ");
    return notOk(
      "warning",
      `${namespace} is there, without ${labels}`,
      `have an administrator of the cluster set them: kubectl label namespace ${namespace} ${labels}`,
    );
  } catch (error) {
    if (isForbidden(error)) {
      const next = `have an administrator run: kubectl get namespace ${namespace} --show-labels; wanted: ${wantedText}`;
      return notOk("unknown", "this identity may not look at it, and need not", next);
    }
    if (!isNotFound(error)) {
      throw new UserError(causeOf(error));
    }
    if (create) {
      return ok(`${namespace} is not there yet; the first update makes it`);
    }
    throw new UserError(
      `${namespace} is not there, and the stack does not make it (namespace.create)`,
      `have an administrator of the cluster make it, with the labels ${wantedText}`,
    );
  }
}
