import { absent, containersOf, type Workload } from "../inventory";
import type { Container } from "../podShapes";
import { type Finding, finding, type Rule } from "../rule";

/** Kinds of volume that Pod Security's level "restricted" allows. */
const volumeKinds = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

/** A demand on a pod or container: where, what is there, whether that will do, and what would. */
type Demand = readonly [path: string, value: unknown, isMet: boolean, cure: string];

export const podsAreRestricted: Rule = {
  level: "mandatory",
  why: "The pods run untrusted data, so a way out of one must lead nowhere: not to the node, and not to the API server.",
  check: ({ workloads }) =>
    workloads.flatMap((workload) => [
      ...unmet(workload, workload.specPath, podDemands(workload)),
      ...containersOf(workload).flatMap(({ container, path }) =>
        unmet(workload, path, containerDemands(workload, container)),
      ),
    ]),
};

const enforceLabel = "pod-security.kubernetes.io/enforce";

export const namespacesAreRestricted: Rule = {
  level: "mandatory",
  why: "A namespace that does not enforce it takes in any pod that somebody makes there by hand.",
  check: ({ all }) =>
    all
      .filter(({ kind, metadata }) => kind === "Namespace" && metadata.labels[enforceLabel] !== "restricted")
      .map((object) => {
        const value = object.metadata.labels[enforceLabel] ?? absent;
        return finding(object, `metadata.labels["${enforceLabel}"]`, value, "set it to restricted");
      }),
};

const rightsKinds = ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"];

export const rightsAreNotGiven: Rule = {
  level: "mandatory",
  why: "No pod talks to the API server, so a right for one is a right for whoever breaks out of it.",
  check: ({ all }) =>
    all
      .filter(({ kind }) => rightsKinds.includes(kind))
      .map((object) =>
        finding(
          object,
          "kind",
          object.kind,
          "leave it out: rights of people and CI are an administrator's, docs/access.md",
        ),
      ),
};

function podDemands({ template: { spec } }: Workload): Demand[] {
  const { automountServiceAccountToken, hostNetwork, hostPID, hostIPC, securityContext, volumes } = spec;
  return [
    ["automountServiceAccountToken", automountServiceAccountToken, !automountServiceAccountToken, "set it to false"],
    ...Object.entries({ hostNetwork, hostPID, hostIPC }).map(
      ([name, value]): Demand => [name, value, !value, "leave it out"],
    ),
    ["securityContext.sysctls", securityContext.sysctls, securityContext.sysctls.length === 0, "leave it out"],
    ...volumes.flatMap((volume, index) =>
      Object.keys(volume)
        .filter((key) => key !== "name" && volume[key] !== undefined)
        .map((kind): Demand => {
          return [`volumes[${index}]`, kind, volumeKinds.includes(kind), `use one of ${volumeKinds.join(", ")}`];
        }),
    ),
    ...volumes.flatMap(({ projected }, index) =>
      (projected?.sources ?? []).map((source, place): Demand => {
        const path = `volumes[${index}].projected.sources[${place}]`;
        return [path, "serviceAccountToken", source.serviceAccountToken === undefined, "leave the token out"];
      }),
    ),
  ];
}

function containerDemands({ template: { spec } }: Workload, container: Container): Demand[] {
  const own = container.securityContext;
  const { capabilities } = own;
  const runAsNonRoot = own.runAsNonRoot ?? spec.securityContext.runAsNonRoot;
  const runAsUser = own.runAsUser ?? spec.securityContext.runAsUser;
  const seccomp = (own.seccompProfile ?? spec.securityContext.seccompProfile)?.type;
  const added = capabilities.add.filter((capability) => capability !== "NET_BIND_SERVICE");
  const hostPorts = container.ports.flatMap(({ hostPort }) => hostPort ?? []);
  const context = "securityContext";
  return [
    [`${context}.privileged`, own.privileged, own.privileged !== true, "leave it out"],
    [
      `${context}.allowPrivilegeEscalation`,
      own.allowPrivilegeEscalation,
      own.allowPrivilegeEscalation === false,
      "set it to false",
    ],
    [
      `${context}.readOnlyRootFilesystem`,
      own.readOnlyRootFilesystem,
      own.readOnlyRootFilesystem === true,
      "set it to true, and mount an emptyDir where it writes",
    ],
    [`${context}.runAsNonRoot`, runAsNonRoot, runAsNonRoot === true, "set it to true"],
    [`${context}.runAsUser`, runAsUser, runAsUser !== 0, "name another user than root"],
    [`${context}.capabilities.drop`, capabilities.drop, capabilities.drop.includes("ALL"), "drop ALL"],
    [`${context}.capabilities.add`, added, added.length === 0, "add none but NET_BIND_SERVICE"],
    [
      `${context}.seccompProfile.type`,
      seccomp,
      seccomp === "RuntimeDefault" || seccomp === "Localhost",
      "set it to RuntimeDefault",
    ],
    [`${context}.procMount`, own.procMount, (own.procMount ?? "Default") === "Default", "leave it out"],
    ["ports", hostPorts, hostPorts.length === 0, "take no port of the node's"],
  ];
}

function unmet({ object }: Workload, start: string, demands: readonly Demand[]): Finding[] {
  return demands
    .filter(([, , isMet]) => !isMet)
    .map(([path, value, , cure]) => finding(object, `${start}.${path}`, value ?? absent, cure));
}
