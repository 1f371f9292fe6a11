import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1";
import type * as pulumi from "@pulumi/pulumi";
import { metadata, type Scope, selectorLabels } from "./names";

/** Lets nodes be drained while all but `maxUnavailable` pods stay; broken pods never hold up a drain. */
export function podDisruptionBudget(
  name: string,
  scope: Scope,
  component: string,
  maxUnavailable: number | `${number}%`,
  opts: pulumi.CustomResourceOptions,
): PodDisruptionBudget {
  return new PodDisruptionBudget(
    name,
    {
      metadata: metadata(scope, component),
      spec: {
        maxUnavailable,
        unhealthyPodEvictionPolicy: "AlwaysAllow",
        selector: { matchLabels: selectorLabels(scope, component) },
      },
    },
    opts,
  );
}
