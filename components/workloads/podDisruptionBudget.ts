import { metadata, type Scope, selectorLabels } from "../../catalog/names";
import { type BuiltObject, built } from "../objects";

/** Lets nodes be drained while all but `maxUnavailable` pods stay; broken pods never hold up a drain. */
export function podDisruptionBudget(
  scope: Scope,
  component: string,
  maxUnavailable: number | `${number}%`,
): BuiltObject<"PodDisruptionBudget"> {
  return built("PodDisruptionBudget", {
    metadata: metadata(scope, component),
    spec: {
      maxUnavailable,
      unhealthyPodEvictionPolicy: "AlwaysAllow",
      selector: { matchLabels: selectorLabels(scope, component) },
    },
  });
}
