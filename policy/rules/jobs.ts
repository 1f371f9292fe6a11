import type { Expect, Rules } from "../rule";
import type { KubernetesObject } from "../shapes";

interface JobSpec {
  readonly template: { readonly spec: { readonly restartPolicy: string } };
}

export const jobRules = {
  "jobs-end": {
    level: "mandatory",
    why: "A run without an end is joined by the next one, until both run out of memory.",
    check: ({ jobs, cronJobs }, expect) => {
      for (const object of jobs) {
        const deadline = object.spec.activeDeadlineSeconds;
        const fix = "say after how many seconds it is stopped";
        expect(deadline !== undefined, object, "spec.activeDeadlineSeconds", deadline, fix);
      }
      for (const object of cronJobs) {
        const { concurrencyPolicy: policy, startingDeadlineSeconds: start, jobTemplate } = object.spec;
        const deadline = jobTemplate.spec.activeDeadlineSeconds;
        const path = "spec.jobTemplate.spec.activeDeadlineSeconds";
        expect(deadline !== undefined, object, path, deadline, "say after how many seconds a run is stopped");
        expect(policy !== "Allow", object, "spec.concurrencyPolicy", policy, "set it to Forbid, or to Replace");
        // After a hundred missed starts Kubernetes gives up a CronJob without this deadline.
        const fix = "say how late a run may still start";
        expect(start !== undefined, object, "spec.startingDeadlineSeconds", start, fix);
      }
    },
  },

  "failed-runs-can-be-read": {
    level: "mandatory",
    why: "With OnFailure, a Job that gives up deletes its pod, and the log that says why goes with it.",
    check: ({ jobs, cronJobs }, expect) => {
      for (const object of jobs) expectNever(expect, object, "", object.spec);
      for (const object of cronJobs) {
        const { failedJobsHistoryLimit: kept, jobTemplate } = object.spec;
        expectNever(expect, object, "spec.jobTemplate.", jobTemplate.spec);
        expect(kept > 0, object, "spec.failedJobsHistoryLimit", kept, "keep one failed run or more");
      }
    },
  },
} satisfies Rules;

function expectNever(expect: Expect, object: KubernetesObject, within: string, { template }: JobSpec): void {
  const { restartPolicy } = template.spec;
  const fix = "set it to Never, so that a new pod is tried and the failed one stays";
  expect(restartPolicy === "Never", object, `${within}spec.template.spec.restartPolicy`, restartPolicy, fix);
}
