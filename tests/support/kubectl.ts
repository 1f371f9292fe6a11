import type { V1ResourceAttributes } from "@kubernetes/client-node";
import { apiVersions } from "../../components/objects";
import { permissionsTo } from "../../safety/permissions";

/** Who may do what a command does; no one: it asks nothing of the cluster, or is no command. */
export type Runner = "an administrator" | "deploy" | "exec" | "look" | "no one";

const runners: readonly (readonly [RegExp, Runner])[] = [
  // What is not a stack's own, or is made from a file.
  [
    /^(label namespace|drain|uncordon|create (namespace|secret)|apply|delete .*(-f |infisicalsecret))/,
    "an administrator",
  ],
  [/^(get|describe|logs|top|set env --list|rollout (status|history))\b/, "look"],
  [/^(exec|port-forward)\b/, "exec"],
  [/^(annotate|create job|delete|label|patch|rollout|scale|set env)\b/, "deploy"],
];

/** Returns whose a command is, without the words that say where. */
export function runnerOf(line: string): Runner {
  const command = withoutPlace(line);
  return runners.find(([pattern]) => pattern.test(command))?.[1] ?? "no one";
}

const shortNames: Readonly<Record<string, string>> = {
  cm: "configmap",
  deploy: "deployment",
  hpa: "horizontalpodautoscaler",
  ing: "ingress",
  pv: "persistentvolume",
  pvc: "persistentvolumeclaim",
};

const others = ["Namespace", "Node", "PersistentVolume", "Pod"] as const;

/** What each name of a resource stands for: a kind in lower case, its plural, or a short name. */
const resources = new Map(
  [...Object.keys(apiVersions).filter(isKind), ...others].flatMap((kind) => {
    const [permission] = permissionsTo([kind], ["get"], "namespace");
    return permission ? [kind.toLowerCase(), permission.resource].map((name) => [name, permission] as const) : [];
  }),
);

function isKind(name: string): name is keyof typeof apiVersions {
  return Object.hasOwn(apiVersions, name);
}

/** Returns the resource that kubectl knows by a word, such as deployments by deploy; undefined for one that no stack has to do with. */
export function resourceOf(word: string): string | undefined {
  return resources.get(shortNames[word] ?? word)?.resource;
}

/** Returns what a command asks of the API server, in a namespace; nothing where it names no resource. */
export function requestsOf(line: string, namespace: string): V1ResourceAttributes[] {
  const [verb = "", ...rest] = withoutPlace(line).split(/\s+/);
  const words = rest.filter(
    (word) => !word.startsWith("-") && !["env", "job", "restart", "undo", "status", "history"].includes(word),
  );
  const named = verb === "logs" || verb === "exec" ? ["pod"] : (words[0] ?? "").split(",");
  const verbs: Readonly<Record<string, readonly string[]>> = {
    get: ["get", "list"],
    describe: ["get", "list"],
    delete: ["list", "delete"],
    create: ["create"],
    ...{ annotate: ["get", "patch"], label: ["get", "patch"], patch: ["get", "patch"], scale: ["get", "patch"] },
  };
  const everywhere = /--all-namespaces/.test(line);
  const of = named.flatMap((name) => {
    const [word = ""] = name.split("/");
    const found = resources.get(shortNames[word] ?? word);
    if (found === undefined) return [];
    const where = found.namespace === undefined || everywhere ? {} : { namespace };
    return (verbs[verb] ?? ["get", "list"]).map((each) => ({
      group: found.group,
      resource: found.resource,
      verb: each,
      ...where,
    }));
  });
  const core = { group: "", namespace };
  const more: Readonly<Record<string, V1ResourceAttributes>> = {
    describe: { ...core, resource: "events", verb: "list" },
    exec: { ...core, resource: "pods", subresource: "exec", verb: "create" },
    logs: { ...core, resource: "pods", subresource: "log", verb: "get" },
    rollout: { ...core, group: "apps", resource: "replicasets", verb: "list" },
    top: { ...core, group: "metrics.k8s.io", resource: "pods", verb: "list" },
  };
  return [...of, ...(more[verb] ? [more[verb]] : [])];
}

function withoutPlace(line: string): string {
  return line.replace(/^kubectl /, "").replace(/(--context|--namespace|-n) \S+ ?/g, "");
}
