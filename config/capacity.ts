import * as pulumi from "@pulumi/pulumi";
import { allObjects, buildObjects, type DatasetsServerArgs } from "../components/buildObjects";
import { plainObject } from "../components/objects";
import { loadBalancerUse, readIngresses, timesThatFit } from "../policy/loadBalancer";
import type { Ingress } from "../policy/shapes";
import { buildConfig } from "./build";
import { type ConfigIssue, configKey, unexpected } from "./issues";
import type { StackFile } from "./schema";
import { identifyStack } from "./stacks";

/** Returns the Ingresses of a stack, as they are built. */
export function builtIngresses(args: DatasetsServerArgs): Ingress[] {
  return readIngresses(allObjects(buildObjects(args)).map(plainObject));
}

/**
 * Returns the issue of more environments than fit on their load balancers: as many of what AWS limits as one environment's own
 * objects come to. For a file that has no other issue.
 */
export function capacityIssues(file: StackFile): ConfigIssue[] {
  // Any number will do: environments differ in their names alone.
  const identity = identifyStack("pr-1");
  if (!file.pullRequest || !file.stacks.includes("pr-N") || !identity) {
    return [];
  }
  const { loadBalancers, maxOpen } = file.pullRequest;
  const { datasetsServer } = buildConfig({ identity, file }, {}, () => pulumi.secret(""));
  const { times, limit } = timesThatFit(loadBalancerUse(builtIngresses(datasetsServer)));
  const most = times * loadBalancers.length;
  const { redirectHttp } = file.ingress.public.loadBalancer;
  // Without a redirect, the rules are on the listener for HTTP too.
  const twice = `, each of them twice as ${configKey(["ingress", "public", "loadBalancer", "redirectHttp"])} is false`;
  const expected =
    `at most ${most}: ${times} on each of the load balancers, ${loadBalancers.length}, which AWS lets have ${limit}` +
    (redirectHttp ? "" : twice);
  return maxOpen > most ? [{ key: configKey(["pullRequest", "maxOpen"]), message: unexpected(maxOpen, expected) }] : [];
}
