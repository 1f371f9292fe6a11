import { UserError } from "../../cluster/userError";
import { loadBalancerPlace } from "../../config/pullRequest";
import { albAnnotation, loadBalancerUse, overLimits } from "../../policy/loadBalancer";
import type { Ingress } from "../../policy/shapes";

/** An environment on its load balancer. */
export interface Occupant {
  readonly number: number;
  readonly ingresses: readonly Ingress[];
}

const next = "ds pr list shows them; ds pr sweep removes those whose time is over, ds pr down <number> one of them";

/** Throws a UserError when there are as many environments as may be at a time. */
export function checkCount(number: number, others: number, maxOpen: number): void {
  if (others >= maxOpen) {
    throw new UserError(
      `pr-${number} has no room: ${others} environments are there, and datasets-server:pullRequest.maxOpen is ` +
        `${maxOpen}; no changes were made`,
      next,
    );
  }
}

/**
 * Throws a UserError when the load balancer that an environment is to be on would be over a limit of AWS.
 *
 * Others are counted with what they have deployed and where that is. One that has deployed nothing yet, as its first update goes on,
 * is counted with as much as this one, where its number puts it.
 */
export function checkLoadBalancer(
  { number, ingresses }: Occupant,
  others: readonly Occupant[],
  loadBalancers: readonly string[],
): void {
  const { loadBalancer } = loadBalancerPlace(number, loadBalancers);
  const beside = others.flatMap((other) => {
    const there = other.ingresses.filter((ingress) => albAnnotation(ingress, "group.name") === loadBalancer);
    const isStarting = other.ingresses.length === 0;
    const isMeantFor = loadBalancerPlace(other.number, loadBalancers).loadBalancer === loadBalancer;
    const counted = isStarting && isMeantFor ? ingresses : there;
    return counted.length > 0 ? [{ number: other.number, ingresses: counted }] : [];
  });
  const over = overLimits(loadBalancerUse([...ingresses, ...beside.flatMap((other) => other.ingresses)]));
  if (over.length > 0) {
    throw new UserError(
      `pr-${number} has no room: its number puts it on load balancer ${loadBalancer}, which would have ${over.join("; ")}, with ` +
        `${beside.map((other) => `pr-${other.number}`).join(", ")}; no changes were made`,
      `${next}; or name one more in datasets-server:pullRequest.loadBalancers`,
    );
  }
}
