import type {
  AuthenticationV1Api,
  AuthorizationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubernetesObjectApi,
  PatchStrategy,
  VersionApi,
} from "@kubernetes/client-node";
import { proxyFor } from "../network/proxies";

/** Which API server to ask, and as whom. */
export interface ClientArgs {
  /** A kubeconfig's text or its path. */
  readonly kubeconfig: string;
  readonly context: string;
}

export interface KubernetesClient {
  /** Objects of any kind. */
  readonly objects: KubernetesObjectApi;
  /** Pods, their logs and events. */
  readonly core: CoreV1Api;
  readonly authentication: AuthenticationV1Api;
  readonly authorization: AuthorizationV1Api;
  /** Names the sort of patch that changes the fields it holds, and leaves the others. */
  readonly mergePatch: PatchStrategy;
  readonly customObjects: CustomObjectsApi;
  readonly version: VersionApi;
  /** Whether an error of these means that there is no such object. */
  isNotFound(error: unknown): boolean;
  /** Whether an error of these means that the identity may not do that. */
  isForbidden(error: unknown): boolean;
}

/**
 * A client that is made when it is first asked for, once.
 *
 * Loading it takes most of a second, and with EKS a token, so only a run that has something to ask pays for it.
 */
export function kubernetesClient(args: ClientArgs): () => Promise<KubernetesClient> {
  let client: Promise<KubernetesClient> | undefined;
  return () => {
    client ??= connect(args);
    return client;
  };
}

/** What went wrong with a request, in one line: the API server's own words, where it has said something. */
export function causeOf(error: unknown): string {
  const said = error instanceof Error && "body" in error ? messageOf(error.body) : undefined;
  const [firstLine = ""] = (said ?? (error instanceof Error ? error.message : String(error))).split("\n");
  return firstLine;
}

/** The message of a Status, which an error holds parsed or as text. */
function messageOf(body: unknown): string | undefined {
  if (typeof body === "string") {
    try {
      return messageOf(JSON.parse(body)) ?? body;
    } catch {
      return body;
    }
  }
  return typeof body === "object" && body !== null && "message" in body ? String(body.message) : undefined;
}

async function connect({ kubeconfig, context }: ClientArgs): Promise<KubernetesClient> {
  const k8s = await import("@kubernetes/client-node");
  const config = new k8s.KubeConfig();
  if (kubeconfig.includes("\n") || kubeconfig.startsWith("{")) {
    config.loadFromString(kubeconfig);
  } else {
    config.loadFromFile(kubeconfig);
  }
  config.setCurrentContext(context);
  config.clusters = config.clusters.map((cluster) => {
    // A proxy that the kubeconfig names itself comes first, as with kubectl.
    const proxyUrl = cluster.proxyUrl ?? proxyFor(cluster.server)?.href;
    return { ...cluster, ...(proxyUrl && { proxyUrl }) };
  });
  return {
    objects: k8s.KubernetesObjectApi.makeApiClient(config),
    core: config.makeApiClient(k8s.CoreV1Api),
    authentication: config.makeApiClient(k8s.AuthenticationV1Api),
    authorization: config.makeApiClient(k8s.AuthorizationV1Api),
    mergePatch: k8s.PatchStrategy.MergePatch,
    customObjects: config.makeApiClient(k8s.CustomObjectsApi),
    version: config.makeApiClient(k8s.VersionApi),
    isNotFound: (error) => error instanceof k8s.ApiException && error.code === 404,
    isForbidden: (error) => error instanceof k8s.ApiException && error.code === 403,
  };
}
