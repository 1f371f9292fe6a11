import * as assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { jobs } from "../../../../catalog/jobs";
import { containerPort } from "../../../../catalog/ports";
import { services } from "../../../../catalog/services";
import type { VariableGroup } from "../../../../catalog/variableGroups";
import type { LoadBalancerArgs } from "../../../../components/traffic/ingress";
import { migrationName, migrationPods } from "../../../../components/workloads/migration";
import { jobPods } from "../../../../components/workloads/scheduledJob";
import { buildWebService, serviceIngresses, servicePods } from "../../../../components/workloads/webService";
import { buildWorkerPool, workerPods } from "../../../../components/workloads/workerPool";
import {
  type GroupSource,
  secretsOf,
  type WorkloadContext,
  workloadTemplate,
} from "../../../../components/workloads/workload";

const scope = { stack: "prod", release: "datasets-server-prod", namespace: "datasets-server" };
const resources = { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "2", memory: "2Gi" } };
const podConfig = { resources, scratch: "3Gi", env: {} };
const serviceConfig = { ...podConfig, replicas: 1, uvicornWorkers: 9, listenAddress: "0.0.0.0", public: true };
const loadBalancer: LoadBalancerArgs = {
  name: "datasets-server-prod",
  scheme: "internal",
  group: "datasets-server",
  redirectHttp: false,
  tags: {},
};
const endpoints = { public: { host: "datasets-server.huggingface.co", externalDns: false, loadBalancer } };

const secret = (text: string) => pulumi.secret(text);
const context: WorkloadContext = {
  scope,
  images: { registry: "registry", tag: "sha-1234567" },
  serviceAccount: "datasets-server-prod",
  groups: new Map<VariableGroup, GroupSource>([
    [
      "common",
      {
        variables: { COMMON_HF_ENDPOINT: "https://hf.co", HF_ENDPOINT: "https://hf.co" },
        configMap: "settings-common",
      },
    ],
    ["hub-api", { variables: { API_HF_TIMEOUT_SECONDS: "10" }, configMap: "settings-hub-api" }],
    ["log", { variables: { LOG_LEVEL: "INFO" } }],
  ]),
  nodePools: { fast: { label: "role-fast=true", taint: "example.org/fast:NoSchedule" }, open: { label: "disk=nvme" } },
  secrets: { hfToken: secret("token"), mongoUrl: secret("url"), webhookSecret: secret("webhook") },
  secretDelivery: "env",
  checksumKey: secret("key"),
  parquetMetadata: { claim: "claim", subPath: "folder/" },
  monitoring: true,
};

describe("a workload's pods", () => {
  const workload = servicePods({ component: "api", definition: services.api, config: serviceConfig });
  const { spec } = workloadTemplate(context, workload);
  const [container] = spec.containers;
  assert.ok(container);
  const ownVariables = [
    { name: "PROMETHEUS_MULTIPROC_DIR", value: "/prometheus" },
    { name: "API_UVICORN_HOSTNAME", value: "0.0.0.0" },
    { name: "API_UVICORN_NUM_WORKERS", value: "9" },
    { name: "API_UVICORN_PORT", value: "8080" },
  ];

  it("read the ConfigMaps of their groups", () => {
    assert.deepEqual(
      container.envFrom.map(({ configMapRef }) => configMapRef.name),
      ["settings-common", "settings-hub-api"],
    );
  });

  it("have a group whole where they have a variable of it to themselves, and leave its ConfigMap to others", () => {
    const config = { ...serviceConfig, env: { API_HF_TIMEOUT_SECONDS: "30", API_HF_JWT_ALGORITHM: "RS256" } };
    const own = workloadTemplate(context, servicePods({ component: "api", definition: services.api, config }));
    const { env = [], envFrom = [] } = own.spec.containers[0] ?? {};
    assert.deepEqual(
      envFrom.map(({ configMapRef }) => configMapRef.name),
      ["settings-common"],
    );
    assert.deepEqual(env.slice(-2), [
      { name: "API_HF_TIMEOUT_SECONDS", value: "30" },
      { name: "API_HF_JWT_ALGORITHM", value: "RS256" },
    ]);
  });

  it("have the variables of a group without ConfigMap themselves, and their own last", () => {
    assert.deepEqual(container.env.slice(-5), [{ name: "LOG_LEVEL", value: "INFO" }, ...ownVariables]);
  });

  it("read secrets by plain names, and only those that the stack has", () => {
    assert.deepEqual(container.env.slice(0, -5), [
      { name: "HOME", value: "/tmp" },
      { name: "CACHE_MONGO_URL", valueFrom: { secretKeyRef: { name: "datasets-server-mongo", key: "MONGO_URL" } } },
      { name: "COMMON_HF_TOKEN", valueFrom: { secretKeyRef: { name: "datasets-server-hf-token", key: "HF_TOKEN" } } },
      { name: "QUEUE_MONGO_URL", valueFrom: { secretKeyRef: { name: "datasets-server-mongo", key: "MONGO_URL" } } },
    ]);
    assert.deepEqual(secretsOf(workload.groups, context.secrets), ["mongoUrl", "hfToken"]);
  });

  it("read secrets as files, and then no variable names one", () => {
    const template = workloadTemplate({ ...context, secretDelivery: "files" }, workload);
    const [inFiles] = template.spec.containers;
    assert.deepEqual(inFiles?.env, [
      { name: "HOME", value: "/tmp" },
      { name: "SECRETS_DIR", value: "/mnt/secrets" },
      { name: "LOG_LEVEL", value: "INFO" },
      ...ownVariables,
    ]);
    assert.deepEqual(template.spec.volumes.at(-1), {
      name: "secrets",
      projected: {
        sources: [
          { secret: { name: "datasets-server-mongo", items: [{ key: "MONGO_URL", path: "MONGO_URL" }] } },
          { secret: { name: "datasets-server-hf-token", items: [{ key: "HF_TOKEN", path: "HF_TOKEN" }] } },
        ],
      },
    });
    assert.deepEqual(inFiles?.volumeMounts.at(-1), { name: "secrets", mountPath: "/mnt/secrets", readOnly: true });
  });

  it("are what Pod Security calls restricted, with nothing writable but their volumes", () => {
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
  });

  it("have bounded space to write to, and their process metrics apart, emptied at each start", () => {
    assert.deepEqual(spec.volumes, [
      { name: "scratch", emptyDir: { sizeLimit: "3Gi" } },
      { name: "process-metrics", emptyDir: { sizeLimit: "128Mi" } },
    ]);
    assert.deepEqual(container.command, [
      "/bin/sh",
      "-c",
      "rm -f /prometheus/*.db && exec poetry run python src/api/main.py",
    ]);
    assert.equal(workload.variables.PROMETHEUS_MULTIPROC_DIR, "/prometheus");
  });

  it("give the load balancer time to forget them before they are told to stop", () => {
    assert.deepEqual(container.lifecycle, { preStop: { sleep: { seconds: 15 } } });
    assert.ok(spec.terminationGracePeriodSeconds > 15);
  });

  it("stay where they are put: a pool's label and taint, or no placement at all", () => {
    assert.ok(!("nodeSelector" in spec) && !("tolerations" in spec));
    const pool = servicePods({
      component: "api",
      definition: services.api,
      config: { ...serviceConfig, nodePool: "fast" },
    });
    const placed = workloadTemplate(context, pool).spec;
    assert.deepEqual(placed.nodeSelector, { "role-fast": "true" });
    assert.deepEqual(placed.tolerations, [{ key: "example.org/fast", operator: "Exists", effect: "NoSchedule" }]);
  });

  it("share the volume of parquet metadata as their definition says", () => {
    const rows = workloadTemplate(
      context,
      servicePods({ component: "rows", definition: services.rows, config: serviceConfig }),
    );
    assert.deepEqual(rows.spec.containers[0]?.volumeMounts.at(-1), {
      name: "parquet-metadata",
      mountPath: "/storage/parquet-metadata",
      subPath: "folder/",
      readOnly: true,
    });
    assert.deepEqual(rows.spec.volumes.at(-1), {
      name: "parquet-metadata",
      persistentVolumeClaim: { claimName: "claim" },
    });
  });
});

describe("a web service", () => {
  const args = { context, component: "api", definition: services.api, config: serviceConfig, endpoints } as const;
  const internal = { ...endpoints.public, host: "internal.datasets-server.huggingface.co", externalDns: true };

  it("has its server listen on every address, on the port that probes and Service name", () => {
    assert.deepEqual(servicePods(args).variables, {
      PROMETHEUS_MULTIPROC_DIR: "/prometheus",
      API_UVICORN_HOSTNAME: "0.0.0.0",
      API_UVICORN_NUM_WORKERS: "9",
      API_UVICORN_PORT: String(containerPort),
    });
  });

  it("opens no port on nodes", () => {
    assert.equal(Object(buildWebService(args).service.content.spec).type, "ClusterIP");
  });

  it("never lets the public reach its metrics: the load balancer answers first", () => {
    for (const component of ["admin", "api", "sse-api"] as const) {
      const [open] = serviceIngresses({ ...args, component, definition: services[component] });
      assert.deepEqual(open?.routes[0], {
        path: services[component].metricsPath,
        pathType: "Exact",
        action: "metrics-unauthorized",
      });
    }
  });

  it("is reached by the endpoints that the stack has, and not by the public one where it is not public", () => {
    const names = (changes: object) => serviceIngresses({ ...args, ...changes }).map(({ name }) => name);
    assert.deepEqual(names({}), ["datasets-server-prod-api"]);
    assert.deepEqual(names({ endpoints: { ...endpoints, internal } }), [
      "datasets-server-prod-api",
      "datasets-server-prod-api-internal",
    ]);
    assert.deepEqual(names({ endpoints: { ...endpoints, internal }, config: { ...serviceConfig, public: false } }), [
      "datasets-server-prod-api-internal",
    ]);
  });
});

describe("a worker pool", () => {
  const pool = {
    ...podConfig,
    difficulty: { min: 40, max: 70 },
    ...{ maxMemoryPercent: 70, maxSystemMemoryPercent: 80, startupSeconds: 150, terminationGracePeriodSeconds: 60 },
  };

  it("takes the jobs of its difficulty, and has the time to finish that the stack gives it", () => {
    const { component, variables, pod } = workerPods({ pool: "medium", config: { ...pool, replicas: 4 } });
    assert.equal(component, "worker-medium");
    assert.equal(variables.WORKER_DIFFICULTY_MIN, "40");
    assert.equal(variables.WORKER_DIFFICULTY_MAX, "70");
    assert.equal(variables.DATASETS_BASED_HF_DATASETS_CACHE, "/tmp/hf-datasets-cache/medium/datasets");
    assert.equal(pod?.terminationGracePeriodSeconds, 60);
  });

  it("shares the waiting jobs among its pods, and gives pods up slowly", () => {
    const autoscaling = { minReplicas: 10, maxReplicas: 80, jobsPerPod: { medium: 150 } };
    const { autoscaler } = buildWorkerPool({ context, pool: "medium", config: { ...pool, autoscaling } });
    const spec = Object(autoscaler?.content.spec);
    assert.deepEqual(spec.metrics, [
      {
        type: "External",
        external: {
          metric: { name: "worker_size_jobs_count", selector: { matchLabels: { worker_size: "medium" } } },
          target: { type: "AverageValue", averageValue: "150" },
        },
      },
    ]);
    assert.equal(spec.behavior.scaleDown.stabilizationWindowSeconds, 300);
    assert.equal(spec.scaleTargetRef.name, "datasets-server-prod-worker-medium");
  });
});

describe("jobs", () => {
  it("are one program, told what to do", () => {
    const { image, variables, groups } = jobPods({
      job: "backfill",
      definition: jobs.backfill,
      config: { ...podConfig, schedule: "05 12 * * *", deadlineSeconds: 60 },
    });
    assert.equal(image, "cache_maintenance");
    assert.deepEqual(variables, { CACHE_MAINTENANCE_ACTION: "backfill" });
    assert.ok(groups.includes("s3"));
  });

  it("have no checksum of secrets: they start again each time, and read what is there then", () => {
    const config = { ...podConfig, schedule: "05 12 * * *", deadlineSeconds: 60 };
    const job = workloadTemplate(context, jobPods({ job: "backfill", definition: jobs.backfill, config }));
    assert.ok(!("annotations" in job.metadata));
    const service = workloadTemplate(
      context,
      servicePods({ component: "api", definition: services.api, config: serviceConfig }),
    );
    assert.ok("annotations" in service.metadata);
  });

  it("migrate under a name that tells images apart, and that no commit makes too long for a Job", () => {
    const scope = { stack: "pr-999999", release: "datasets-server-pr-999999", namespace: "datasets-server-pr-999999" };
    assert.equal(migrationName(scope, "sha-59db084"), "datasets-server-pr-999999-mongodb-migration-59db084");
    const name = migrationName(scope, `sha-${"0123456789".repeat(4)}`);
    assert.equal(name, "datasets-server-pr-999999-mongodb-migration-012345678901");
  });

  it("migrate only once the database has answered, and never twice by themselves", () => {
    const workload = migrationPods({ context, config: { ...podConfig, deadlineSeconds: 600 } });
    assert.equal(workload.pod?.restartPolicy, "Never");
    const [wait] = workload.initContainers ?? [];
    assert.equal(wait?.name, "wait-for-database");
    assert.match(String(wait?.command?.at(-1)), /admin\.command\("ping"\)/);
    assert.deepEqual(wait?.env?.at(-1), {
      name: "MONGO_URL",
      valueFrom: { secretKeyRef: { name: "datasets-server-mongo", key: "MONGO_URL" } },
    });
  });
});
