import { componentLabel, type Scope, stackLabels } from "../catalog/names";
import { teamProfile } from "./awsErrors";
import type { ClusterArgs } from "./cluster";
import { clusterArn } from "./eks";

/** Commands to paste, in the words the team already uses; logs and describe by the name of what runs the pods. */
export interface Commands {
  /** Makes the cluster's context on this machine. */
  readonly useCluster: string;
  /** Shows the pods of all components. */
  readonly pods: string;
  readonly logs: Readonly<Record<string, string>>;
  readonly describe: Readonly<Record<string, string>>;
}

/** An object, which may be one that runs pods. */
interface Deployed {
  readonly kind: string;
  readonly content: {
    readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  };
}

/** What an update has deployed. */
interface DeployedServer {
  readonly url: string;
  readonly images: Readonly<Record<string, string>>;
}

/** What is worth knowing of a stack after an update. */
export function stackOutputs(
  cluster: ClusterArgs,
  scope: Scope,
  { url, images }: DeployedServer,
  objects: readonly Deployed[],
) {
  return {
    namespace: scope.namespace,
    url,
    cluster: clusterOutput(cluster),
    images,
    commands: commands(cluster, scope, objects),
  };
}

/** The cluster a stack is on: its ARN, or its context on this machine. */
export function clusterOutput(cluster: ClusterArgs): string {
  return cluster.kind === "eks" ? clusterArn(cluster) : cluster.context;
}

/** The kinds of objects that run pods, and what kubectl calls them. */
const workloads: Readonly<Record<string, string>> = {
  CronJob: "cronjob",
  Deployment: "deploy",
  Job: "job",
  StatefulSet: "statefulset",
};

/** Commands that look at the pods of each component. */
function commands(cluster: ClusterArgs, scope: Scope, objects: readonly Deployed[]): Commands {
  const where = `--context ${cluster.context} --namespace ${scope.namespace}`;
  const selector = Object.entries(stackLabels(scope)).map((label) => label.join("="));
  const running = objects.filter(({ kind }) => Object.hasOwn(workloads, kind));
  const each = (command: (object: Deployed) => string) =>
    Object.fromEntries(running.map((object) => [object.content.metadata.name, command(object)]));
  const label = componentLabel(scope);
  return {
    useCluster: useCluster(cluster),
    pods: `kubectl get pods -l ${selector.join(",")} ${where}`,
    logs: each(
      ({ content }) => `kubectl logs -l ${label}=${content.metadata.labels[label]} --tail=100 --follow ${where}`,
    ),
    describe: each(({ kind, content }) => `kubectl describe ${workloads[kind]}/${content.metadata.name} ${where}`),
  };
}

function useCluster(cluster: ClusterArgs): string {
  if (cluster.kind === "local") {
    return "ds shell";
  }
  const { name, context, region } = cluster;
  return `aws eks update-kubeconfig --name ${name} --alias ${context} --region ${region} --profile=${teamProfile}`;
}
