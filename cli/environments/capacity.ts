import { UserError } from "../../cluster/userError";
import { environmentsPerLoadBalancer, loadBalancerPlace } from "../../config/pullRequest";

export interface Capacity {
  readonly loadBalancers: readonly string[];
  /** How many environments may be there at a time. */
  readonly maxOpen: number;
}

/** Throws a UserError when there is no room for one more environment with those of these numbers. */
export function checkRoom(number: number, others: readonly number[], { loadBalancers, maxOpen }: Capacity): void {
  const next = "ds pr list shows them; ds pr sweep removes those whose time is over, ds pr down <number> one of them";
  if (others.length >= maxOpen) {
    throw new UserError(
      `pr-${number} has no room: ${others.length} environments are there, and datasets-server:pullRequest.maxOpen is ` +
        `${maxOpen}; no changes were made`,
      next,
    );
  }
  const { loadBalancer } = loadBalancerPlace(number, loadBalancers);
  const beside = others.filter((other) => loadBalancerPlace(other, loadBalancers).loadBalancer === loadBalancer);
  if (beside.length >= environmentsPerLoadBalancer) {
    throw new UserError(
      `pr-${number} has no room: its number puts it on load balancer ${loadBalancer}, which has the most that it can, ` +
        `${beside.map((other) => `pr-${other}`).join(", ")}; no changes were made`,
      `${next}; or name one more in datasets-server:pullRequest.loadBalancers`,
    );
  }
}
