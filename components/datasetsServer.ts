import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { LoadBalancerArgs } from "./ingress";
import { labels, objectName, type Scope, stackLabel } from "./names";
import { guardObjects } from "./ownership";
import { createSecrets, type SecretValues } from "./secrets";
import { type ServiceName, serviceNames, services } from "./services";
import { type SettingGroup, settingGroups, settingsConfigMap, settingsName, type Variables } from "./settings";
import { type ServiceSizes, WebService } from "./webService";

/** Who makes the namespace, and whether it outlives the stack. */
export interface NamespaceArgs {
  /** False where the namespace is somebody else's: it is then neither changed nor deleted. */
  readonly create: boolean;
  /** Keeps a namespace that the stack made when the stack is destroyed. */
  readonly keep: boolean;
}

export interface DatasetsServerArgs {
  readonly scope: Scope;
  readonly namespace: NamespaceArgs;
  readonly images: { readonly registry: string; readonly tag: string };
  /** The public host name. */
  readonly host: string;
  readonly loadBalancer: LoadBalancerArgs;
  /** Environment variables by group. */
  readonly settings: Readonly<Record<SettingGroup, Variables>>;
  readonly secrets: SecretValues;
  /** Key of the checksum that rolls pods when a secret changes. */
  readonly checksumKey: pulumi.Output<string>;
  readonly services: Readonly<Record<ServiceName, ServiceSizes>>;
  /** What must agree before an object is created; see ownershipHook. */
  readonly beforeCreate: readonly pulumi.ResourceHook[];
}

/** The whole datasets-server in one namespace of one cluster. */
export class DatasetsServer extends pulumi.ComponentResource {
  readonly url: string;
  /** The image of each workload. */
  readonly images: Readonly<Record<string, string>>;

  constructor(name: string, args: DatasetsServerArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super(
      "datasets-server:components:DatasetsServer",
      name,
      {},
      pulumi.mergeOptions(opts, { transformations: [guardObjects(args.beforeCreate)] }),
    );
    const { scope } = args;
    const namespace = args.namespace.create ? [this.createNamespace(args)] : [];
    const child = { parent: this, dependsOn: namespace };

    const configMaps = settingGroups.map((group) => {
      const settings = { scope, component: group, variables: args.settings[group] };
      return { group, name: settingsName(settings), object: settingsConfigMap(settings, child) };
    });
    const secrets = createSecrets(scope, args.secrets, child);

    for (const component of serviceNames) {
      const row = services[component];
      const read = configMaps.filter(({ group }) => row.settings.includes(group));
      new WebService(
        objectName(scope, component),
        {
          ...args,
          component,
          row,
          sizes: args.services[component],
          image: image(args, component),
          configMaps: read.map(({ name }) => name),
          dependencies: [...namespace, ...secrets, ...read.map(({ object }) => object)],
        },
        { parent: this },
      );
    }

    this.url = `https://${args.host}`;
    this.images = Object.fromEntries(serviceNames.map((component) => [component, image(args, component)]));
    this.registerOutputs({ url: this.url, images: this.images });
  }

  private createNamespace({ scope, namespace }: DatasetsServerArgs): k8s.core.v1.Namespace {
    return new k8s.core.v1.Namespace(
      objectName(scope, "namespace"),
      {
        metadata: { name: scope.namespace, labels: { ...labels(scope, "namespace"), [stackLabel]: scope.stack } },
      },
      { parent: this, protect: namespace.keep, retainOnDelete: namespace.keep },
    );
  }
}

/** The image of a workload: one repository each, one tag for all. */
export function image({ images }: Pick<DatasetsServerArgs, "images">, component: string): string {
  return `${images.registry}/hub-datasets-server-${component}:${images.tag}`;
}
