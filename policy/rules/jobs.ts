import type { Rules } from "../rule";

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
} satisfies Rules;
