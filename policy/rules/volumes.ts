import { absent, containersOf } from "../inventory";
import { finding, type Rule } from "../rule";

export const mountsHaveVolumes: Rule = {
  level: "mandatory",
  why: "A pod with a mount that has no volume is refused, which a deploy finds out half-way.",
  check: ({ workloads }) =>
    workloads.flatMap((workload) => {
      const volumes = [...workload.template.spec.volumes.map(({ name }) => name), ...workload.claimVolumes];
      return containersOf(workload).flatMap(({ container, path }) =>
        container.volumeMounts.flatMap(({ name }, index) =>
          volumes.includes(name)
            ? []
            : [
                finding(
                  workload.object,
                  `${path}.volumeMounts[${index}].name`,
                  name,
                  `add a volume of this name, or mount one of ${volumes.join(", ") || "none"}`,
                ),
              ],
        ),
      );
    }),
};

export const volumesAreMounted: Rule = {
  level: "advisory",
  why: "A volume that nothing mounts is a mount that somebody lost.",
  check: ({ workloads }) =>
    workloads.flatMap((workload) => {
      const mounted = containersOf(workload).flatMap(({ container }) => container.volumeMounts.map(({ name }) => name));
      const places = [
        ...workload.template.spec.volumes.map(({ name }, index) => ({
          name,
          path: `${workload.specPath}.volumes[${index}].name`,
        })),
        ...workload.claimVolumes.map((name, index) => ({
          name,
          path: `spec.volumeClaimTemplates[${index}].metadata.name`,
        })),
      ];
      return places
        .filter(({ name }) => !mounted.includes(name))
        .map(({ name, path }) => finding(workload.object, path, name, "mount it in a container, or remove it"));
    }),
};

export const claimsExist: Rule = {
  level: "mandatory",
  why: "A pod whose claim is not there waits for ever.",
  check: ({ workloads, claims, all, facts }) => {
    // In a namespace that the stack makes, nothing is there before the stack.
    const makesNamespace = all.some(({ kind, metadata }) => kind === "Namespace" && metadata.name === facts.namespace);
    const names = [...claims.map(({ metadata }) => metadata.name), ...(makesNamespace ? [] : facts.externalClaims)];
    const cure = `have the stack make the claim, or declare it as one that is there; known: ${names.join(", ") || absent}`;
    return workloads.flatMap(({ object, template, specPath }) =>
      template.spec.volumes.flatMap(({ persistentVolumeClaim: claim }, index) => {
        const path = `${specPath}.volumes[${index}].persistentVolumeClaim.claimName`;
        return claim === undefined || names.includes(claim.claimName)
          ? []
          : [finding(object, path, claim.claimName, cure)];
      }),
    );
  },
};
