import * as assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parser } from "@prometheus-io/lezer-promql";
import { projectFolder } from "../../../../cli/lib/project";
import { type AlertsArgs, alertingRules, runbookUrl } from "../../../../components/observability/alerts";
import { stackRun } from "../../../support/stackRuns";

const args: AlertsArgs = {
  scope: { stack: "prod", release: "datasets-server-prod", namespace: "datasets-server" },
  services: { api: { replicas: 20 } },
  workers: {
    heavy: { autoscaling: { minReplicas: 1, maxReplicas: 40, jobsPerPod: { heavy: 50 } } },
    all: { autoscaling: { minReplicas: 1, maxReplicas: 5, jobsPerPod: { light: 2, heavy: 10 } } },
  },
  jobs: { backfill: { deadlineSeconds: 3600 } },
  suspendJobs: false,
};

/** What each alert waits for. */
function expressions(changes: Partial<AlertsArgs> = {}): ReadonlyMap<string, string> {
  return new Map(alertingRules({ ...args, ...changes }).map(({ alert, expr }) => [alert, expr]));
}

/** The texts of all nodes of a kind in an expression. */
function nodes(expr: string, kind: string): string[] {
  const texts: string[] = [];
  parser.parse(expr).iterate({
    enter: ({ name, from, to }) => {
      if (name === kind) texts.push(expr.slice(from, to));
    },
  });
  return texts;
}

describe("the alerts of a stack", () => {
  it("are about a queue longer than all pools at their largest are sized for", () => {
    const grows = expressions().get("DatasetsServerQueueGrows") ?? "";
    assert.match(grows, /worker_size="light"[^>]*> 10 and /);
    assert.match(grows, /worker_size="heavy"[^>]*> 2050 and /);
    assert.doesNotMatch(grows, /worker_size="medium"/);
  });

  it("leave the queue alone where nothing scales by it", () => {
    const names = [...expressions({ workers: { all: { replicas: 1 } } }).keys()];
    assert.deepEqual(
      names.filter((name) => name.includes("Queue")),
      [],
    );
  });

  it("take other numbers of pods for a change by hand, but not where an autoscaler sets them", () => {
    const workers = { ...args.workers, fixed: { replicas: 3 } };
    const byHand = expressions({ workers }).get("DatasetsServerChangedByHand") ?? "";
    assert.match(byHand, /deployment="datasets-server-prod-api"}\) != 20\n/);
    assert.match(byHand, /deployment="datasets-server-prod-worker-fixed"}\) != 3\n/);
    assert.doesNotMatch(byHand, /worker-heavy/);
  });

  it("want jobs suspended where another stack runs them", () => {
    assert.match(expressions().get("DatasetsServerChangedByHand") ?? "", /spec_suspend.* != 0$/);
    const standby = expressions({ suspendJobs: true });
    assert.match(standby.get("DatasetsServerChangedByHand") ?? "", /spec_suspend.* != 1$/);
  });

  it("know the chart's names of scheduled jobs where those are kept", () => {
    const scope = { ...args.scope, release: "prod-datasets-server", helmRelease: "prod" };
    assert.match(
      expressions({ scope }).get("DatasetsServerJobFails") ?? "",
      /cronjob="prod-datasets-server-job-backfill"/,
    );
  });

  it("are about environments of pull requests only beside these", () => {
    const about = (names: Iterable<string>) => [...names].filter((name) => name.includes("Environment")).length;
    assert.equal(about(expressions().keys()), 0);
    assert.equal(about(expressions({ environments: { prefix: "datasets-server-pr-", most: 30 } }).keys()), 2);
  });

  it("say how bad it is, on which stack, and where the runbook goes on", () => {
    for (const { alert, labels, annotations } of everyAlert()) {
      assert.match(labels.severity, /^(critical|warning)$/);
      assert.equal(labels.stack, "prod");
      assert.equal(annotations.runbook_url, `${runbookUrl}#${alert.toLowerCase()}`);
    }
  });

  it("have each a heading of the runbook by its name, with what to know at 3 a.m., and no heading is of another", () => {
    const runbook = readFileSync(path.join(projectFolder, "docs/runbook.md"), "utf8");
    const [, chapter = ""] = /^## Alerts$(.*?)^## /ms.exec(runbook) ?? [];
    const sections = chapter.split(/^### /m).slice(1);
    assert.deepEqual(
      sections.map((section) => section.split("\n")[0]).sort(),
      everyAlert()
        .map(({ alert }) => alert)
        .sort(),
    );
    for (const section of sections) {
      const parts = [...section.matchAll(/^- \*\*(\w+):\*\*/gm)].map(([, part]) => part);
      assert.deepEqual(parts, ["Meaning", "Impact", "Diagnosis", "Mitigation"], section);
    }
  });

  /** Those of a stack that has something of each kind. */
  function everyAlert() {
    return alertingRules({ ...args, environments: { prefix: "x-", most: 1 } });
  }
});

for (const stack of ["prod", "ephemeral", "local"]) {
  describe(`the alerts of stack ${stack}, in the grammar of Prometheus`, () => {
    it("are well formed, and each looks at the stack's own namespace or those of pull requests", async () => {
      const { config } = await stackRun(stack);
      const { datasetsServer } = config;
      const rules = alertingRules({ ...datasetsServer, ...datasetsServer.alerts });
      assert.ok(rules.length > 0);
      for (const { alert, expr } of rules) {
        assert.deepEqual(nodes(expr, "⚠"), [], `${alert}: ${expr}`);
        const selectors = nodes(expr, "VectorSelector");
        assert.ok(selectors.length > 0, alert);
        for (const selector of selectors) {
          assert.match(selector, /namespace(="datasets-server"|=~"datasets-server-pr-\[0-9\]\+")/, alert);
        }
      }
    });
  });
}

describe("an environment of a pull request", () => {
  it("has no alerts: nobody is woken for it", async () => {
    const { objects } = await stackRun("pr-7");
    assert.deepEqual(
      objects.filter(({ kind }) => kind === "PrometheusRule"),
      [],
    );
  });
});
