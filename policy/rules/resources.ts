import { parseQuantity } from "../../catalog/quantity";
import type { Rules } from "../rule";

const resourceNames = ["cpu", "memory", "ephemeral-storage"];

export const resourceRules = {
  "containers-have-resources": {
    level: "mandatory",
    why: "A container without bounds takes its neighbours' memory, or fills their node's disk.",
    check: ({ containers }, expect) => {
      for (const { object, container, path } of containers) {
        for (const name of resourceNames) {
          const { requests, limits } = container.resources;
          for (const [list, amount] of Object.entries({ requests: requests[name], limits: limits[name] })) {
            const isAmount = parseQuantity(amount ?? "") !== undefined;
            expect(
              isAmount,
              object,
              `${path}.resources.${list}.${name}`,
              amount,
              "give an amount, such as 500m or 1Gi",
            );
          }
          const [request, limit] = [requests, limits].map((amounts) => parseQuantity(amounts[name] ?? ""));
          const isWithin = request === undefined || limit === undefined || request <= limit;
          const fix = `ask for at most the limit, ${limits[name]}`;
          expect(isWithin, object, `${path}.resources.requests.${name}`, requests[name], fix);
        }
      }
    },
  },

  "scratch-is-bounded": {
    level: "mandatory",
    why: "Scratch without a bound fills the node's disk, and scratch above the containers' own bound evicts the pod before it is full.",
    check: ({ workloads }, expect) => {
      for (const { object, pod, path } of workloads) {
        for (const [index, { emptyDir }] of pod.volumes.entries()) {
          const isBounded = emptyDir === undefined || emptyDir.sizeLimit !== undefined;
          const place = `${path}.spec.volumes[${index}].emptyDir.sizeLimit`;
          expect(isBounded, object, place, undefined, "give a size, such as 1Gi");
        }
        // What a volume in memory holds is not on the disk.
        const onDisk = pod.volumes.filter(({ emptyDir }) => emptyDir?.medium !== "Memory");
        const scratch = total(onDisk.map(({ emptyDir }) => emptyDir?.sizeLimit));
        const limits = pod.containers.map(({ resources }) => resources.limits["ephemeral-storage"]);
        const place = `${path}.spec.containers[0].resources.limits.ephemeral-storage`;
        const holds = limits.includes(undefined) || total(limits) >= scratch;
        expect(holds, object, place, limits.join(" + "), `allow for its volumes' ${scratch / 2 ** 20}Mi`);
      }
    },
  },
} satisfies Rules;

function total(amounts: readonly (string | undefined)[]): number {
  return amounts.reduce((sum, amount = "") => sum + (parseQuantity(amount) ?? 0), 0);
}
