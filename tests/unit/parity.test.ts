import * as assert from "node:assert/strict";
import type { KubernetesObject } from "../../cli/lib/objects";
import { groupRules, loadBalancerGroups, meets } from "../../policy/loadBalancer";
import { ingressShape } from "../../policy/shapes";
import { chartObjects } from "../support/e2e/chart";
import { type Difference, differencesFromChart, productionObjects } from "../support/parity";
import { fixtureConfig } from "../support/stackConfig";

/** What the objects must have in common with the chart's. All else is decided here: docs/differences.md. */
const facts = {
  programs: /^pod\.image$/,
  "environment variables and secrets": /^pod\.env\b/,
  "CPU and memory": /^pod\.container\.resources(?!.*ephemeral-storage)/,
  "container ports": /^pod\.container\.ports/,
  "folders of the shared volume": /^pod\.folders(\.\/storage.*(claimName|subPath))?$/,
  "users, groups and service account": /^pod\.(securityContext\.runAs|serviceAccountName)/,
  "node pools": /^pod\.(nodeSelector|tolerations)/,
  "numbers of pods": /^spec\.(replicas|minReplicas|maxReplicas|scaleTargetRef)/,
  schedules: /^spec\.schedule$/,
  "selectors of pods": /^spec\.(selector|namespaceSelector)/,
  "Service ports": /^spec\.ports\[\w+\](\.(name|port|protocol))?$/,
  "requests that are answered, and by whom": /^spec\.answers|actions/,
  "load balancers": /^annotations\..*\/(load-balancer-name|scheme|certificate-arn|group\.name)$/,
  "metrics endpoints": /^spec\.(endpoints|podMetricsEndpoints)/,
} as const satisfies Readonly<Record<string, RegExp>>;

/** Where a fact is another one on purpose. */
const exceptions: readonly RegExp[] = [
  // The root is read-only, and the metrics of a pod's processes have a folder of their own.
  /^\w+ \S+ pod\.env\.(HOME|PROMETHEUS_MULTIPROC_DIR)$/,
  /^(CronJob \S+|Job \S+|Deployment (api|sse-api|webhook)) pod\.folders$/,
  // Only the service webhook checks it.
  /^Deployment (api|rows|search|sse-api) pod\.env\.API_HF_WEBHOOK_SECRET$/,
  // The application no longer reads it.
  /^Deployment search pod\.env\.DUCKDB_INDEX_TARGET_REVISION$/,
  // The chart leaves out how many pods a pool begins with that has an autoscaler: Kubernetes takes 1.
  /^Deployment worker-\w+ spec\.replicas$/,
  // What a run needs is asked for and bounded.
  /^(CronJob (post-messages|\w+-metrics-collector)|Job mongodb-migration) pod\.container\.resources\./,
];

/** Returns the differences from the chart, but for variables that it does not have: the application may have got more. */
function losses(objects: readonly KubernetesObject[]): Difference[] {
  return differencesFromChart(objects).filter(
    ({ field, chart }) => !(field.startsWith("pod.env.") && chart === "absent"),
  );
}

function named({ object, field }: Difference): string {
  return `${object} ${field}`;
}

/** Returns the differences in a fact that are none on purpose. */
function unmeant(differences: readonly Difference[], fact: RegExp): string[] {
  return differences
    .filter((difference) => fact.test(difference.field) && !exceptions.some((one) => one.test(named(difference))))
    .map((difference) => `${named(difference)}: ${difference.chart} in the chart, ${difference.ours} here`);
}

/** Who answers a request on each load balancer. */
function answers(objects: readonly unknown[]): Map<string, string> {
  const ingresses = objects.filter((object) => Object(object).kind === "Ingress").map((one) => ingressShape.parse(one));
  const paths = ingresses.flatMap(({ spec }) => spec.rules.flatMap(({ http }) => http.paths.map(({ path }) => path)));
  const requests = [...new Set([...paths, ...paths.map((path) => `${path}/more`), "/anything"])].sort();
  return new Map(
    loadBalancerGroups(ingresses).flatMap((members) => {
      const rules = groupRules(members);
      const host = rules[0]?.host ?? "";
      return requests.map((request): [string, string] => {
        const rule = rules.find((candidate) => meets(candidate, host, request));
        return [`${host}${request}`, rule?.backend.service.name ?? "404"];
      });
    }),
  );
}

/** Changes of the objects' JSON, each with the fact that it must be noticed in. */
const changes: Readonly<Record<string, readonly [keyof typeof facts, from: string, to: string]>> = {
  "a dropped variable": ["environment variables and secrets", '"API_HF_AUTH_PATH"', '"OTHER"'],
  "another secret": ["environment variables and secrets", '"key":"SPAWNING_TOKEN"', '"key":"HF_TOKEN"'],
  "another program": ["programs", "datasets-server-cache_maintenance:", "datasets-server-worker:"],
  "less memory": ["CPU and memory", '"memory":"250Gi"', '"memory":"200Gi"'],
  "another number of pods": ["numbers of pods", '"replicas":20', '"replicas":19'],
  "another node pool": ["node pools", '"role-datasets-server-rows":"true"', '"role-datasets-server":"true"'],
  "another folder": ["folders of the shared volume", '"subPath":"datasets-server/prod/', '"subPath":"other/'],
  "another schedule": ["schedules", "50 */3 * * *", "0 0 * * *"],
  "a lost request": ["requests that are answered, and by whom", '"path":"/filter"', '"path":"/filters"'],
  "another action": ["requests that are answered, and by whom", '"statusCode\\":\\"401', '"statusCode\\":\\"200'],
  "an open load balancer": ["load balancers", '/scheme":"internal"', '/scheme":"internet-facing"'],
  "another path of metrics": ["metrics endpoints", '"path":"/admin/metrics"', '"path":"/metrics"'],
};

describe("objects built from the values of the Helm chart's production", () => {
  let objects: readonly KubernetesObject[];
  let differences: readonly Difference[];

  before(async () => {
    objects = await productionObjects(fixtureConfig("prod"));
    differences = losses(objects);
  });

  for (const [name, fact] of Object.entries(facts)) {
    it(`have the chart's ${name}`, () => {
      assert.deepEqual(unmeant(differences, fact), []);
    });
  }

  it("are all that the chart has, but for what fetches its secrets", () => {
    const missing = differences.filter(({ field, ours }) => field === "" && ours === "absent");
    assert.deepEqual(
      missing.map(({ object }) => object),
      ["InfisicalSecret infisical-secret"],
    );
  });

  it("have load balancers answer every request by the same Service or action", () => {
    assert.deepEqual(answers(objects), answers(chartObjects()));
  });

  it("have no exception that is not needed", () => {
    const isNeeded = (exception: RegExp) => differences.some((difference) => exception.test(named(difference)));
    assert.deepEqual(
      exceptions.filter((exception) => !isNeeded(exception)),
      [],
    );
  });

  for (const [name, [fact, from, to]] of Object.entries(changes)) {
    it(`are compared so that ${name} is noticed`, () => {
      const text = JSON.stringify(objects);
      assert.ok(text.includes(from), from);
      const changed: KubernetesObject[] = JSON.parse(text.replaceAll(from, to));
      assert.notDeepEqual(unmeant(losses(changed), facts[fact]), []);
    });
  }
});
