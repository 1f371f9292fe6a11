import { jobNames, jobs, migrationGroups } from "../catalog/jobs";
import { serviceNames, services } from "../catalog/services";
import type { VariableGroup } from "../catalog/variableGroups";
import { workerGroups } from "../catalog/workers";
import type { Variables } from "../components/foundation/settings";
import type { StackFile } from "./schema";

/** What a stack file specifies of one workload, as far as all kinds of workloads have it. */
export interface FileWorkload {
  /** Where it is in the stack file, such as services and api. */
  readonly key: readonly string[];
  /** The groups of variables that it reads. */
  readonly groups: readonly VariableGroup[];
  /** Variables of its own. */
  readonly env: Variables;
  /** Default: any node without a taint. */
  readonly nodePool?: string | undefined;
}

/** Returns the workloads of a stack file: services, worker pools, jobs and the migration. */
export function fileWorkloads(file: Pick<StackFile, "services" | "workers" | "jobs" | "migration">): FileWorkload[] {
  const of = (
    key: readonly string[],
    groups: readonly VariableGroup[],
    config: Pick<FileWorkload, "env" | "nodePool"> | undefined,
  ): FileWorkload[] => (config ? [{ key, groups, env: config.env, nodePool: config.nodePool }] : []);
  return [
    ...serviceNames.flatMap((name) => of(["services", name], services[name].variables, file.services[name])),
    ...Object.entries(file.workers).flatMap(([pool, config]) => of(["workers", pool], workerGroups, config)),
    ...jobNames.flatMap((name) => of(["jobs", name], jobs[name].variables, file.jobs[name])),
    ...of(["migration"], migrationGroups, file.migration),
  ];
}
