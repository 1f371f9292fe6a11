import { componentLabel, objectName, type Scope } from "../catalog/names";
import { mainService } from "../catalog/services";
import { teamProfile } from "./awsErrors";
import type { ClusterArgs } from "./cluster";
import { clusterArn } from "./eks";

/** Commands to paste, in the words the team already uses. */
export interface Commands {
  /** Makes the cluster's context on this machine. */
  readonly useCluster: string;
  readonly pods: string;
  readonly logs: string;
  readonly describe: string;
}

/** What an update has deployed. */
interface DeployedServer {
  readonly url: string;
  readonly images: Readonly<Record<string, string>>;
}

/** What is worth knowing of a stack after an update. */
export function stackOutputs(cluster: ClusterArgs, scope: Scope, { url, images }: DeployedServer) {
  const service = mainService(Object.keys(images));
  return {
    namespace: scope.namespace,
    url,
    cluster: clusterOutput(cluster),
    images,
    ...(service && { commands: commands(cluster, scope, service) }),
  };
}

/** The cluster a stack is on: its ARN, or its context on this machine. */
export function clusterOutput(cluster: ClusterArgs): string {
  return cluster.kind === "eks" ? clusterArn(cluster) : cluster.context;
}

/** Commands that look at one component's pods. */
export function commands(cluster: ClusterArgs, scope: Scope, component: string): Commands {
  const where = `--context ${cluster.context} --namespace ${scope.namespace}`;
  const name = objectName(scope, component);
  const selector = `${componentLabel(scope)}=${name}`;
  return {
    useCluster: useCluster(cluster),
    pods: `kubectl get pods -l ${selector} ${where}`,
    logs: `kubectl logs -l ${selector} --tail=100 --follow ${where}`,
    describe: `kubectl describe deploy/${name} ${where}`,
  };
}

function useCluster(cluster: ClusterArgs): string {
  if (cluster.kind === "local") {
    return "ds shell";
  }
  const { name, context, region } = cluster;
  return `aws eks update-kubeconfig --name ${name} --alias ${context} --region ${region} --profile=${teamProfile}`;
}
