import type { Deployment } from "@pulumi/kubernetes/apps/v1";
import type { Service } from "@pulumi/kubernetes/core/v1";
import type { Ingress } from "@pulumi/kubernetes/networking/v1";
import * as pulumi from "@pulumi/pulumi";
import { metadata, objectName, type Scope, selectorLabels } from "../../catalog/names";
import { type Route, type ServiceDefinition, type ServiceName, serviceNames, services } from "../../catalog/services";
import { type BuiltObject, built, childOptions, register, type WorkloadComponentArgs } from "../objects";
import { serviceMonitor } from "../observability/monitors";
import { type EndpointArgs, type IngressArgs, ingress } from "../traffic/ingress";
import { podDisruptionBudget } from "./podDisruptionBudget";
import { rolloutBudget } from "./rollout";
import { server, serverVariables } from "./server";
import { type PodConfig, type WorkloadArgs, type WorkloadContext, workloadTemplate } from "./workload";

/** What a stack file configures of one service. */
export interface ServiceConfig extends PodConfig {
  /** Pods; 0 stops the service. */
  readonly replicas: number;
  /** Server processes in each pod. Default: 1. */
  readonly uvicornWorkers: number;
  /** The address its server listens on. Default: 0.0.0.0. */
  readonly listenAddress: string;
  /** Whether the public endpoint has rules for it. Default: true. */
  readonly public: boolean;
}

/** The ways into a stack. */
export interface Endpoints {
  readonly public: EndpointArgs;
  /** For callers within the team's own network. Default: none. */
  readonly internal?: EndpointArgs;
}

export interface WebServiceArgs {
  readonly context: WorkloadContext;
  readonly component: ServiceName;
  readonly definition: ServiceDefinition;
  readonly config: ServiceConfig;
  readonly endpoints: Endpoints;
}

/** How long a pod must stay ready before the rollout goes on; seconds. */
const minReadySeconds = 10;

/** Time for the load balancer to learn that a pod leaves, before the pod is told to stop; seconds. */
const drainSeconds = 15;

const terminationGracePeriodSeconds = 45;

/** The objects of one web service. */
export interface WebServiceObjects {
  readonly deployment: BuiltObject<"Deployment">;
  readonly service: BuiltObject<"Service">;
  readonly disruptionBudget: BuiltObject<"PodDisruptionBudget">;
  /** Its rules at each endpoint that has any for it. */
  readonly ingresses: readonly BuiltObject<"Ingress">[];
  /** Absent where Prometheus' custom resources are not on the cluster. */
  readonly monitor?: BuiltObject<"ServiceMonitor">;
}

/** Builds a web service: its pods, their address, its rules at the load balancers, its metrics, and how many pods may be missing. */
export function buildWebService(args: WebServiceArgs): WebServiceObjects {
  const { context, component, definition } = args;
  const { scope } = context;
  return {
    deployment: deployment(args),
    service: service(scope, component),
    disruptionBudget: podDisruptionBudget(scope, component, 1),
    ingresses: serviceIngresses(args).map(ingress),
    ...(context.monitoring && { monitor: serviceMonitor({ scope, component, metricsPath: definition.metricsPath }) }),
  };
}

/** A web service. */
export class WebService extends pulumi.ComponentResource {
  readonly deployment: Deployment;
  readonly service: Service;
  readonly ingresses: readonly Ingress[];

  constructor(
    name: string,
    { objects, startAfter = [] }: WorkloadComponentArgs<WebServiceObjects>,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super("datasets-server:components:WebService", name, {}, opts);
    const child = childOptions(this, opts);
    this.deployment = register(objects.deployment, pulumi.mergeOptions(child, { dependsOn: [...startAfter] }));
    this.service = register(objects.service, child);
    register(objects.disruptionBudget, child);
    this.ingresses = objects.ingresses.map((ingress) => register(ingress, child));
    if (objects.monitor) {
      register(objects.monitor, child);
    }
    this.registerOutputs({
      deployment: this.deployment.metadata.name,
      service: this.service.metadata.name,
      ingresses: this.ingresses.map(({ metadata }) => metadata.name),
    });
  }
}

function deployment(args: WebServiceArgs): BuiltObject<"Deployment"> {
  const { context, component, definition, config } = args;
  const { scope } = context;
  const { surge, startupSeconds } = definition;
  const { replicas } = config;
  const budget = rolloutBudget({ replicas, surge, startupSeconds, minReadySeconds, terminationGracePeriodSeconds });
  return built(
    "Deployment",
    {
      metadata: metadata(scope, component),
      spec: {
        replicas,
        revisionHistoryLimit: 10,
        minReadySeconds,
        progressDeadlineSeconds: budget.progressDeadlineSeconds,
        strategy: { type: "RollingUpdate", rollingUpdate: { ...surge } },
        selector: { matchLabels: selectorLabels(scope, component) },
        template: workloadTemplate(context, servicePods(args)),
      },
    },
    { customTimeouts: { create: budget.timeout, update: budget.timeout } },
  );
}

/** The service's workload: what it reads and how its server runs. */
export function servicePods({
  component,
  definition,
  config,
}: Pick<WebServiceArgs, "component" | "definition" | "config">): WorkloadArgs {
  const { variables: groups, variablePrefix, healthPath, startupSeconds, parquetMetadata } = definition;
  const { listenAddress, uvicornWorkers } = config;
  const { command, volumes, container } = server({
    package: definition.package,
    healthPath,
    startupSeconds,
    role: "serving",
    drainSeconds,
  });
  return {
    component,
    image: component,
    command,
    groups,
    variables: serverVariables({ variablePrefix, listenAddress, uvicornWorkers }),
    config,
    ...(parquetMetadata && { parquetMetadata }),
    volumes,
    container,
    pod: { terminationGracePeriodSeconds },
  };
}

/** The load balancer reaches pods by their own addresses, so no port is opened on any node. */
function service(scope: Scope, component: string): BuiltObject<"Service"> {
  return built("Service", {
    metadata: metadata(scope, component),
    spec: {
      type: "ClusterIP",
      selector: selectorLabels(scope, component),
      ports: [{ name: "http", port: 80, targetPort: "http", protocol: "TCP" }],
    },
  });
}

/** Its rules at each endpoint that has any for it. */
export function serviceIngresses(args: WebServiceArgs): IngressArgs[] {
  const { context, component, definition, config, endpoints } = args;
  const { publicRoutes, routes } = definition;
  const name = objectName(context.scope, component);
  return [
    ...(config.public ? [ingressArgs(args, endpoints.public, name, [...publicRoutes, ...routes])] : []),
    ...(endpoints.internal ? [ingressArgs(args, endpoints.internal, `${name}-internal`, routes)] : []),
  ];
}

function ingressArgs(
  { context, component, definition }: WebServiceArgs,
  endpoint: EndpointArgs,
  name: string,
  routes: readonly Route[],
): IngressArgs {
  const { healthPath, stickySeconds } = definition;
  return {
    scope: context.scope,
    component,
    name,
    endpoint,
    order: ruleOrder(definition, endpoint),
    routes,
    healthPath,
    ...(stickySeconds && { stickySeconds }),
  };
}

/** The place of a service's rules in the group of an endpoint. */
function ruleOrder({ routeOrder }: ServiceDefinition, { firstOrder }: EndpointArgs): number {
  const earlier = serviceNames.filter((other) => services[other].routeOrder < routeOrder);
  return firstOrder === undefined ? routeOrder : firstOrder + earlier.length;
}
