import { absent, type Inventory } from "../inventory";
import { type Finding, finding, type Rule } from "../rule";

export const jobsEnd: Rule = {
  level: "mandatory",
  why: "A run without an end is joined by the next one, until both run out of memory.",
  check: (inventory) => [
    ...inventory.jobs.flatMap((object) =>
      object.spec.activeDeadlineSeconds === undefined
        ? [finding(object, "spec.activeDeadlineSeconds", absent, "say after how many seconds it is stopped")]
        : [],
    ),
    ...inventory.cronJobs.flatMap(scheduledRuns),
  ],
};

function scheduledRuns(object: Inventory["cronJobs"][number]): Finding[] {
  const { concurrencyPolicy, startingDeadlineSeconds, jobTemplate } = object.spec;
  const deadline = "spec.jobTemplate.spec.activeDeadlineSeconds";
  return [
    ...(jobTemplate.spec.activeDeadlineSeconds === undefined
      ? [finding(object, deadline, absent, "say after how many seconds a run is stopped")]
      : []),
    ...(concurrencyPolicy === "Allow"
      ? [finding(object, "spec.concurrencyPolicy", concurrencyPolicy, "set it to Forbid, or to Replace")]
      : []),
    // After a hundred missed starts Kubernetes gives such a CronJob up.
    ...(startingDeadlineSeconds === undefined
      ? [finding(object, "spec.startingDeadlineSeconds", absent, "say how late a run may still start")]
      : []),
  ];
}
