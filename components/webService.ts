import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ingress, type LoadBalancerArgs } from "./ingress";
import { metadata, type Scope, selectorLabels } from "./names";
import { containerPort, type NodePool, podTemplate, type ResourceAmounts, secretsOf } from "./podTemplate";
import { httpProbes } from "./probes";
import { type RolloutBudget, rolloutBudget } from "./rollout";
import { type SecretValues, secretsChecksum } from "./secrets";
import type { ServiceRow } from "./services";
import { settingsConfigMap, settingsName, type Variables } from "./settings";

/** How big one service is on one stack, and where it runs. */
export interface ServiceSizes {
  /** Pods; 0 stops the service. */
  readonly replicas: number;
  readonly resources: { readonly requests: ResourceAmounts; readonly limits: ResourceAmounts };
  /** Server processes in each pod. */
  readonly uvicornWorkers: number;
  /** The address its server listens on. Default: 0.0.0.0. */
  readonly listenAddress: string;
  /** Writable space under /tmp. Default: 1Gi. */
  readonly scratch: string;
  /** Default: any node without a taint. */
  readonly nodePool?: NodePool;
}

export interface WebServiceArgs {
  readonly scope: Scope;
  readonly component: string;
  readonly row: ServiceRow;
  readonly sizes: ServiceSizes;
  /** The image with its tag. */
  readonly image: string;
  readonly host: string;
  readonly loadBalancer: LoadBalancerArgs;
  /** Names of the ConfigMaps with the settings it shares with others. */
  readonly configMaps: readonly string[];
  readonly secrets: SecretValues;
  /** Key of the checksum that rolls the pods when a secret changes. */
  readonly checksumKey: pulumi.Output<string>;
  /** What must exist before the first pod starts: the namespace, its settings and its Secrets. */
  readonly dependencies: readonly pulumi.Resource[];
}

/** How long a pod must stay ready before the rollout goes on; seconds. */
const minReadySeconds = 10;

/** A web service: its pods, their address in the cluster, their rules at the load balancer, and how many may be missing. */
export class WebService extends pulumi.ComponentResource {
  constructor(name: string, args: WebServiceArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("datasets-server:components:WebService", name, {}, opts);
    const { scope, component, row, sizes } = args;
    const child = { parent: this, dependsOn: [...args.dependencies] };

    const settings = { scope, component, variables: serverVariables(row, sizes) };
    const configMap = settingsConfigMap(settings, child);
    const budget = rolloutBudget({ ...row, replicas: sizes.replicas, minReadySeconds });
    new k8s.apps.v1.Deployment(name, deployment(args, [...args.configMaps, settingsName(settings)], budget), {
      parent: this,
      dependsOn: [...args.dependencies, configMap],
      customTimeouts: { create: budget.timeout, update: budget.timeout },
    });
    new k8s.core.v1.Service(name, service(scope, component), child);
    new k8s.networking.v1.Ingress(name, ingress({ ...args, ...row, order: row.routeOrder }), child);
    new k8s.policy.v1.PodDisruptionBudget(name, podDisruptionBudget(scope, component), child);

    this.registerOutputs({ image: args.image });
  }
}

/** The variables that only this service reads: how its own web server runs. */
export function serverVariables(row: ServiceRow, sizes: ServiceSizes): Variables {
  return {
    PROMETHEUS_MULTIPROC_DIR: "/tmp",
    [`${row.variablePrefix}_UVICORN_HOSTNAME`]: sizes.listenAddress,
    [`${row.variablePrefix}_UVICORN_NUM_WORKERS`]: String(sizes.uvicornWorkers),
    [`${row.variablePrefix}_UVICORN_PORT`]: String(containerPort),
  };
}

/** A Deployment that never has fewer ready pods than replicas while it rolls. */
export function deployment(args: WebServiceArgs, configMaps: readonly string[], budget: RolloutBudget) {
  const { scope, component, row, sizes, image } = args;
  return {
    metadata: metadata(scope, component),
    spec: {
      replicas: sizes.replicas,
      revisionHistoryLimit: 10,
      minReadySeconds,
      progressDeadlineSeconds: budget.progressDeadlineSeconds,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: row.maxSurge, maxUnavailable: 0 } },
      selector: { matchLabels: selectorLabels(scope, component) },
      template: podTemplate({
        ...sizes,
        scope,
        component,
        image,
        configMaps,
        settings: row.settings,
        probes: httpProbes(row.healthPath, row.startupSeconds),
        secretsChecksum: secretsChecksum(secretsOf(row.settings), args.secrets, args.checksumKey),
      }),
    },
  } satisfies k8s.apps.v1.DeploymentArgs;
}

/** The load balancer reaches pods by their own addresses, so no port is opened on any node. */
export function service(scope: Scope, component: string) {
  return {
    metadata: metadata(scope, component),
    spec: {
      type: "ClusterIP",
      selector: selectorLabels(scope, component),
      ports: [{ name: "http", port: 80, targetPort: "http", protocol: "TCP" }],
    },
  } satisfies k8s.core.v1.ServiceArgs;
}

/** Lets nodes be drained one pod at a time; pods that are broken anyway never hold up a drain. */
export function podDisruptionBudget(scope: Scope, component: string) {
  return {
    metadata: metadata(scope, component),
    spec: {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: "AlwaysAllow",
      selector: { matchLabels: selectorLabels(scope, component) },
    },
  } satisfies k8s.policy.v1.PodDisruptionBudgetArgs;
}
