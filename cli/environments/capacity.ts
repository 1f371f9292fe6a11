import { UserError } from "../../cluster/userError";
import {
  firstOrderOf,
  freeFirstOrder,
  type LoadBalancerPlace,
  loadBalancerPlace,
  type Parameters,
  recordedPlace,
} from "../../config/pullRequest";
import { albAnnotation, loadBalancerUse, overLimits, shareOfLimits } from "../../policy/loadBalancer";
import type { Ingress } from "../../policy/shapes";

/** An environment and its Ingresses: those that it has deployed, or will. */
export interface Occupant {
  readonly number: number;
  readonly ingresses: readonly Ingress[];
}

/** An environment where it is. It has no Ingresses before its first update has made them. */
export interface PlacedOccupant extends Occupant {
  readonly place: LoadBalancerPlace;
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

/** Returns where Ingresses are; undefined where there are none. */
export function deployedPlace(ingresses: readonly Ingress[]): LoadBalancerPlace | undefined {
  const loadBalancer = ingresses.flatMap((ingress) => albAnnotation(ingress, "group.name") ?? [])[0];
  return loadBalancer === undefined
    ? undefined
    : { loadBalancer, firstOrder: firstOrderOf(Math.min(...ingresses.map(orderOf))) };
}

/** Returns where an environment is: as its stack has recorded, else where its Ingresses are, else where its number puts it. */
export function placeOf(
  { number, ingresses }: Occupant,
  recorded: Parameters,
  loadBalancers: readonly string[],
): LoadBalancerPlace {
  return recordedPlace(recorded) ?? deployedPlace(ingresses) ?? loadBalancerPlace(number, loadBalancers);
}

/**
 * Returns the place of an environment: the one it has, as it keeps that for as long as it lives, else one on the load balancer with
 * the most room. Others are counted where they are. One that has deployed nothing yet, as its first update goes on, is counted with as
 * much as this one.
 *
 * @throws a UserError when each load balancer that it may be on would be over a limit of AWS, with the environments that are there.
 */
export function settlePlace(
  { number, ingresses, kept }: Occupant & { readonly kept?: LoadBalancerPlace },
  others: readonly PlacedOccupant[],
  loadBalancers: readonly string[],
): LoadBalancerPlace {
  const looks = (kept ? [kept.loadBalancer] : loadBalancers).map((loadBalancer) => {
    const beside = others.flatMap((other) => {
      const there = other.ingresses.filter((ingress) => albAnnotation(ingress, "group.name") === loadBalancer);
      const isStartingThere = other.ingresses.length === 0 && other.place.loadBalancer === loadBalancer;
      const counted = isStartingThere ? ingresses : there;
      const orders = isStartingThere ? [other.place.firstOrder] : there.map(orderOf);
      return counted.length > 0 ? [{ number: other.number, ingresses: counted, orders }] : [];
    });
    const use = loadBalancerUse([...ingresses, ...beside.flatMap((other) => other.ingresses)]);
    return { loadBalancer, beside, use, over: overLimits(use) };
  });
  const [best] = looks
    .filter(({ over }) => over.length === 0)
    .sort((one, other) => shareOfLimits(one.use) - shareOfLimits(other.use));
  if (best) {
    const { loadBalancer, beside } = best;
    return kept ?? { loadBalancer, firstOrder: freeFirstOrder(beside.flatMap(({ orders }) => orders)) };
  }
  const full = looks.map(({ loadBalancer, beside, over }) => {
    const names = beside.map((other) => `pr-${other.number}`).join(", ");
    return `${loadBalancer} would have ${over.join("; ")}, with ${names}`;
  });
  throw new UserError(
    `pr-${number} has no room: ${full.join("; ")}; no changes were made`,
    `${next}; or name one more in datasets-server:pullRequest.loadBalancers`,
  );
}

function orderOf(ingress: Ingress): number {
  return Number(albAnnotation(ingress, "group.order") ?? 0);
}
