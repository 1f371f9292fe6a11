import * as assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { projectFolder } from "../../../../cli/lib/project";
import { buildObjects } from "../../../../components/buildObjects";
import { stackRun } from "../../../support/stackRuns";

const numbers = ["none", "one", "two", "three", "four", "five"];

describe("a scheduled job's runs that failed", () => {
  it("are kept, with their pods and logs, in the number that the runbook promises", async () => {
    const runbook = readFileSync(path.join(projectFolder, "docs/runbook.md"), "utf8");
    const [, promised = ""] = /the last (\w+) that failed are kept/.exec(runbook) ?? [];
    for (const stack of ["prod", "ephemeral", "local"]) {
      const { scheduledJobs } = buildObjects((await stackRun(stack)).config.datasetsServer);
      assert.ok(scheduledJobs.length > 0);
      for (const { id, content } of scheduledJobs) {
        const { failedJobsHistoryLimit, jobTemplate } = JSON.parse(JSON.stringify(content)).spec;
        assert.equal(failedJobsHistoryLimit, numbers.indexOf(promised), `${stack}: ${id}`);
        // With OnFailure, the pod is deleted when the Job has failed.
        assert.equal(jobTemplate.spec.template.spec.restartPolicy, "Never", `${stack}: ${id}`);
      }
    }
  });
});
