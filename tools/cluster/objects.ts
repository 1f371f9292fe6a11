import type { V1IngressClass, V1Node } from "@kubernetes/client-node";
import { localNodes } from "./nodes";

const albClass: V1IngressClass = {
  apiVersion: "networking.k8s.io/v1",
  kind: "IngressClass",
  metadata: { name: "alb" },
  spec: { controller: "ingress.k8s.aws/alb" },
};

/** What a new local cluster holds besides the custom resource definitions. */
export function localObjects(): (V1Node | V1IngressClass)[] {
  return [...localNodes(), albClass];
}
