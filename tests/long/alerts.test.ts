import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { alertingRules } from "../../components/observability/alerts";
import { findTools } from "../../tools/install";
import { run } from "../../tools/run";
import { suiteFolder } from "../support/e2e/world";
import { stackRun } from "../support/stackRuns";

/** What Prometheus has been told for some time, and what it has to say of it then. */
interface Scenario {
  readonly title: string;
  readonly alert: string;
  /** Series and their values, one a minute, as promtool writes them: `7x60` is 7 for an hour. */
  readonly series: Readonly<Record<string, string>>;
  readonly after: string;
  /** Whom the alert is about, and its sentence. Default: it is not raised. */
  readonly raised?: { readonly labels: Readonly<Record<string, string>>; readonly summary: string };
  /** Default: prod. */
  readonly stack?: string;
}

const namespace = "datasets-server";
const api = `namespace="${namespace}",deployment="datasets-server-prod-api"`;
const search = `namespace="${namespace}",deployment="datasets-server-prod-search"`;
const heavy = `worker_size_jobs_count{namespace="${namespace}",service="datasets-server-prod-admin",worker_size="heavy"}`;
const collector = "datasets-server-prod-queue-metrics-collector";
const job = `{namespace="${namespace}",cronjob="${collector}"}`;
const stuck = (labels: string) =>
  `kube_deployment_status_condition{${labels},condition="Progressing",status="false",reason="ProgressDeadlineExceeded"}`;

/** So many environments, for ten hours. */
function environments(count: number): Record<string, string> {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  return Object.fromEntries(
    numbers.map((number) => [`kube_namespace_created{namespace="datasets-server-pr-${number}"}`, "0x600"]),
  );
}

const rows = `namespace="${namespace}",service="datasets-server-prod-rows",path_template="/rows"`;
const served = (status: number) => `starlette_responses_total{${rows},status_code="${status}"}`;
const answeredWithin = (seconds: string) =>
  `starlette_requests_processing_time_seconds_bucket{${rows},le="${seconds}"}`;
const answers = `starlette_requests_processing_time_seconds_count{${rows}}`;
const restarts = (pod: string) =>
  `kube_pod_container_status_restarts_total{namespace="${namespace}",pod="datasets-server-prod-${pod}",container="rows"}`;

const scenarios: readonly Scenario[] = [
  {
    title: "a service that has not failed before, and has done so for more than an hour",
    alert: "DatasetsServerErrors",
    series: { [served(200)]: "0+60x240", [served(500)]: "0x120 20+20x120" },
    after: "4h",
    raised: {
      labels: { namespace, service: "datasets-server-prod-rows", severity: "critical", stack: "prod" },
      summary: "datasets-server-prod-rows answers 25% of requests with an error, more than it did the day before.",
    },
  },
  {
    title: "no service that fails as often as it always has",
    alert: "DatasetsServerErrors",
    series: { [served(200)]: "0+60x600", [served(500)]: "0+20x600" },
    after: "10h",
  },
  {
    title: "no service that failed for the minutes of a rollout",
    alert: "DatasetsServerErrors",
    series: { [served(200)]: "0+60x240", [served(500)]: "0x234 20+20x6" },
    after: "4h",
  },
  {
    title: "a service that has become slow",
    alert: "DatasetsServerSlow",
    series: { [answers]: "0+60x240", [answeredWithin("10.0")]: "0+60x120 7230+30x120" },
    after: "4h",
    raised: {
      labels: { namespace, service: "datasets-server-prod-rows", severity: "warning", stack: "prod" },
      summary: "datasets-server-prod-rows takes over 10 seconds for 50% of requests, more than it did the day before.",
    },
  },
  {
    title: "no service that is fast",
    alert: "DatasetsServerSlow",
    series: { [answers]: "0+60x240", [answeredWithin("10.0")]: "0+60x240" },
    after: "4h",
  },
  {
    title: "pods that are started again and again",
    alert: "DatasetsServerPodsRestart",
    series: { [restarts("rows-1")]: "0+0.1x60", [restarts("rows-2")]: "0+0.1x60" },
    after: "1h",
    raised: {
      labels: { namespace, container: "rows", severity: "warning", stack: "prod" },
      summary: "The pods of rows have been started again 3 times each in half an hour.",
    },
  },
  {
    title: "no single pod of many that is started again",
    alert: "DatasetsServerPodsRestart",
    series: {
      [restarts("rows-1")]: "0+0.1x60",
      [restarts("rows-2")]: "0x60",
      [restarts("rows-3")]: "0x60",
      [restarts("rows-4")]: "0x60",
    },
    after: "1h",
  },
  {
    title: "a rollout that got no further",
    alert: "DatasetsServerRolloutStuck",
    series: { [stuck(api)]: "0x10 1x10" },
    after: "15m",
    raised: {
      labels: { namespace, deployment: "datasets-server-prod-api", severity: "critical", stack: "prod" },
      summary: "The rollout of datasets-server-prod-api got no further within its deadline. The old pods still serve.",
    },
  },
  {
    title: "no rollout that goes on, nor one of somebody else",
    alert: "DatasetsServerRolloutStuck",
    series: { [stuck(api)]: "0x60", [stuck('namespace="hub",deployment="datasets-server-prod-api"')]: "1x60" },
    after: "1h",
  },
  {
    title: "pods that are missing for longer than a start takes",
    alert: "DatasetsServerPodsMissing",
    series: {
      [`kube_deployment_status_replicas_available{${api}}`]: "11x60",
      [`kube_deployment_spec_replicas{${api}}`]: "20x60",
    },
    after: "30m",
    raised: {
      labels: { namespace, deployment: "datasets-server-prod-api", severity: "critical", stack: "prod" },
      summary: "datasets-server-prod-api has only 11 pods that serve, fewer than even a rollout leaves it.",
    },
  },
  {
    title: "no pod that search lacks while it rolls",
    alert: "DatasetsServerPodsMissing",
    series: {
      [`kube_deployment_status_replicas_available{${search}}`]: "2x60",
      [`kube_deployment_spec_replicas{${search}}`]: "3x60",
    },
    after: "1h",
  },
  {
    title: "a queue beyond what all workers are sized for, that grows",
    alert: "DatasetsServerQueueGrows",
    series: { [heavy]: "2000+10x120" },
    after: "2h",
    raised: {
      labels: { namespace, worker_size: "heavy", severity: "warning", stack: "prod" },
      summary: "3200 heavy jobs wait, more than all workers are sized for, and ever more.",
    },
  },
  {
    title: "no long queue that shrinks",
    alert: "DatasetsServerQueueGrows",
    series: { [heavy]: "9000-10x120" },
    after: "2h",
  },
  {
    title: "a queue that nobody counts",
    alert: "DatasetsServerQueueUnknown",
    series: { up: "1x60" },
    after: "20m",
    raised: {
      labels: { namespace, service: "datasets-server-prod-admin", severity: "warning", stack: "prod" },
      summary: "The waiting jobs are not counted, so no autoscaler adds pods.",
    },
  },
  {
    title: "a job that did not start",
    alert: "DatasetsServerJobMissed",
    series: { [`kube_cronjob_next_schedule_time${job}`]: "600x60" },
    after: "30m",
    raised: {
      labels: { namespace, cronjob: collector, severity: "warning", stack: "prod" },
      summary: `${collector} was to start 20m 0s ago, and did not.`,
    },
  },
  {
    title: "no job whose time has not come",
    alert: "DatasetsServerJobMissed",
    series: { [`kube_cronjob_next_schedule_time${job}`]: "600x9 1200x9 1800x9" },
    after: "25m",
  },
  {
    title: "a job whose runs have failed since it was made",
    alert: "DatasetsServerJobFails",
    series: {
      [`kube_cronjob_created${job}`]: "0x60",
      [`kube_cronjob_status_last_schedule_time${job}`]: "0x10 600x10 1200x10 1800x10",
      [`kube_cronjob_next_schedule_time${job}`]: "600x10 1200x10 1800x10 2400x10",
    },
    after: "40m",
    raised: {
      labels: { namespace, cronjob: collector, severity: "warning", stack: "prod" },
      summary: `${collector} last ended well 40m 0s ago; a later run should have.`,
    },
  },
  {
    title: "no job one of whose runs may still end well",
    alert: "DatasetsServerJobFails",
    series: {
      [`kube_cronjob_status_last_successful_time${job}`]: "300x60",
      [`kube_cronjob_status_last_schedule_time${job}`]: "0x10 600x50",
      [`kube_cronjob_next_schedule_time${job}`]: "600x10 1200x50",
    },
    after: "25m",
  },
  {
    title: "no job that is suspended, as nothing says when it would be due",
    alert: "DatasetsServerJobFails",
    series: { [`kube_cronjob_created${job}`]: "0x600", [`kube_cronjob_status_last_schedule_time${job}`]: "0x600" },
    after: "10h",
  },
  {
    title: "a Deployment that somebody has scaled",
    alert: "DatasetsServerChangedByHand",
    series: { [`kube_deployment_spec_replicas{${api}}`]: "5x60" },
    after: "40m",
    raised: {
      labels: { namespace, deployment: "datasets-server-prod-api", severity: "warning", stack: "prod" },
      summary: "datasets-server-prod-api was scaled or suspended by hand.",
    },
  },
  {
    title: "a job that somebody has suspended",
    alert: "DatasetsServerChangedByHand",
    series: { [`kube_cronjob_spec_suspend${job}`]: "1x60", [`kube_deployment_spec_replicas{${api}}`]: "20x60" },
    after: "40m",
    raised: {
      labels: { namespace, cronjob: collector, severity: "warning", stack: "prod" },
      summary: `${collector} was scaled or suspended by hand.`,
    },
  },
  {
    title: "an environment whose removal hangs",
    stack: "ephemeral",
    alert: "DatasetsServerEnvironmentStays",
    series: { 'kube_namespace_status_phase{namespace="datasets-server-pr-7",phase="Terminating"}': "0x10 1x60" },
    after: "1h",
    raised: {
      labels: { namespace: "datasets-server-pr-7", severity: "warning", stack: "ephemeral" },
      summary: "datasets-server-pr-7 is being removed, and something holds it.",
    },
  },
  {
    title: "environments that leave no room through three sweeps",
    stack: "ephemeral",
    alert: "DatasetsServerEnvironmentsFull",
    series: environments(16),
    after: "4h",
    raised: {
      labels: { severity: "warning", stack: "ephemeral" },
      summary: "There are 16 environments of pull requests, and there is no room for another.",
    },
  },
  {
    title: "no environments while there is room",
    stack: "ephemeral",
    alert: "DatasetsServerEnvironmentsFull",
    series: environments(15),
    after: "5h",
  },
];

describe("Prometheus raises an alert about", () => {
  let folder: string;
  let promtool: string;

  before(async () => {
    folder = await suiteFolder("alerts");
    promtool = findTools(["long"]).promtool;
  });

  for (const { title, alert, series, after, raised, stack = "prod" } of scenarios) {
    it(title, async () => {
      const { datasetsServer } = (await stackRun(stack)).config;
      const rules = alertingRules({ ...datasetsServer, ...datasetsServer.alerts });
      const { runbook_url } = rules.find((rule) => rule.alert === alert)?.annotations ?? assert.fail(alert);
      const expected = raised && {
        exp_labels: raised.labels,
        exp_annotations: { summary: raised.summary, runbook_url },
      };
      const test = {
        rule_files: ["rules.json"],
        evaluation_interval: "1m",
        tests: [
          {
            interval: "1m",
            input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
            alert_rule_test: [{ alertname: alert, eval_time: after, exp_alerts: expected ? [expected] : [] }],
          },
        ],
      };
      // JSON is YAML, which is what promtool reads.
      await fs.writeFile(path.join(folder, "rules.json"), JSON.stringify({ groups: [{ name: stack, rules }] }));
      await fs.writeFile(path.join(folder, "test.json"), JSON.stringify(test));
      const { code, stdout, stderr } = await run(promtool, ["test", "rules", "test.json"], { cwd: folder });
      assert.equal(code, 0, stdout + stderr);
    });
  }
});
