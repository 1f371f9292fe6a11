import { jobNames } from "../catalog/jobs";
import { objectName, scheduledJobName } from "../catalog/names";
import { serviceNames } from "../catalog/services";
import { workerComponent } from "../catalog/workers";
import { migrationName } from "../components/workloads/migration";
import { nameLimit } from "../policy/rules/names";
import { scopeOf } from "./build";
import { type ConfigIssue, configKey } from "./issues";
import type { StackFile } from "./schema";
import type { StackIdentity } from "./stacks";

interface NamedObject {
  readonly kind: "Deployment" | "CronJob" | "Job";
  readonly name: string;
}

/** Names that rule names-fit would find too long, by the key of the stack file that makes them so: objects do not know it. */
export function nameIssues(identity: StackIdentity, file: StackFile): ConfigIssue[] {
  const scope = scopeOf(identity, file);
  // Of these only the release is the stack file's.
  const fixed: NamedObject[] = [
    ...serviceNames.map((service) => ({ kind: "Deployment", name: objectName(scope, service) }) as const),
    ...jobNames
      .filter((job) => file.jobs[job])
      .map((job) => ({ kind: "CronJob", name: scheduledJobName(scope, job) }) as const),
    { kind: "Job", name: migrationName(scope, file.images.tag) },
  ];
  const [longestFixed] = fixed.filter((object) => excess(object) > 0).sort((a, b) => excess(b) - excess(a));
  if (longestFixed) {
    return [tooLong(["helm", "release"], longestFixed)];
  }
  return Object.keys(file.workers)
    .map((pool) => ({ pool, object: { kind: "Deployment", name: objectName(scope, workerComponent(pool)) } as const }))
    .filter(({ object }) => excess(object) > 0)
    .map(({ pool, object }) => tooLong(["workers", pool], object));
}

function excess({ kind, name }: NamedObject): number {
  return name.length - nameLimit(kind).length;
}

function tooLong(key: readonly string[], object: NamedObject): ConfigIssue {
  const { kind, name } = object;
  const message = `makes ${name} the name of a ${kind}, ${excess(object)} too long; allowed: at most ${nameLimit(kind).length} characters`;
  return { key: configKey(key), message };
}
