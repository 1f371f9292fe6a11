import { jobNames, jobs, migrationGroups } from "./jobs";
import { serviceNames, services } from "./services";
import type { VariableGroup } from "./variableGroups";
import { workerGroups } from "./workers";

/** The workloads that read a group: services, `workers` for every pool, jobs, and `migration`. */
export function readersOf(group: VariableGroup): string[] {
  return [
    ...serviceNames.filter((name) => services[name].variables.includes(group)),
    ...(workerGroups.includes(group) ? ["workers"] : []),
    ...jobNames.filter((name) => jobs[name].variables.includes(group)),
    ...(migrationGroups.includes(group) ? ["migration"] : []),
  ];
}

/**
 * Whether a group is a ConfigMap, and does not stand in the pods themselves: when several workloads read it, pools of workers
 * among them. It is the same on every stack, so that no pool or job that comes or goes restarts others.
 */
export function isShared(group: VariableGroup): boolean {
  const [first, ...others] = readersOf(group);
  return first === "workers" || others.length > 0;
}
