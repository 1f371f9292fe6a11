import { readFileSync } from "node:fs";
import fs from "node:fs/promises";
import path from "node:path";
import type { V1DeploymentStrategy } from "@kubernetes/client-node";
import { z } from "zod";
import { helmLabels, helmPrefix } from "../../../catalog/names";
import { projectFolder } from "../../../cli/lib/project";

export const helmRelease = "prod";

/** The chart's own API versions, which the fixture leaves out. */
const apiVersions: Readonly<Record<string, string>> = {
  CronJob: "batch/v1",
  Deployment: "apps/v1",
  HorizontalPodAutoscaler: "autoscaling/v2",
  InfisicalSecret: "secrets.infisical.com/v1alpha1",
  Ingress: "networking.k8s.io/v1",
  Job: "batch/v1",
  PodDisruptionBudget: "policy/v1",
  PodMonitor: "monitoring.coreos.com/v1",
  Service: "v1",
  ServiceAccount: "v1",
  ServiceMonitor: "monitoring.coreos.com/v1",
};

const fixture = z.array(
  z.looseObject({
    kind: z.string(),
    metadata: z.looseObject({ name: z.string(), annotations: z.record(z.string(), z.string()).default({}) }),
    spec: z.record(z.string(), z.unknown()).optional(),
  }),
);

const componentLabel = "app.kubernetes.io/component";

/** The chart's labels; an object that is no component's has no label for one. */
const chartLabels = { ...helmLabels(helmRelease), "app.kubernetes.io/name": helmPrefix(helmRelease) };

/** The chart's objects of production, with what the fixture leaves out. */
export function chartObjects() {
  const text = readFileSync(path.join(projectFolder, `tests/fixtures/chart-${helmRelease}.json`), "utf8");
  // The fixture has of the chart's five labels the one that differs.
  const completed = (_key: string, value: unknown): unknown => {
    const isLabels = typeof value === "object" && value !== null && Object.keys(value).join() === componentLabel;
    return isLabels ? { ...chartLabels, ...value } : value;
  };
  return fixture
    .parse(JSON.parse(text, completed))
    .map((object) => ({ ...object, apiVersion: apiVersions[object.kind] }));
}

/** The pods of a component, in place of production's up to 20. */
export function podsOf(component: string): number {
  return component === "api" ? 2 : 1;
}

/** What the operator of Infisical's Secrets adds to a cluster. */
const infisicalDefinition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "infisicalsecrets.secrets.infisical.com" },
  spec: {
    group: "secrets.infisical.com",
    scope: "Namespaced",
    names: { kind: "InfisicalSecret", plural: "infisicalsecrets" },
    versions: [
      {
        name: "v1alpha1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          },
        },
      },
    ],
  },
};

/** What the operator and Helm make besides the chart's objects. */
export const secretsOfOthers = [
  { metadata: { name: "prod-datasets-server-secs" }, stringData: { HF_TOKEN: "of the chart's pods" } },
  { metadata: { name: "sh.helm.release.v1.prod.v1", labels: { owner: "helm", name: helmRelease } } },
];

/**
 * Writes what an operator adds to the cluster into operator.yaml, and the chart's objects of production into chart.yaml, as
 * Helm applies them and small enough for a test.
 */
export async function writeChart(folder: string, namespace: string): Promise<void> {
  const items = chartObjects().map(({ metadata, spec, ...object }) => ({
    ...object,
    ...(spec && { spec: sized(spec, podsOf(metadata.name.replace(`${helmPrefix(helmRelease)}-`, ""))) }),
    metadata: {
      // The operator's object is the one that has no label.
      ...(object.kind !== "InfisicalSecret" && { labels: chartLabels }),
      ...metadata,
      namespace,
      annotations: {
        ...metadata.annotations,
        "meta.helm.sh/release-name": helmRelease,
        "meta.helm.sh/release-namespace": namespace,
      },
    },
  }));
  await fs.writeFile(path.join(folder, "operator.yaml"), JSON.stringify(infisicalDefinition));
  await fs.writeFile(path.join(folder, "chart.yaml"), JSON.stringify({ apiVersion: "v1", kind: "List", items }));
}

const deploymentSpec = z.object({
  strategy: z.object({
    type: z.string(),
    rollingUpdate: z.record(z.string(), z.union([z.number(), z.string()])).optional(),
  }),
});

/** How the chart rolls the pods of a component. */
export function chartStrategy(component: string): V1DeploymentStrategy {
  const name = `${helmPrefix(helmRelease)}-${component}`;
  const found = chartObjects().find(({ kind, metadata }) => kind === "Deployment" && metadata.name === name);
  return deploymentSpec.parse(found?.spec).strategy;
}

/** With so many pods; the migration's Job stays, which the chart has removed five minutes after its end. */
function sized({ ttlSecondsAfterFinished: _minutes, ...spec }: Readonly<Record<string, unknown>>, pods: number) {
  const sizes = { replicas: pods, minReplicas: pods };
  return { ...spec, ...Object.fromEntries(Object.entries(sizes).filter(([key]) => key in spec)) };
}
