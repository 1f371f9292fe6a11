import { albPrefix } from "../../../policy/loadBalancer";
import type { RuleName } from "../../../policy/rules";
import type { Change, Mutation } from "./mutation";

const paths = ["spec", "rules", 0, "http", "paths"] as const;

function annotation(object: string, name: string, to?: string): Change {
  return { object, at: ["metadata", "annotations", albPrefix + name], ...(to !== undefined && { to }) };
}

/** So many paths to one Service. */
function exactPaths(count: number) {
  const backend = { service: { name: "datasets-server-local-rows", port: { name: "http" } } };
  return Array.from({ length: count }, (_, index) => ({ path: `/rows/${index}`, pathType: "Exact", backend }));
}

/** An annotation of one Ingress that its group's other members say otherwise. */
function disagreement(name: string, to: string, violations: readonly string[]): Mutation {
  return { title: `a ${name} of its own`, changes: [annotation("Ingress rows", name, to)], violations };
}

/** What rules about load balancers, Services and monitors must find. */
export const trafficMutations = {
  "group-orders-differ": [
    {
      title: "an order that another member has",
      changes: [annotation("Ingress rows", "group.order", "1")],
      violations: [
        'Ingress datasets-server-local-rows: metadata.annotations["alb.ingress.kubernetes.io/group.order"] = 1: choose another order than Ingress datasets-server-local-admin has [group-orders-differ]',
      ],
    },
  ],
  "ingress-actions-are-used": [
    {
      title: "an action whose path is lost",
      changes: [{ object: "Ingress api", at: [...paths, 1] }],
      violations: [
        'Ingress datasets-server-local-api: metadata.annotations["alb.ingress.kubernetes.io/actions.openapi-redirect"] = openapi-redirect: point a path at it with the port use-annotation, or remove the annotation [ingress-actions-are-used]',
      ],
    },
  ],
  "ingress-backends-exist": [
    {
      title: "a Service that is not there",
      changes: [{ object: "Ingress rows", at: [...paths, 0, "backend", "service", "name"], to: "rows" }],
      violations: [
        "Ingress datasets-server-local-rows: spec.rules[0].http.paths[0].backend.service.name = rows: name a Service of the stack, or the port use-annotation [ingress-backends-exist]",
      ],
    },
    {
      title: "a port that its Service does not have",
      changes: [{ object: "Ingress rows", at: [...paths, 0, "backend", "service", "port"], to: { number: 8080 } }],
      violations: [
        "Ingress datasets-server-local-rows: spec.rules[0].http.paths[0].backend.service.port = 8080: name a port of Service datasets-server-local-rows: 80 [ingress-backends-exist]",
      ],
    },
    {
      title: "an action that the Ingress does not declare",
      changes: [annotation("Ingress api", "actions.openapi-redirect")],
      violations: [
        "Ingress datasets-server-local-api: spec.rules[0].http.paths[1].backend.service.name = openapi-redirect: declare the action by annotation alb.ingress.kubernetes.io/actions.openapi-redirect, or name one of metrics-unauthorized [ingress-backends-exist]",
      ],
    },
  ],
  "load-balancers-keep-limits": [
    {
      title: "more rules than a load balancer may have",
      changes: [{ object: "Ingress rows", at: paths, to: exactPaths(91) }],
      violations: [
        'Ingress datasets-server-local-admin: metadata.annotations["alb.ingress.kubernetes.io/group.name"] = 101 rules, of at most 100: put some of the group\'s Ingresses, 6, in another group [load-balancers-keep-limits]',
      ],
    },
    {
      title: "rules on a listener for HTTP too, which sends no request on to HTTPS",
      changes: [{ object: "Ingress rows", at: paths, to: exactPaths(46) }, annotation("Ingress rows", "ssl-redirect")],
      violations: [
        'Ingress datasets-server-local-admin: metadata.annotations["alb.ingress.kubernetes.io/group.name"] = 102 rules, of at most 100: put some of the group\'s Ingresses, 6, in another group [load-balancers-keep-limits]',
      ],
    },
    {
      title: "more certificates than a load balancer may have",
      changes: [
        annotation(
          "Ingress rows",
          "certificate-arn",
          Array.from({ length: 25 }, (_, index) => `arn:${index}`).join(","),
        ),
      ],
      violations: [
        'Ingress datasets-server-local-admin: metadata.annotations["alb.ingress.kubernetes.io/group.name"] = 26 certificates, of at most 25: put some of the group\'s Ingresses, 6, in another group [load-balancers-keep-limits]',
      ],
    },
    {
      title: "a longer name than a load balancer may have",
      changes: [annotation("Ingress rows", "load-balancer-name", "a".repeat(33))],
      violations: [
        `Ingress datasets-server-local-rows: metadata.annotations["alb.ingress.kubernetes.io/load-balancer-name"] = ${"a".repeat(33)}: choose a name of at most 32 characters [load-balancers-keep-limits]`,
      ],
    },
  ],
  "load-balancer-groups-agree": [
    disagreement("scheme", "internal", [
      'Ingress datasets-server-local-rows: metadata.annotations["alb.ingress.kubernetes.io/scheme"] = internal: agree with Ingress datasets-server-local-admin of the same group, where it is internet-facing [load-balancer-groups-agree]',
    ]),
    disagreement("load-balancer-name", "another", [
      'Ingress datasets-server-local-rows: metadata.annotations["alb.ingress.kubernetes.io/load-balancer-name"] = another: agree with Ingress datasets-server-local-admin of the same group, where it is datasets-server-local [load-balancer-groups-agree]',
    ]),
    disagreement("listen-ports", '[{"HTTPS":443}]', [
      'Ingress datasets-server-local-rows: metadata.annotations["alb.ingress.kubernetes.io/listen-ports"] = [{"HTTPS":443}]: agree with Ingress datasets-server-local-admin of the same group, where it is [{"HTTP":80},{"HTTPS":443}] [load-balancer-groups-agree]',
    ]),
    disagreement("certificate-arn", "arn:aws:acm:us-east-1:1:certificate/1", [
      'Ingress datasets-server-local-rows: metadata.annotations["alb.ingress.kubernetes.io/certificate-arn"] = arn:aws:acm:us-east-1:1:certificate/1: agree with Ingress datasets-server-local-admin of the same group, where it is absent [load-balancer-groups-agree]',
    ]),
    disagreement("ssl-redirect", "8443", [
      'Ingress datasets-server-local-rows: metadata.annotations["alb.ingress.kubernetes.io/ssl-redirect"] = 8443: agree with Ingress datasets-server-local-admin of the same group, where it is 443 [load-balancer-groups-agree]',
    ]),
    disagreement("tags", "Env=other", [
      'Ingress datasets-server-local-rows: metadata.annotations["alb.ingress.kubernetes.io/tags"] = Env=other: agree with Ingress datasets-server-local-admin of the same group, where it is Env=local,Project=datasets-server [load-balancer-groups-agree]',
    ]),
    {
      title: "no group",
      changes: [annotation("Ingress rows", "group.name"), annotation("Ingress rows", "load-balancer-name")],
      violations: [
        'Ingress datasets-server-local-rows: metadata.annotations["alb.ingress.kubernetes.io/group.name"] = absent: name its group, or it gets a load balancer of its own [load-balancer-groups-agree]',
      ],
    },
    {
      title: "two groups with one load balancer's name",
      changes: [annotation("Ingress rows", "group.name", "another")],
      violations: [
        'Ingress datasets-server-local-rows: metadata.annotations["alb.ingress.kubernetes.io/load-balancer-name"] = datasets-server-local: choose another name than the group of Ingress datasets-server-local-admin has [load-balancer-groups-agree]',
      ],
    },
  ],
  "metrics-are-not-public": [
    {
      title: "the 401 in front of a service's metrics lost",
      changes: [{ object: "Ingress admin", at: [...paths, 0] }],
      violations: [
        "Ingress datasets-server-local-admin: spec.rules[0].http.paths[0] = /admin: answer the exact path /admin/metrics of datasets-server.localhost with 401 in a rule that comes before this one [metrics-are-not-public]",
      ],
    },
    {
      title: "an answer in front of the metrics that is no refusal",
      changes: [
        annotation(
          "Ingress api",
          "actions.metrics-unauthorized",
          '{"type":"redirect","redirectConfig":{"path":"/metrics","statusCode":"HTTP_302"}}',
        ),
      ],
      violations: [
        "Ingress datasets-server-local-api: spec.rules[0].http.paths[0] = /metrics: answer the exact path /metrics of datasets-server.localhost with 401 in a rule that comes before this one [metrics-are-not-public]",
      ],
    },
    {
      title: "a rule for any host",
      changes: [
        { object: "Ingress admin", at: ["spec", "rules", 0, "host"] },
        { object: "Ingress admin", at: [...paths, 0] },
      ],
      violations: [
        "Ingress datasets-server-local-admin: spec.rules[0].http.paths[0] = /admin: answer the exact path /admin/metrics of any host with 401 in a rule that comes before this one [metrics-are-not-public]",
        "Ingress datasets-server-local-admin: spec.rules[0].http.paths[0] = /admin: answer the exact path /admin/metrics of datasets-server.localhost with 401 in a rule that comes before this one [metrics-are-not-public]",
      ],
    },
    {
      title: "a path to a service whose metrics may be anywhere",
      changes: [
        { remove: "ServiceMonitor api" },
        { object: "Service api", at: ["metadata", "labels", "app.kubernetes.io/component"] },
      ],
      stack: "prod",
      violations: [
        "Ingress datasets-server-prod-api: spec.rules[0].http.paths[2] = /: answer the exact path /sse/metrics of datasets-server.huggingface.co with 401 in a rule that comes before this one [metrics-are-not-public]",
      ],
    },
  ],
  "monitor-ports-exist": [
    {
      title: "a port that the Service does not have",
      changes: [{ object: "ServiceMonitor api", at: ["spec", "endpoints", 0, "port"], to: "metrics" }],
      violations: [
        "ServiceMonitor datasets-server-local-api: spec.endpoints[0].port = metrics: name a port that is there: http [monitor-ports-exist]",
      ],
    },
    {
      title: "no port",
      changes: [{ object: "PodMonitor worker-light", at: ["spec", "podMetricsEndpoints", 0, "port"] }],
      violations: [
        "PodMonitor datasets-server-local-worker-light: spec.podMetricsEndpoints[0].port = absent: name a port that is there: http [monitor-ports-exist]",
      ],
    },
  ],
  "monitors-look-here": [
    {
      title: "a monitor of every namespace",
      changes: [{ object: "ServiceMonitor api", at: ["spec", "namespaceSelector"], to: { any: true } }],
      violations: [
        'ServiceMonitor datasets-server-local-api: spec.namespaceSelector = {"matchNames":[],"any":true}: name datasets-server only [monitors-look-here]',
      ],
    },
  ],
  "node-ports-are-wanted": [
    {
      title: "a port of the nodes that the type does not use",
      changes: [{ object: "Service api", at: ["spec", "ports", 0, "nodePort"], to: 30_001 }],
      violations: [
        "Service datasets-server-local-api: spec.ports[0].nodePort = 30001: leave it out: the Service's type is ClusterIP [node-ports-are-wanted]",
      ],
    },
    {
      title: "one port of the nodes for two Services",
      changes: ["Service api", "Service rows"].flatMap((object) => [
        { object, at: ["spec", "type"], to: "NodePort" },
        { object, at: ["spec", "ports", 0, "nodePort"], to: 30_001 },
      ]),
      violations: [
        "Service datasets-server-local-rows: spec.ports[0].nodePort = 30001: choose another: a Service before it has this one [node-ports-are-wanted]",
      ],
    },
  ],
  "service-ports-exist": [
    {
      title: "a target port that its pods do not have",
      changes: [{ object: "Service api", at: ["spec", "ports", 0, "targetPort"], to: "web" }],
      violations: [
        "Service datasets-server-local-api: spec.ports[0].targetPort = web: name a port of its pods: http, 8080 [service-ports-exist]",
      ],
    },
  ],
} satisfies Partial<Record<RuleName, readonly Mutation[]>>;
