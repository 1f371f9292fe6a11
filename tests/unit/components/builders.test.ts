import * as assert from "node:assert/strict";
import { ingress, type LoadBalancerArgs } from "../../../components/ingress";
import { labels, metadata, objectName, type Scope, selectorLabels } from "../../../components/names";
import { containerPort, type PodTemplateArgs, podTemplate, secretsOf } from "../../../components/podTemplate";
import { httpProbes } from "../../../components/probes";
import { rolloutBudget } from "../../../components/rollout";
import { services } from "../../../components/services";
import { settingsName } from "../../../components/settings";
import { podDisruptionBudget, serverVariables, service } from "../../../components/webService";

const scope: Scope = { stack: "prod", release: "datasets-server-prod", namespace: "datasets-server" };

describe("names and labels", () => {
  it("prefix a component with the release, as the seed's label app does", () => {
    assert.equal(objectName(scope, "api"), "datasets-server-prod-api");
    assert.equal(labels(scope, "api").app, "datasets-server-prod-api");
  });

  it("keep everything that may change out of selectors", () => {
    assert.deepEqual(Object.keys(selectorLabels(scope, "api")), ["app", "app.kubernetes.io/instance"]);
  });

  it("mark an object as its stack's, and leave annotations out where there are none", () => {
    assert.deepEqual(metadata(scope, "api"), {
      name: "datasets-server-prod-api",
      namespace: "datasets-server",
      labels: { ...labels(scope, "api"), "datasets-server.huggingface.co/stack": "prod" },
    });
  });
});

describe("the name of a settings ConfigMap", () => {
  const name = (variables: Record<string, string>) => settingsName({ scope, component: "log", variables });

  it("changes with a value and with a variable's name", () => {
    const names = [name({ A: "1" }), name({ A: "2" }), name({ B: "1" }), name({ A: "1", B: "1" })];
    assert.equal(new Set(names).size, 4);
  });

  it("does not change with the order of the variables", () => {
    assert.equal(name({ A: "1", B: "2" }), name({ B: "2", A: "1" }));
  });

  it("starts with the release and the group", () => {
    assert.match(name({ A: "1" }), /^datasets-server-prod-log-[0-9a-f]{10}$/);
  });
});

describe("probes", () => {
  const { startupProbe, readinessProbe, livenessProbe } = httpProbes("/healthcheck", 121);
  const seconds = (probe: typeof startupProbe) => Number(probe.failureThreshold) * Number(probe.periodSeconds);

  it("allow a start its whole budget, rounded up to a question", () => assert.equal(seconds(startupProbe), 125));

  it("take a silent pod out of the load balancer long before it is restarted", () => {
    assert.equal(seconds(readinessProbe), 15);
    assert.equal(seconds(livenessProbe), 60);
  });

  it("ask the port by its name", () => {
    for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
      assert.deepEqual(probe.httpGet, { path: "/healthcheck", port: "http" });
    }
  });
});

describe("the time a rollout may take", () => {
  const budget = (replicas: number, maxSurge: `${number}%` = "25%") =>
    rolloutBudget({ replicas, maxSurge, startupSeconds: 120, minReadySeconds: 10 });

  it("is a full start for each wave of surge pods", () => {
    assert.deepEqual(budget(20), { progressDeadlineSeconds: 4 * 190, timeout: "820s" });
  });

  it("rounds the surge up, as Kubernetes does: one pod at least", () => {
    assert.equal(budget(1).progressDeadlineSeconds, 190);
    assert.equal(budget(3, "10%").progressDeadlineSeconds, 3 * 190);
  });

  it("is one wave for a service that is stopped", () => assert.equal(budget(0).progressDeadlineSeconds, 190));

  it("has the engine wait a minute longer than Kubernetes", () => {
    for (const replicas of [0, 1, 7, 20, 500]) {
      const { progressDeadlineSeconds, timeout } = budget(replicas);
      assert.equal(timeout, `${progressDeadlineSeconds + 60}s`);
    }
  });
});

describe("the pod template", () => {
  const args: PodTemplateArgs = {
    scope,
    component: "api",
    image: "registry/api:sha-1234567",
    resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "2", memory: "2Gi" } },
    scratch: "3Gi",
    probes: httpProbes("/healthcheck", 120),
    configMaps: ["settings-a", "settings-b"],
    settings: ["common", "log"],
    secretsChecksum: "checksum",
  };
  const { spec } = podTemplate(args);
  const [container] = spec.containers;
  assert.ok(container);

  it("reads whole ConfigMaps, and secrets by plain names", () => {
    assert.deepEqual(container.envFrom, [
      { configMapRef: { name: "settings-a" } },
      { configMapRef: { name: "settings-b" } },
    ]);
    assert.deepEqual(container.env, [
      { name: "COMMON_HF_TOKEN", valueFrom: { secretKeyRef: { name: "datasets-server-hf-token", key: "HF_TOKEN" } } },
    ]);
  });

  it("is what Pod Security calls restricted, with nothing writable but its scratch", () => {
    assert.deepEqual(spec.securityContext, {
      runAsUser: 1000,
      runAsGroup: 3000,
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
    assert.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    assert.equal(spec.automountServiceAccountToken, false);
    assert.deepEqual(spec.volumes, [{ name: "scratch", emptyDir: { sizeLimit: "3Gi" } }]);
    assert.deepEqual(container.volumeMounts, [{ name: "scratch", mountPath: "/tmp" }]);
  });

  it("stays where it is put: a pool's label and taint, or no placement at all", () => {
    assert.ok(!("nodeSelector" in spec) && !("tolerations" in spec));
    const placed = podTemplate({ ...args, nodePool: "datasets-server-api" }).spec;
    assert.deepEqual(placed.nodeSelector, { "role-datasets-server-api": "true" });
    assert.deepEqual(placed.tolerations, [
      { key: "huggingface.co/datasets-server-api", operator: "Exists", effect: "NoSchedule" },
    ]);
  });

  it("gives the load balancer time to forget a pod before it is told to stop", () => {
    assert.deepEqual(container.lifecycle, { preStop: { sleep: { seconds: 15 } } });
    assert.ok(Number(spec.terminationGracePeriodSeconds) > 15);
  });

  it("knows which secrets its settings need", () => {
    assert.deepEqual(secretsOf(["common", "log", "common"]), ["hfToken"]);
    assert.deepEqual(secretsOf(["log"]), []);
  });
});

describe("the service's own variables", () => {
  it("have the server listen on every address, on the port that probes and Service name", () => {
    const sizes = {
      replicas: 1,
      uvicornWorkers: 9,
      listenAddress: "0.0.0.0",
      scratch: "1Gi",
      resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "1", memory: "1Gi" } },
    };
    assert.deepEqual(serverVariables(services.api, sizes), {
      PROMETHEUS_MULTIPROC_DIR: "/tmp",
      API_UVICORN_HOSTNAME: "0.0.0.0",
      API_UVICORN_NUM_WORKERS: "9",
      API_UVICORN_PORT: String(containerPort),
    });
  });
});

describe("the Service and the PodDisruptionBudget", () => {
  it("select by the labels that never change", () => {
    const selector = selectorLabels(scope, "api");
    assert.deepEqual(service(scope, "api").spec.selector, selector);
    assert.deepEqual(podDisruptionBudget(scope, "api").spec.selector, { matchLabels: selector });
  });

  it("open no port on nodes, and let one pod at a time be drained, broken ones always", () => {
    assert.equal(service(scope, "api").spec.type, "ClusterIP");
    assert.equal(podDisruptionBudget(scope, "api").spec.maxUnavailable, 1);
    assert.equal(podDisruptionBudget(scope, "api").spec.unhealthyPodEvictionPolicy, "AlwaysAllow");
  });
});

describe("the Ingress", () => {
  const loadBalancer: LoadBalancerArgs = {
    name: "datasets-server-prod",
    scheme: "internal",
    group: "datasets-server",
    tags: { Env: "prod", Project: "datasets-server" },
  };
  const api = services.api;
  const { metadata: meta, spec } = ingress({
    ...{ scope, component: "api", host: "datasets-server.huggingface.co", loadBalancer },
    ...{ order: api.routeOrder, routes: api.routes, healthPath: api.healthPath },
  });

  it("never lets the public reach /metrics: the load balancer answers 401 itself", () => {
    const [metrics] = spec.rules[0]?.http.paths ?? [];
    assert.deepEqual(metrics, {
      path: "/metrics",
      pathType: "Exact",
      backend: { service: { name: "metrics-unauthorized", port: { name: "use-annotation" } } },
    });
    const action = new Map(Object.entries(meta.annotations ?? {})).get(
      "alb.ingress.kubernetes.io/actions.metrics-unauthorized",
    );
    assert.match(String(action), /"statusCode":"401"/);
  });

  it("sends all other paths to the service, after the exact ones", () => {
    assert.deepEqual(spec.rules[0]?.http.paths.at(-1), {
      path: "/",
      pathType: "Prefix",
      backend: { service: { name: "datasets-server-prod-api", port: { name: "http" } } },
    });
  });

  it("names a certificate only where the stack has one", () => {
    assert.ok(!Object.keys(meta.annotations ?? {}).some((key) => key.endsWith("/certificate-arn")));
  });

  it("carries an action's JSON for each action it names, and no other", () => {
    const actions = Object.keys(meta.annotations ?? {}).filter((key) => key.includes("/actions."));
    assert.deepEqual(
      actions.map((key) => key.split("/actions.")[1]),
      ["metrics-unauthorized", "openapi-redirect"],
    );
  });
});
