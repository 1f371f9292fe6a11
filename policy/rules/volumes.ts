import { listed, type Rules } from "../rule";

export const volumeRules = {
  "mounts-have-volumes": {
    level: "mandatory",
    why: "A pod with a mount that has no volume is refused, which a deploy finds out half-way.",
    check: ({ containers }, expect) => {
      for (const { workload, object, container, path } of containers) {
        const volumes = workload.pod.volumes.map(({ name }) => name);
        for (const [index, { name }] of container.volumeMounts.entries()) {
          const fix = `add a volume of this name, or mount one of ${listed(volumes)}`;
          expect(volumes.includes(name), object, `${path}.volumeMounts[${index}].name`, name, fix);
        }
      }
    },
  },

  "volumes-are-mounted": {
    level: "advisory",
    why: "A volume that nothing mounts is a mount that was lost.",
    check: ({ workloads }, expect) => {
      for (const { object, pod, path } of workloads) {
        const mounts = [...pod.initContainers, ...pod.containers].flatMap(({ volumeMounts }) => volumeMounts);
        const mounted = mounts.map(({ name }) => name);
        const fix = "mount it in a container, or remove it";
        for (const [index, { name }] of pod.volumes.entries()) {
          expect(mounted.includes(name), object, `${path}.spec.volumes[${index}].name`, name, fix);
        }
      }
    },
  },

  "claims-exist": {
    level: "mandatory",
    why: "A pod whose claim is not there waits forever.",
    check: ({ workloads, claims, all, facts }, expect) => {
      // In a namespace that the stack makes, nothing is there before the stack.
      const makesNamespace = all.some(
        ({ kind, metadata }) => kind === "Namespace" && metadata.name === facts.namespace,
      );
      const known = [...claims.map(({ metadata }) => metadata.name), ...(makesNamespace ? [] : facts.externalClaims)];
      const fix = `have the stack make the claim, or declare it as one that is there; known: ${listed(known)}`;
      for (const { object, pod, path } of workloads) {
        for (const [index, { persistentVolumeClaim: claim }] of pod.volumes.entries()) {
          const isKnown = claim === undefined || known.includes(claim.claimName);
          const place = `${path}.spec.volumes[${index}].persistentVolumeClaim.claimName`;
          expect(isKnown, object, place, claim?.claimName, fix);
        }
      }
    },
  },
} satisfies Rules;
