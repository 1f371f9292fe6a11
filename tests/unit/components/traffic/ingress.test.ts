import * as assert from "node:assert/strict";
import { plainObject } from "../../../../components/objects";
import { type IngressArgs, ingress } from "../../../../components/traffic/ingress";

const args: IngressArgs = {
  scope: { stack: "prod", release: "datasets-server-prod", namespace: "datasets-server" },
  component: "api",
  name: "datasets-server-prod-api",
  endpoint: {
    host: "datasets-server.huggingface.co",
    externalDns: false,
    loadBalancer: {
      name: "datasets-server-prod",
      scheme: "internal",
      group: "datasets-server",
      redirectHttp: false,
      tags: { Env: "prod", Project: "datasets-server" },
    },
  },
  order: 100,
  routes: [
    { path: "/metrics", pathType: "Exact", action: "metrics-unauthorized" },
    { path: "/", pathType: "Prefix" },
  ],
  healthPath: "/healthcheck",
};
const prefix = "alb.ingress.kubernetes.io";

/** Its annotations, less the prefix. */
function annotations(changes: Partial<IngressArgs> = {}): Record<string, string> {
  const all = ingress({ ...args, ...changes }).content.metadata.annotations;
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [key.replace(`${prefix}/`, ""), String(value)]));
}

describe("an Ingress", () => {
  const { endpoint } = args;
  const { loadBalancer } = endpoint;

  it("says what its group's load balancer must be", () => {
    const { "actions.metrics-unauthorized": _action, ...rest } = annotations();
    assert.deepEqual(rest, {
      "pulumi.com/patchFieldManager": "pulumi-kubernetes-datasets-server",
      "pulumi.com/patchForce": "true",
      "pulumi.com/waitFor": "jsonpath={.status.loadBalancer.ingress[*].hostname}",
      "load-balancer-name": "datasets-server-prod",
      scheme: "internal",
      "group.name": "datasets-server",
      "group.order": "100",
      "listen-ports": '[{"HTTP":80},{"HTTPS":443}]',
      "target-type": "ip",
      "healthcheck-path": "/healthcheck",
      tags: "Env=prod,Project=datasets-server",
    });
  });

  it("has an action's answer for each action that a route names, and no other", () => {
    assert.match(annotations()["actions.metrics-unauthorized"] ?? "", /"statusCode":"401"/);
    const plain = annotations({ routes: [{ path: "/", pathType: "Prefix" }] });
    assert.deepEqual(
      Object.keys(plain).filter((key) => key.startsWith("actions.")),
      [],
    );
  });

  it("sends a path to the action it names, and any other to the service, in their order", () => {
    assert.deepEqual(Object(plainObject(ingress(args)).spec).rules, [
      {
        host: "datasets-server.huggingface.co",
        http: {
          paths: [
            {
              path: "/metrics",
              pathType: "Exact",
              backend: { service: { name: "metrics-unauthorized", port: { name: "use-annotation" } } },
            },
            {
              path: "/",
              pathType: "Prefix",
              backend: { service: { name: "datasets-server-prod-api", port: { name: "http" } } },
            },
          ],
        },
      },
    ]);
  });

  it("turns every knob that an endpoint and a definition have", () => {
    const certificateArn = "arn:aws:acm:us-east-1:707930574880:certificate/1";
    const turned = annotations({
      stickySeconds: 300,
      endpoint: {
        ...endpoint,
        externalDns: true,
        loadBalancer: { ...loadBalancer, redirectHttp: true, certificateArn },
      },
    });
    assert.equal(turned["ssl-redirect"], "443");
    assert.equal(turned["certificate-arn"], certificateArn);
    assert.equal(turned["external-dns.alpha.kubernetes.io/hostname"], "datasets-server.huggingface.co");
    assert.equal(
      turned["target-group-attributes"],
      "stickiness.enabled=true,stickiness.lb_cookie.duration_seconds=300",
    );
  });
});
