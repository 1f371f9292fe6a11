import type { KubernetesObject } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import { chartLabels, environmentStack, type Scope, stackLabel } from "../catalog/names";
import type { LiveObjects, ObjectKind } from "../cluster/liveObjects";
import { UserError } from "../cluster/userError";
import { type EndpointArgs, ingressAnnotations } from "../components/traffic/ingress";
import type { Endpoints } from "../components/workloads/webService";
import { isOfRelease, sharedKinds } from "./takeOver";

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

const ingressKind: ObjectKind = { apiVersion: "networking.k8s.io/v1", kind: "Ingress" };

/** Kinds of Kubernetes' own. The definitions of others may be missing, and no release is without these. */
const searchedKinds = sharedKinds.filter(({ apiVersion }) => !apiVersion.startsWith("monitoring.coreos.com/"));

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

/** Throws a UserError that has all conflicts. */
export function refuseConflicts(stack: string, found: Conflicts): void {
  const text = textOf(found);
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
      warned ??= look().then((found) => warn(stack, found));
      return warned;
    },
    { onDryRun: true },
  );
}

async function warn(stack: string, found: Conflicts): Promise<void> {
  const text = textOf(found);
  if (text !== "") {
    await pulumi.log.warn(`an update of stack ${stack} would harm what runs already, and would be refused.\n${text}`);
  }
  const kinds = new Set([...found.release.unknown, ...found.loadBalancers.unknown]);
  if (kinds.size > 0) {
    await pulumi.log.warn(
      `whether an update of stack ${stack} would harm a Helm release or Ingresses of others is unknown: this identity may not ` +
        `list each ${[...kinds].join(", ")}. The preview role of docs/access.md may.`,
    );
  }
}

function textOf({ release, loadBalancers }: Conflicts): string {
  const conflicts = [release.conflict, loadBalancers.conflict].flatMap((conflict) => conflict ?? []);
  return conflicts.map(({ found, next }) => `${found}\n${next}`).join("\n");
}

async function findRelease(live: LiveObjects, { scope, specifiesCutover }: ConflictArgs): Promise<Look> {
  if (specifiesCutover) {
    return { unknown: [] };
  }
  const { namespace } = scope;
  const looks = await Promise.all(
    searchedKinds.map(async (kind) => ({ kind, list: await live.look(kind, { namespace, labels: chartLabels }) })),
  );
  const objects = looks.flatMap(({ list }) => (list === "forbidden" ? [] : list));
  const unknown = looks.flatMap(({ kind: { kind }, list }) => (list === "forbidden" ? [kind] : []));
  return { ...(objects.length > 0 && { conflict: releaseConflict(scope, objects) }), unknown };
}

function releaseConflict({ stack, namespace }: Scope, objects: readonly KubernetesObject[]): Conflict {
  const releases = [...new Set(objects.map(releaseOf))].sort();
  const [first = ""] = releases;
  const which = `${releases.length > 1 ? "releases" : "release"} ${releases.join(", ")}`;
  const set = `ds pulumi ${stack} -- config set`;
  return {
    found:
      `namespace ${namespace} has ${objects.length} live objects of Helm ${which}: ${countsOf(objects)}; such as ` +
      `${namesOf(objects)}`,
    next:
      `Is stack ${stack} to come up beside that release, or to adopt its objects in place? Its stack file specifies neither. ` +
      "docs/cutover.md compares both ways and goes through each; set the key of one:\n" +
      "  beside: the release keeps serving until you move the traffic, and scheduled jobs and the migration wait\n" +
      `    ${set} --type bool datasets-server:standby true\n` +
      "  in place: the release's objects become the stack's, without a restart\n" +
      `    ${set} --path datasets-server:helm.release ${first}`,
  };
}

/** Argo CD, which renders the chart by itself, sets no annotation of Helm's. */
function releaseOf({ metadata }: KubernetesObject): string {
  const { labels = {}, annotations = {} } = metadata ?? {};
  return annotations["meta.helm.sh/release-name"] ?? labels["app.kubernetes.io/instance"] ?? "unknown";
}

async function findIngresses(live: LiveObjects, args: ConflictArgs): Promise<Look> {
  const { namespace } = args.scope;
  const everywhere = await live.look(ingressKind, {});
  const list = everywhere === "forbidden" ? await live.look(ingressKind, { namespace }) : everywhere;
  if (list === "forbidden") {
    return { unknown: [ingressKind.kind] };
  }
  const others = list.filter((ingress) => !isOwn(ingress, args.scope));
  const taken = loadBalancerKeys(args)
    .map((key) => ({
      ...key,
      users: others.filter(({ metadata }) => metadata?.annotations?.[key.annotation] === key.value),
    }))
    .filter(({ users }) => users.length > 0);
  return { ...(taken.length > 0 && { conflict: ingressConflict(args.scope, taken) }), unknown: [] };
}

/** Whether an Ingress may share the stack's load balancers: those of environments share some by design. */
function isOwn({ metadata }: KubernetesObject, { stack, namespace, helmRelease }: Scope): boolean {
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

/** One key of the stack file that load balancers are told apart by. */
interface LoadBalancerKey {
  readonly key: string;
  readonly annotation: string;
  readonly value: string;
}

function loadBalancerKeys({ scope, endpoints: { public: open, internal } }: ConflictArgs): LoadBalancerKey[] {
  const isEnvironment = environmentStack.test(scope.stack);
  const keysOf = (endpoint: string, { loadBalancer }: EndpointArgs) =>
    (["name", "group"] as const).map((field) => ({
      key: `datasets-server:${isEnvironment ? "pullRequest.loadBalancers" : `ingress.${endpoint}.loadBalancer.${field}`}`,
      annotation: ingressAnnotations[field],
      value: loadBalancer[field],
    }));
  return [...keysOf("public", open), ...(internal ? keysOf("internal", internal) : [])];
}

function ingressConflict(
  { stack }: Scope,
  taken: readonly (LoadBalancerKey & { readonly users: readonly KubernetesObject[] })[],
): Conflict {
  const lines = taken.map(
    ({ key, value, users }) =>
      `  ${key}: ${value} is that of ${users.length}: ${namesOf(users, { withNamespace: true })}`,
  );
  return {
    found: `Ingresses that are not stack ${stack}'s have its load balancers, which would get the rules of both:\n${lines.join("\n")}`,
    next:
      "Beside them the stack needs load balancers of its own: set each of these keys to another name, as in docs/cutover.md, " +
      '"Beside, step 1". Where they are of the release that it is to adopt, helm.release is enough.',
  };
}

/** As in `9 Deployments, 1 Ingress`. */
function countsOf(objects: readonly KubernetesObject[]): string {
  const counts = new Map<string, number>();
  for (const { kind = "" } of objects) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${count === 1 ? kind : plural(kind)}`).join(", ");
}

function plural(kind: string): string {
  return kind.endsWith("s") ? `${kind}es` : `${kind}s`;
}

function namesOf(objects: readonly KubernetesObject[], { withNamespace = false } = {}): string {
  const names = objects.slice(0, shownNames).map(({ kind, metadata }) => {
    const place = withNamespace ? `${metadata?.namespace}/` : "";
    return `${kind} ${place}${metadata?.name}`;
  });
  const more = objects.length - names.length;
  return `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
