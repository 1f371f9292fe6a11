import { finding, type Rule } from "../rule";

export const rolloutsOutlastStarts: Rule = {
  level: "mandatory",
  why: "A rollout whose deadline is no longer than one pod's start is called failed while it is only slow.",
  check: ({ deployments }) =>
    deployments.flatMap((object) => {
      const { progressDeadlineSeconds, minReadySeconds, template } = object.spec;
      const starts = template.spec.containers.map(({ startupProbe, readinessProbe }) =>
        startupProbe
          ? startupProbe.initialDelaySeconds + startupProbe.failureThreshold * startupProbe.periodSeconds
          : (readinessProbe?.initialDelaySeconds ?? 0),
      );
      const budget = Math.max(...starts) + minReadySeconds;
      const cure = `make it longer than the ${budget} s that a pod may take to start and stay ready`;
      return progressDeadlineSeconds > budget
        ? []
        : [finding(object, "spec.progressDeadlineSeconds", progressDeadlineSeconds, cure)];
    }),
};
