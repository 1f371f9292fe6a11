import { ownAnnotations } from "../catalog/names";
import type { DatasetsServerArgs } from "../components/buildObjects";
import type { WorkerPoolConfig } from "../components/workloads/workerPool";
import {
  type LoadBalancerPlace,
  loadBalancerPlace,
  type Parameters,
  parameterRecords,
  placeParameters,
  readParameters,
  recordedPlace,
} from "./pullRequest";
import type { StackFile } from "./schema";
import type { StackIdentity } from "./stacks";

/** What a pull request's environment has of its own, and not of the stack whose file configures it. */
interface Environment {
  readonly parameters: Parameters;
  readonly env: StackFile["env"];
  readonly parts: Pick<
    DatasetsServerArgs,
    "endpoints" | "images" | "jobs" | "namespace" | "parquetMetadata" | "services" | "workers"
  >;
}

/** The size of a pull request's own volume of parquet metadata. */
export const parquetMetadataSize = "1Gi";

/** The environment of a pull request's stack; undefined for every other stack. */
export function environmentOf(
  identity: StackIdentity,
  file: StackFile,
  variables: NodeJS.ProcessEnv,
): Environment | undefined {
  const { number, release, stack } = identity;
  const { pullRequest, images, env, services, workers, parquetMetadata } = file;
  if (number === undefined || !pullRequest) {
    return undefined;
  }
  const told = readParameters(variables);
  const place = recordedPlace(told) ?? loadBalancerPlace(number, pullRequest.loadBalancers);
  const parameters = { ...told, ...placeParameters(place) };
  const { storageClass, quota } = pullRequest;
  const ownFolder = (name: string) => ({ [name]: `${env[name] ?? ""}/${stack}` });
  return {
    parameters,
    env: { ...env, ...ownFolder("ASSETS_STORAGE_ROOT"), ...ownFolder("CACHED_ASSETS_STORAGE_ROOT") },
    parts: {
      namespace: { create: true, keep: false, annotations: ownAnnotations(parameterRecords(parameters)), quota },
      images: { ...images, ...(parameters.imageTag && { tag: parameters.imageTag }) },
      endpoints: { public: ownEndpoint(`${release}.${pullRequest.domain}`, file.ingress, place) },
      // A claim of its own: staging's is in another namespace, and its files are staging's.
      parquetMetadata: {
        claim: parquetMetadata.claim,
        subPath: `${release}/parquet-metadata/`,
        create: { storageClass, size: parquetMetadataSize },
      },
      services: small(services),
      workers: fixed(workers),
      // A job of a pull request could write to the production Hub.
      jobs: {},
    },
  };
}

function ownEndpoint(
  host: string,
  { public: endpoint }: StackFile["ingress"],
  { loadBalancer: name, firstOrder }: LoadBalancerPlace,
) {
  return { ...endpoint, host, firstOrder, loadBalancer: { ...endpoint.loadBalancer, name, group: name } };
}

/** One pod for each service, as few look at a pull request at a time; none where the file has none. */
function small(services: StackFile["services"]): StackFile["services"] {
  const smaller = Object.entries(services).map(([service, { replicas, ...rest }]) => [
    service,
    { ...rest, replicas: Math.min(replicas, 1), uvicornWorkers: 1 },
  ]);
  return { ...services, ...Object.fromEntries(smaller) };
}

/** One pod for each pool: the metric that would scale it counts staging's queue, not the pull request's. */
function fixed(workers: StackFile["workers"]): Record<string, WorkerPoolConfig> {
  return Object.fromEntries(
    Object.entries(workers).map(([pool, config]) => {
      const { autoscaling: _, ...rest } = { autoscaling: undefined, ...config };
      return [pool, { ...rest, replicas: 1 }];
    }),
  );
}
