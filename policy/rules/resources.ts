import { parseQuantity } from "../../components/quantity";
import { absent, containersOf } from "../inventory";
import { finding, type Rule } from "../rule";

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
