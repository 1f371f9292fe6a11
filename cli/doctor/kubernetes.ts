// Loaded here, and not while a check's time runs.
import "@kubernetes/client-node";
import { type ClientArgs, causeOf, type KubernetesClient, kubernetesClient } from "../../cluster/kubernetesClient";
import { liveObjects } from "../../cluster/liveObjects";
import { UserError } from "../../cluster/userError";
import type { DatasetsServerArgs } from "../../components/buildObjects";
import { namespaceLabels } from "../../components/foundation/namespace";
import { apiVersions } from "../../components/objects";
import type { Config } from "../../config/build";
import { describeRights, reviewAccess } from "../../safety/accessReview";
import { findConflicts, type Look } from "../../safety/conflicts";
import type { Right } from "../../safety/permissions";
import { type Finding, type Findings, found } from "./examination";

/** What to do about a cluster that does not know an identity. */
const access = "ask an administrator of the cluster for the roles of docs/access.md";

/** Asks the API server for its version, and who it takes this identity for. */
export async function examineApiServer(args: ClientArgs, unreachable: string): Promise<Findings<KubernetesClient>> {
  const client = await kubernetesClient(args)();
  try {
    const [{ gitVersion }, { principal }] = await Promise.all([client.version.getCode(), reviewAccess(client, [])]);
    return found({ outcome: "ok", found: `Kubernetes ${gitVersion}; you are ${principal}` }, client);
  } catch (error) {
    const isStranger = [401, 403].includes(statusCode(error) ?? 0);
    throw isStranger
      ? new UserError(`the API server does not let this identity in (${causeOf(error)})`, access)
      : new UserError(causeOf(error), unreachable);
  }
}

/** Asks for every right that the stack needs; one finding for each resource. */
export async function examineRights(client: KubernetesClient, needed: readonly Right[]): Promise<Findings<void>> {
  const { missing } = await reviewAccess(client, needed);
  const resources = [...new Set(needed.map(({ resource }) => resource))].sort();
  const findings = resources.map((resource): Finding => {
    const subject = `permissions: ${resource}`;
    const of = (rights: readonly Right[]) => describeRights(rights.filter((right) => right.resource === resource));
    const lacking = of(missing);
    return lacking.length === 0
      ? { subject, outcome: "ok", found: of(needed).join("\n") }
      : { subject, outcome: "failed", found: `missing: ${lacking.join("\n")}` };
  });
  return { findings, value: undefined };
}

/** Looks for what an update would harm, and refuse therefore; a finding each for a Helm release and for load balancers. */
export async function examineConflicts(
  client: KubernetesClient,
  { specifiesCutover, datasetsServer: { scope, endpoints } }: Pick<Config, "datasetsServer" | "specifiesCutover">,
): Promise<Findings<void>> {
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

function conflictFinding(subject: string, { conflict, unknown }: Look, well: string): Finding {
  if (conflict !== undefined) {
    return { subject, outcome: "failed", found: `an update is refused: ${conflict.found}`, next: conflict.next };
  }
  return unknown.length > 0
    ? { subject, outcome: "unknown", found: `this identity may not list each ${unknown.join(", ")}`, next: access }
    : { subject, outcome: "ok", found: well };
}

/** Asks whether the API server serves the custom resources that the stack uses. Whoever may log in may ask that. */
export async function examineCustomResources(
  { customObjects, isNotFound }: KubernetesClient,
  needed: readonly Right[],
): Promise<Findings<void>> {
  const [group = "", version = ""] = apiVersions.ServiceMonitor.split("/");
  const wanted = new Set(needed.filter((right) => right.group === group).map(({ resource }) => resource));
  if (wanted.size === 0) {
    return found({ outcome: "ok", found: "the stack uses none" }, undefined);
  }
  const served = await customObjects.getAPIResources({ group, version }).catch((error: unknown) => {
    if (isNotFound(error)) return { resources: [] };
    throw new UserError(`cannot ask for ${group}/${version}: ${causeOf(error)}`);
  });
  const names = served.resources.map(({ name }) => name);
  const absent = [...wanted].filter((resource) => !names.includes(resource));
  if (absent.length > 0) {
    throw new UserError(`${group}/${version} has no ${absent.join(", ")} here, and the stack makes such objects`);
  }
  return found({ outcome: "ok", found: `${group}/${version} has ${[...wanted].join(", ")}` }, undefined);
}

/** Looks at the stack's namespace and its labels, where this identity may. */
export async function examineNamespace(
  { objects, isNotFound }: KubernetesClient,
  { scope: { namespace }, namespace: { create } }: Pick<DatasetsServerArgs, "namespace" | "scope">,
): Promise<Findings<void>> {
  try {
    const { metadata } = await objects.read({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    return found(labelled(namespace, metadata?.labels ?? {}), undefined);
  } catch (error) {
    if (isNotFound(error)) {
      return found(absent(namespace, create), undefined);
    }
    if (statusCode(error) !== 403) {
      throw new UserError(causeOf(error));
    }
    const next = `ask whoever may: kubectl get namespace ${namespace} --show-labels; wanted: ${labelList().join(" ")}`;
    return found({ outcome: "unknown", found: "this identity may not look at it, and need not", next }, undefined);
  }
}

function labelled(namespace: string, labels: Readonly<Record<string, string>>): Finding {
  const missing = labelList().filter((label) => !Object.entries(labels).some((pair) => pair.join("=") === label));
  if (missing.length === 0) {
    return { outcome: "ok", found: `${namespace} is there, with ${labelList().join(" ")}` };
  }
  return {
    outcome: "warning",
    found: `${namespace} is there, without ${missing.join(" ")}`,
    next: `have an administrator of the cluster set them: kubectl label namespace ${namespace} ${missing.join(" ")}`,
  };
}

function absent(namespace: string, create: boolean): Finding {
  return create
    ? { outcome: "ok", found: `${namespace} is not there yet; the first update makes it` }
    : {
        outcome: "failed",
        found: `${namespace} is not there, and the stack does not make it (namespace.create)`,
        next: `have an administrator of the cluster make it, with the labels ${labelList().join(" ")}`,
      };
}

function labelList(): string[] {
  return Object.entries(namespaceLabels).map((pair) => pair.join("="));
}

/** The HTTP status with which the API server answered; undefined when it did not. */
function statusCode(error: unknown): number | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "number" ? error.code : undefined;
}
