import type { z } from "zod";
import { type FactTree, list } from "./facts";
import { ownName } from "./pods";
import { type AnyObject, cronJobSpec, deploymentSpec, jobSpec } from "./shapes";
import { type Surroundings, selected } from "./surroundings";

export function deploymentFacts(object: AnyObject, around: Surroundings): FactTree {
  const spec = deploymentSpec.parse(object.spec);
  const isScaled = around.autoscaled.has(object.metadata.name);
  return {
    replicas: spec.replicas ?? (isScaled ? "left to the autoscaler" : 1),
    selects: selected(object, around.pods, spec.selector.matchLabels),
    annotations: annotationNames(object),
    rollout: {
      strategy: spec.strategy.type,
      ...spec.strategy.rollingUpdate,
      minReadySeconds: spec.minReadySeconds,
      progressDeadlineSeconds: spec.progressDeadlineSeconds,
      historyLimit: spec.revisionHistoryLimit,
    },
  };
}

export function cronJobFacts(object: AnyObject): FactTree {
  const spec = cronJobSpec.parse(object.spec);
  return {
    schedule: spec.schedule,
    timeZone: spec.timeZone,
    concurrency: spec.concurrencyPolicy,
    startingDeadlineSeconds: spec.startingDeadlineSeconds,
    kept: { successful: spec.successfulJobsHistoryLimit, failed: spec.failedJobsHistoryLimit },
    annotations: annotationNames(object),
    ...runFacts(spec.jobTemplate.spec),
  };
}

export function jobFacts(object: AnyObject): FactTree {
  return { annotations: annotationNames(object), ...runFacts(jobSpec.parse(object.spec)) };
}

function runFacts(spec: z.infer<typeof jobSpec>): FactTree {
  return {
    retries: spec.backoffLimit,
    deadlineSeconds: spec.activeDeadlineSeconds,
    deletedAfterSeconds: spec.ttlSecondsAfterFinished,
    podsLabelled: Object.keys(spec.template.metadata.labels).length > 0,
  };
}

function annotationNames({ metadata }: AnyObject): string | undefined {
  return list(Object.keys(metadata.annotations).map(ownName)) || undefined;
}
