import type { KubernetesObject } from "../cli/lib/objects";

export interface PlainProgramArgs {
  /** The file that says where the cluster is. */
  readonly kubeconfig: string;
  readonly namespace: string;
}

/**
 * Returns the text of a Pulumi program that registers these objects one after the other and does nothing else: each with its
 * class of @pulumi/kubernetes, on a provider with the arguments of this project's.
 */
export function plainProgram(
  objects: readonly KubernetesObject[],
  { kubeconfig, namespace }: PlainProgramArgs,
): string {
  const provider = { clusterIdentifier: "plain", namespace, enableServerSideApply: true, enableSecretMutable: true };
  return [
    'import { readFileSync } from "node:fs";',
    'import * as kubernetes from "@pulumi/kubernetes";',
    "",
    `const kubeconfig = readFileSync(${JSON.stringify(kubeconfig)}, "utf8");`,
    `const provider = new kubernetes.Provider("kubernetes", { kubeconfig, ...${JSON.stringify(provider)} });`,
    ...objects.map((object) => {
      const name = `${object.kind}-${object.metadata.name}`;
      return `new ${classOf(object)}(${JSON.stringify(name)}, ${JSON.stringify(object)}, { provider });`;
    }),
    "",
  ].join("\n");
}

/** Returns the class of @pulumi/kubernetes for an object, such as `kubernetes.apps.v1.Deployment`. */
function classOf({ apiVersion, kind }: KubernetesObject): string {
  const [version = "", group = "core"] = apiVersion.split("/").reverse();
  const builtIn = !group.includes(".") || group.endsWith(".k8s.io");
  return builtIn ? `kubernetes.${group.split(".")[0]}.${version}.${kind}` : "kubernetes.apiextensions.CustomResource";
}
