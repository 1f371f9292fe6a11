import type { V1Deployment } from "@kubernetes/client-node";
import { stackLabel } from "../../../catalog/names";
import { secretsOfOthers, writeChart } from "./chart";
import type { Engine } from "./engine";
import type { Kubernetes } from "./kubernetes";
import { settledPods } from "./workloads";

/** Where production is. */
export const namespace = "datasets-server";

/** A Deployment of the chart with more pods than its autoscaler's minimum. */
export const scaled = { name: "prod-datasets-server-worker-heavy", pods: 2 };

/** Kinds of objects that the program makes beside, or in place of, the chart's. */
export const kindsOfOurs =
  "configmap,cronjob,deployment,ingress,job,networkpolicy,poddisruptionbudget,prometheusrule,secret,service";

/** Applies the chart as Helm 4 does, with what its operator and Helm itself add. */
export async function installChart(engine: Engine, kubernetes: Kubernetes): Promise<void> {
  for (const body of secretsOfOthers) await kubernetes.core.createNamespacedSecret({ namespace, body });
  await writeChart(engine.folder, namespace);
  await engine.shell("kubectl apply -f operator.yaml");
  await engine.shell("kubectl wait --for=condition=Established -f operator.yaml");
  await engine.shell("kubectl apply --server-side --field-manager=helm -f chart.yaml");
  // What an autoscaler does, which has no metric here.
  await engine.shell(`kubectl scale --replicas=${scaled.pods} deployment/${scaled.name} --namespace ${namespace}`);
  await settledPods(kubernetes, namespace);
}

/** The chart's objects as kubectl names them, each with its UID. */
export async function chartUids(engine: Engine): Promise<string[]> {
  const columns = "--output custom-columns=KIND:.kind,NAME:.metadata.name,UID:.metadata.uid --no-headers";
  const { stdout } = await engine.shell(`kubectl get -f chart.yaml ${columns}`);
  return stdout.trim().split("\n");
}

export async function chartObjectsOfNoStack(engine: Engine): Promise<string[]> {
  const { stdout } = await engine.script(
    "kubectl get -f chart.yaml --output name; echo; " +
      `kubectl get ${kindsOfOurs},horizontalpodautoscaler,podmonitor,serviceaccount,servicemonitor --output name --selector ${stackLabel}`,
  );
  const [all = "", ours = ""] = stdout.split("\n\n");
  return all
    .split("\n")
    .filter((name) => !ours.split("\n").includes(name))
    .sort();
}

async function chartDeployments({ apps }: Kubernetes): Promise<V1Deployment[]> {
  const { items } = await apps.listNamespacedDeployment({ namespace });
  return items.filter(({ metadata }) => metadata?.name?.startsWith("prod-datasets-server"));
}

export async function containerNames(kubernetes: Kubernetes): Promise<Record<string, string[]>> {
  const entries = (await chartDeployments(kubernetes)).map(({ metadata, spec }) => [
    metadata?.name,
    spec?.template.spec?.containers.map(({ name }) => name),
  ]);
  return Object.fromEntries(entries);
}

/** The pod template of each of the chart's Deployments, as text. */
export async function podTemplates(kubernetes: Kubernetes): Promise<Record<string, string>> {
  const chart = await chartDeployments(kubernetes);
  return Object.fromEntries(chart.map(({ metadata, spec }) => [metadata?.name, JSON.stringify(spec?.template)]));
}

export async function podUids(kubernetes: Kubernetes): Promise<string[]> {
  return (await settledPods(kubernetes, namespace)).map(({ metadata }) => metadata?.uid ?? "").sort();
}

/** The pods that each Service of the stack or the chart sends requests to. */
export async function podsBehind({ discovery }: Kubernetes): Promise<Record<string, string[]>> {
  const { items } = await discovery.listNamespacedEndpointSlice({ namespace });
  return Object.fromEntries(
    items.map(({ metadata, endpoints = [] }) => [
      metadata?.labels?.["kubernetes.io/service-name"],
      endpoints.map(({ targetRef }) => targetRef?.name ?? ""),
    ]),
  );
}
