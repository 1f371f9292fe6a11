import { UserError } from "../../cluster/userError";
import { ingressAnnotations } from "../../components/traffic/ingress";
import type { Ingress } from "../../policy/shapes";
import { loadBalancerKind } from "../../safety/effects";
import type { Occupant } from "./capacity";

/** What all Ingresses of a group must have alike: where two differ, the controller changes nothing for any of them. */
const shared = ["name", "scheme", "tags", "redirect"] as const;

/**
 * Makes sure that an environment's Ingresses have their load balancer as those of the other environments in its group do.
 *
 * @param allowed what this update may do, such as `LoadBalancer/hub-datasets-server-pr-a`.
 * @param command the command that this update is.
 * @throws a UserError that names the environments which have it otherwise.
 */
export function requireSameLoadBalancer(
  { number, ingresses }: Occupant,
  others: readonly Occupant[],
  { allowed, command }: { readonly allowed: readonly string[]; readonly command: string },
): void {
  const own = ingresses[0];
  const name = own && annotationOf(own, "name");
  if (own === undefined || name === undefined || allowed.includes(`${loadBalancerKind}/${name}`)) return;
  const differing = others.flatMap((other) => {
    const inGroup = other.ingresses.find((ingress) => annotationOf(ingress, "group") === annotationOf(own, "group"));
    const fields = inGroup ? shared.filter((field) => annotationOf(inGroup, field) !== annotationOf(own, field)) : [];
    const texts = fields.map((field) => `${field} ${inGroup && annotationOf(inGroup, field)}`);
    return texts.length > 0 ? [{ number: other.number, text: `pr-${other.number} (${texts.join(", ")})` }] : [];
  });
  if (differing.length === 0) return;
  const renewals = differing.map((other) => `ds pr up ${other.number} --image TAG`).join(", ");
  throw new UserError(
    [
      `pr-${number} shares load balancer ${name} with environments that have it otherwise: ` +
        `${differing.map(({ text }) => text).join("; ")}. While they differ, its controller changes nothing for any of ` +
        "them: no new pod of theirs gets a request; no changes were made",
      "Next, if the change is not meant: put back ingress.public.loadBalancer of the stack file",
      `Next, if it is meant: ${command} --allow ${loadBalancerKind}/${name}, and at once for each of the others, likewise: ${renewals}`,
    ].join("\n"),
  );
}

function annotationOf({ metadata }: Ingress, field: keyof typeof ingressAnnotations): string | undefined {
  return metadata.annotations[ingressAnnotations[field]];
}
