import { parseQuantity } from "../../catalog/quantity";
import { absent, containersOf, type Workload } from "../inventory";
import { type Finding, finding, type Rule } from "../rule";

const resourceNames = ["cpu", "memory", "ephemeral-storage"];

export const containersHaveResources: Rule = {
  level: "mandatory",
  why: "A container without bounds takes its neighbours' memory, or fills their node's disk.",
  check: ({ workloads }) =>
    workloads.flatMap((workload) =>
      containersOf(workload).flatMap(({ container: { resources }, path }) =>
        resourceNames.flatMap((name) => {
          const amounts = Object.entries({ requests: resources.requests[name], limits: resources.limits[name] });
          const unreadable = amounts.filter(([, amount = ""]) => parseQuantity(amount) === undefined);
          if (unreadable.length > 0) {
            return unreadable.map(([list, amount = absent]) =>
              finding(
                workload.object,
                `${path}.resources.${list}.${name}`,
                amount,
                "give an amount, such as 500m or 1Gi",
              ),
            );
          }
          const [request = 0, limit = 0] = amounts.map(([, amount = ""]) => parseQuantity(amount));
          const cure = `ask for at most the limit, ${resources.limits[name]}`;
          return request <= limit
            ? []
            : [finding(workload.object, `${path}.resources.requests.${name}`, resources.requests[name], cure)];
        }),
      ),
    ),
};

export const scratchIsBounded: Rule = {
  level: "mandatory",
  why: "Scratch without a bound fills the node's disk, and scratch above the containers' own bound evicts the pod before it is full.",
  check: ({ workloads }) => workloads.flatMap((workload) => [...unbounded(workload), ...crowded(workload)]),
};

function unbounded({ object, template, specPath }: Workload): Finding[] {
  return template.spec.volumes.flatMap(({ emptyDir }, index) =>
    emptyDir !== undefined && emptyDir.sizeLimit === undefined
      ? [finding(object, `${specPath}.volumes[${index}].emptyDir.sizeLimit`, absent, "give a size, such as 1Gi")]
      : [],
  );
}

/** A pod whose containers may not write as much as its volumes hold; those in memory are no part of it. */
function crowded({ object, template: { spec }, specPath }: Workload): Finding[] {
  const total = (amounts: readonly (string | undefined)[]) =>
    amounts.reduce((sum, amount = "") => sum + (parseQuantity(amount) ?? 0), 0);
  const scratch = spec.volumes.flatMap(({ emptyDir }) => (emptyDir?.medium === "Memory" ? [] : emptyDir?.sizeLimit));
  const limits = spec.containers.map(({ resources }) => resources.limits["ephemeral-storage"]);
  if (limits.includes(undefined) || total(limits) >= total(scratch)) {
    return [];
  }
  const path = `${specPath}.containers[0].resources.limits.ephemeral-storage`;
  const cure = `allow for its volumes' ${total(scratch) / 2 ** 20}Mi`;
  return [finding(object, path, limits.join(" + "), cure)];
}
