import type { KubernetesObject } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import { chartLabels, environmentStack, type Scope, stackLabel } from "../catalog/names";
import type { LiveObjects } from "../cluster/liveObjects";
import { UserError } from "../cluster/userError";
import { type EndpointArgs, ingressAnnotations } from "../components/traffic/ingress";
import type { Endpoints } from "../components/workloads/webService";
import { isOfRelease } from "./adoption";
import { redact } from "./redaction";

export interface ConflictArgs {
  readonly scope: Scope;
  /** Whether the stack file specifies how the stack and a live Helm release in its namespace get along. */
  readonly specifiesCutover: boolean;
  readonly endpoints: Endpoints;
}

/** Something that lives on the cluster and that an update of the stack would harm. */
export interface Conflict {
  /** What was found. */
  readonly found: string;
  /** What to do about it. */
  readonly next: string;
}

/** What a look for one conflict has found. */
export interface Look {
  /** Default: there is none. */
  readonly conflict?: Conflict;
  /** Kinds that this identity may not list, and that may hold a conflict. */
  readonly unknown: readonly string[];
}

export interface Conflicts {
  /** A live Helm release of this system, about which the stack file specifies nothing. */
  readonly release: Look;
  /** Ingresses of others that have one of the stack's load balancers or groups. */
  readonly loadBalancers: Look;
}

const noConflict: Look = { unknown: [] };

const deploymentKind = { apiVersion: "apps/v1", kind: "Deployment" };

const ingressKind = { apiVersion: "networking.k8s.io/v1", kind: "Ingress" };

/** How many names of objects a message has. */
const shownNames = 3;

/**
 * Finds what an update of a stack would harm: a live Helm release of this system in the stack's namespace, about which the
 * stack file specifies nothing, and Ingresses of others that have one of the stack's load balancers or groups. It looks at the
 * Ingresses of all namespaces where this identity may list them, and of the stack's own namespace otherwise.
 */
export async function findConflicts(live: LiveObjects, args: ConflictArgs): Promise<Conflicts> {
  const [release, loadBalancers] = await Promise.all([findRelease(live, args), findIngresses(live, args)]);
  return { release, loadBalancers };
}

/** Throws a UserError that has all conflicts, if there are any. */
export function requireNoConflicts(stack: string, conflicts: Conflicts): void {
  const text = textOf(conflicts);
  if (text !== "") {
    throw new UserError(`this update of stack ${stack} would harm what runs already; no changes were made.\n${text}`);
  }
}

/**
 * Returns a hook that warns of conflicts in a preview, before the first object that is to be created or updated. A preview in
 * which nothing changes does not look, as it would have to load a client for that.
 */
export function warnOfConflicts(stack: string, look: () => Promise<Conflicts>): pulumi.ResourceHook {
  let warned: Promise<void> | undefined;
  return new pulumi.ResourceHook(
    `${stack}-conflicts`,
    () => {
      warned ??= look().then((conflicts) => warn(stack, conflicts));
      return warned;
    },
    { onDryRun: true },
  );
}

async function warn(stack: string, conflicts: Conflicts): Promise<void> {
  const text = textOf(conflicts);
  if (text !== "") {
    await pulumi.log.warn(`an update of stack ${stack} would harm what runs already, and would fail.\n${redact(text)}`);
  }
  const unknown = [...conflicts.release.unknown, ...conflicts.loadBalancers.unknown];
  if (unknown.length > 0) {
    await pulumi.log.warn(
      `whether an update of stack ${stack} would harm a Helm release or Ingresses of others is unknown: this identity may not ` +
        `list each ${unknown.join(", ")}. The preview role of docs/access.md may.`,
    );
  }
}

function textOf({ release, loadBalancers }: Conflicts): string {
  const conflicts = [release.conflict, loadBalancers.conflict].flatMap((conflict) => conflict ?? []);
  return conflicts.map(({ found, next }) => `${found}\n${next}`).join("\n");
}

async function findRelease(live: LiveObjects, { scope, specifiesCutover }: ConflictArgs): Promise<Look> {
  const { stack, namespace } = scope;
  if (specifiesCutover) {
    return noConflict;
  }
  const deployments = await live.look(deploymentKind, { namespace, labels: chartLabels });
  if (deployments === "forbidden") {
    return { unknown: [deploymentKind.kind] };
  }
  const [first] = deployments;
  if (first === undefined) {
    return noConflict;
  }
  const set = `ds pulumi ${stack} -- config set`;
  const conflict = {
    found: `namespace ${namespace} has live objects of Helm release ${releaseOf(first)}: ${namesOf(deployments)}`,
    next:
      `Is stack ${stack} to come up beside that release, or to adopt its objects in place? Its stack file specifies neither. ` +
      "docs/cutover.md compares both ways and goes through each; set the key of one:\n" +
      "  beside: the release keeps serving until you move the traffic, and scheduled jobs and the migration wait\n" +
      `    ${set} --type bool datasets-server:standby true\n` +
      "  in place: the release's objects become the stack's, without a restart\n" +
      `    ${set} --path datasets-server:helm.release ${releaseOf(first)}`,
  };
  return { conflict, unknown: [] };
}

/** Argo CD, which renders the chart by itself, sets no annotation of Helm's. */
function releaseOf({ metadata }: KubernetesObject): string {
  const { labels = {}, annotations = {} } = metadata ?? {};
  return annotations["meta.helm.sh/release-name"] ?? labels["app.kubernetes.io/instance"] ?? "unknown";
}

async function findIngresses(live: LiveObjects, { scope, endpoints }: ConflictArgs): Promise<Look> {
  const everywhere = await live.look(ingressKind, {});
  const list = everywhere === "forbidden" ? await live.look(ingressKind, { namespace: scope.namespace }) : everywhere;
  if (list === "forbidden") {
    return { unknown: [ingressKind.kind] };
  }
  const others = list.filter((ingress) => !mayShare(ingress, scope));
  const lines = loadBalancerKeys(scope, endpoints).flatMap(({ key, annotation, value }) => {
    const users = others.filter(({ metadata }) => metadata?.annotations?.[annotation] === value);
    return users.length > 0 ? [`  ${key}: ${value} is that of ${users.length}: ${namesOf(users)}`] : [];
  });
  if (lines.length === 0) {
    return noConflict;
  }
  const conflict = {
    found: `Ingresses that are not stack ${scope.stack}'s have its load balancers, which would get the rules of both:\n${lines.join("\n")}`,
    next:
      "Beside them the stack needs load balancers of its own: set each of these keys to another name, as in docs/cutover.md, " +
      '"Beside, step 1". Where they are of the release that it is to adopt, helm.release is enough.',
  };
  return { conflict, unknown: [] };
}

/** Tells whether an Ingress may share the stack's load balancers: those of environments share some by design. */
function mayShare({ metadata }: KubernetesObject, { stack, namespace, helmRelease }: Scope): boolean {
  const owner = metadata?.labels?.[stackLabel];
  if (owner !== undefined) {
    return owner === stack || (environmentStack.test(owner) && environmentStack.test(stack));
  }
  return (
    helmRelease !== undefined &&
    metadata?.namespace === namespace &&
    isOfRelease(metadata, { name: helmRelease, namespace })
  );
}

/** Returns the keys of the stack file that load balancers are told apart by, each with its annotation and value. */
function loadBalancerKeys({ stack }: Scope, { public: open, internal }: Endpoints) {
  const keysOf = (endpoint: string, { loadBalancer }: EndpointArgs) =>
    (["name", "group"] as const).map((field) => ({
      key: `datasets-server:${environmentStack.test(stack) ? "pullRequest.loadBalancers" : `ingress.${endpoint}.loadBalancer.${field}`}`,
      annotation: ingressAnnotations[field],
      value: loadBalancer[field],
    }));
  return [...keysOf("public", open), ...(internal ? keysOf("internal", internal) : [])];
}

function namesOf(objects: readonly KubernetesObject[]): string {
  const names = objects.map(({ kind, metadata }) => `${kind} ${metadata?.namespace}/${metadata?.name}`);
  const more = names.length > shownNames ? ` and ${names.length - shownNames} more` : "";
  return names.slice(0, shownNames).join(", ") + more;
}
