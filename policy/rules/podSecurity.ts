import type { PlacedContainer, Workload } from "../inventory";
import type { Expect, Rules } from "../rule";

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

const enforceLabel = "pod-security.kubernetes.io/enforce";

const permissionKinds = ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"];

export const podSecurityRules = {
  "pods-are-restricted": {
    level: "mandatory",
    why: "The pods run untrusted data, so a way out of one must lead nowhere: not to the node, and not to the API server.",
    check: ({ workloads, containers }, expect) => {
      for (const workload of workloads) {
        expectPod(expect, workload);
        for (const container of containers.filter((candidate) => candidate.workload === workload)) {
          expectContainer(expect, container);
        }
      }
    },
  },

  "namespaces-are-restricted": {
    level: "mandatory",
    why: "A namespace that does not enforce it takes in any pod that is made there by hand.",
    check: ({ all }, expect) => {
      for (const object of all.filter(({ kind }) => kind === "Namespace")) {
        const level = object.metadata.labels[enforceLabel];
        const path = `metadata.labels["${enforceLabel}"]`;
        expect(level === "restricted", object, path, level, "set it to restricted");
      }
    },
  },

  "permissions-are-not-given": {
    level: "mandatory",
    why: "No pod talks to the API server, so what a pod may do there serves only an attacker who breaks out of it.",
    check: ({ all }, expect) => {
      for (const object of all) {
        const fix = "leave it out: permissions of people and CI are an administrator's, docs/access.md";
        expect(!permissionKinds.includes(object.kind), object, "kind", object.kind, fix);
      }
    },
  },
} satisfies Rules;

function expectPod(expect: Expect, { object, pod, path }: Workload): void {
  const { automountServiceAccountToken: mounts, hostNetwork, hostPID, hostIPC, securityContext, volumes } = pod;
  const demand = (isMet: boolean, field: string, value: unknown, fix: string) =>
    expect(isMet, object, `${path}.spec.${field}`, value, fix);
  demand(!mounts, "automountServiceAccountToken", mounts, "set it to false");
  for (const [field, value] of Object.entries({ hostNetwork, hostPID, hostIPC })) {
    demand(!value, field, value, "leave it out");
  }
  const { sysctls } = securityContext;
  demand(sysctls.length === 0, "securityContext.sysctls", sysctls, "leave it out");
  for (const [index, volume] of volumes.entries()) {
    for (const kind of Object.keys(volume).filter((key) => key !== "name" && volume[key] !== undefined)) {
      demand(volumeKinds.includes(kind), `volumes[${index}]`, kind, `use one of ${volumeKinds.join(", ")}`);
    }
  }
  for (const [index, { projected }] of volumes.entries()) {
    for (const [place, { serviceAccountToken }] of (projected?.sources ?? []).entries()) {
      const field = `volumes[${index}].projected.sources[${place}]`;
      demand(serviceAccountToken === undefined, field, "serviceAccountToken", "leave the token out");
    }
  }
}

function expectContainer(expect: Expect, { workload, object, container, path }: PlacedContainer): void {
  const context = { ...workload.pod.securityContext, ...container.securityContext };
  const { capabilities, procMount, readOnlyRootFilesystem, allowPrivilegeEscalation, privileged } = context;
  const added = capabilities.add.filter((capability) => capability !== "NET_BIND_SERVICE");
  const seccomp = context.seccompProfile?.type;
  const hostPorts = container.ports.flatMap(({ hostPort }) => hostPort ?? []);
  const demand = (isMet: boolean, field: string, value: unknown, fix: string) =>
    expect(isMet, object, `${path}.securityContext.${field}`, value, fix);
  demand(privileged !== true, "privileged", privileged, "leave it out");
  demand(allowPrivilegeEscalation === false, "allowPrivilegeEscalation", allowPrivilegeEscalation, "set it to false");
  demand(
    readOnlyRootFilesystem === true,
    "readOnlyRootFilesystem",
    readOnlyRootFilesystem,
    "set it to true, and mount an emptyDir where it writes",
  );
  demand(context.runAsNonRoot === true, "runAsNonRoot", context.runAsNonRoot, "set it to true");
  demand(context.runAsUser !== 0, "runAsUser", context.runAsUser, "name another user than root");
  demand(capabilities.drop.includes("ALL"), "capabilities.drop", capabilities.drop, "drop ALL");
  demand(added.length === 0, "capabilities.add", added, "add none but NET_BIND_SERVICE");
  demand(
    seccomp === "RuntimeDefault" || seccomp === "Localhost",
    "seccompProfile.type",
    seccomp,
    "set it to RuntimeDefault",
  );
  demand(procMount === "Default", "procMount", procMount, "leave it out");
  expect(hostPorts.length === 0, object, `${path}.ports`, hostPorts, "take no port of the node's");
}
