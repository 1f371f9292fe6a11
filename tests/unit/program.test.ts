import * as assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { stackLabel } from "../../catalog/names";
import { secretMarker } from "../../catalog/secrets";
import { plainObjects } from "../../cli/lib/objects";
import { stackOutputs } from "../../cluster/outputs";
import { allObjects, buildObjects, imagesOf } from "../../components/buildObjects";
import { checksumMarker } from "../../components/objects";
import { identifyStack } from "../../config/stacks";
import { type RegisteredResource, registeredStack, type StackRegistration } from "../support/registration";
import { stackRun } from "../support/stackRuns";

/** Every object of each stack, counted by kind. */
const stacks: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  prod: {
    ...{ ConfigMap: 15, CronJob: 5, Deployment: 9, HorizontalPodAutoscaler: 3, Ingress: 11, Job: 1, NetworkPolicy: 3 },
    ...{
      PodDisruptionBudget: 9,
      PodMonitor: 3,
      PrometheusRule: 1,
      Secret: 8,
      Service: 6,
      ServiceAccount: 1,
      ServiceMonitor: 6,
    },
  },
  ephemeral: {
    ...{ ConfigMap: 15, CronJob: 3, Deployment: 8, HorizontalPodAutoscaler: 2, Ingress: 6, Job: 1, NetworkPolicy: 3 },
    ...{
      PodDisruptionBudget: 8,
      PodMonitor: 2,
      PrometheusRule: 1,
      Secret: 8,
      Service: 6,
      ServiceAccount: 1,
      ServiceMonitor: 6,
    },
  },
  // With a namespace, a claim and a MongoDB of their own.
  local: {
    ...{ ConfigMap: 15, CronJob: 5, Deployment: 8, HorizontalPodAutoscaler: 1, Ingress: 12, Job: 2, NetworkPolicy: 4 },
    ...{
      PodDisruptionBudget: 8,
      PodMonitor: 2,
      PrometheusRule: 1,
      Secret: 8,
      Service: 7,
      ServiceAccount: 1,
      ServiceMonitor: 6,
    },
    ...{ Namespace: 1, PersistentVolumeClaim: 2, StatefulSet: 1 },
  },
  // Without jobs, autoscalers or staging's secrets.
  "pr-7": {
    ...{
      ConfigMap: 15,
      PersistentVolumeClaim: 2,
      Deployment: 8,
      Ingress: 6,
      Job: 2,
      NetworkPolicy: 4,
      Namespace: 1,
      StatefulSet: 1,
    },
    ...{
      PodDisruptionBudget: 8,
      PodMonitor: 2,
      ResourceQuota: 1,
      Secret: 2,
      Service: 7,
      ServiceAccount: 1,
      ServiceMonitor: 6,
    },
  },
};

for (const [stack, expected] of Object.entries(stacks)) {
  describe(`the program, stack ${stack}`, () => {
    let run: StackRegistration;
    let registered: readonly RegisteredResource[];
    const { release, namespace } = identifyStack(stack) ?? assert.fail(`${stack} is no stack`);

    before(async () => {
      run = await registeredStack(stack);
      registered = run.resources.filter(({ type }) => type.startsWith("kubernetes:"));
    });

    it("registers the whole system, and nothing twice", () => {
      const kinds = registered.map(({ inputs }) => String(inputs.kind));
      const count = (kind: string) => kinds.filter((other) => other === kind).length;
      assert.deepEqual(Object.fromEntries([...new Set(kinds)].map((kind) => [kind, count(kind)])), expected);
      const identities = registered.map(({ type, name }) => `${type} ${name}`);
      assert.equal(new Set(identities).size, identities.length);
    });

    it("registers exactly the objects that are built, rendered and checked", () => {
      const byName = (objects: readonly object[]) =>
        new Map(objects.map((object) => [`${Object(object).kind} ${Object(object).metadata.name}`, object]));
      const built = byName(plainObjects(run.config.datasetsServer));
      const checksums = /("datasets-server\.huggingface\.co\/secrets-checksum":)"[0-9a-f]{32}"/g;
      const inputs = registered.map(({ inputs: { kind, stringData, ...rest } }) => ({
        kind,
        ...JSON.parse(JSON.stringify(rest).replace(checksums, `$1"${checksumMarker}"`)),
        ...(kind === "Secret" && {
          stringData: Object.fromEntries(Object.keys(Object(stringData)).map((key) => [key, secretMarker])),
        }),
      }));
      assert.equal(inputs.length, built.size);
      for (const [name, object] of byName(inputs)) assert.deepEqual(object, built.get(name), name);
    });

    it("gives every object our parent, our provider, our namespace, our prefix and the stack's label", () => {
      for (const { name, provider, inputs } of registered) {
        assert.match(
          provider,
          /pulumi:providers:kubernetes::kubernetes::kubernetes-id$/,
          `${name} has another provider`,
        );
        assert.ok(name.startsWith(`${release}-`), `${name} lacks the prefix ${release}-`);
        const metadata = Object(inputs.metadata);
        assert.equal(inputs.kind === "Namespace" ? metadata.name : metadata.namespace, namespace, name);
        assert.equal(metadata.labels[stackLabel], stack, name);
      }
      for (const { name, type, opts } of run.observed.filter(({ type }) => type.startsWith("kubernetes:"))) {
        assert.ok(pulumi.ComponentResource.isInstance(opts.parent), `${type} ${name} is no component's child`);
      }
    });

    it("keeps secrets in the data of Secrets and nowhere else", () => {
      for (const { type, name, inputs, secretInputs } of run.resources) {
        const isSecret = type === "kubernetes:core/v1:Secret";
        assert.deepEqual(secretInputs, isSecret ? ["stringData"] : [], `${name} would be shown, or hidden, wrongly`);
        assert.ok(isSecret || !JSON.stringify(inputs).includes(secretMarker), `${name} shows a secret`);
      }
    });

    it("masks every secret value that it renders, made ones too", () => {
      for (const object of plainObjects(run.config.datasetsServer).filter(({ kind }) => kind === "Secret")) {
        for (const value of Object.values(Object(object.stringData))) {
          assert.equal(value, secretMarker, object.metadata.name);
        }
      }
    });
  });
}

describe("the program's outputs", () => {
  it("say where production is and how to look at it, in commands to paste", async () => {
    const { cluster, datasetsServer } = (await stackRun("prod")).config;
    const url = "https://datasets-server.huggingface.co";
    const services = ["admin", "api", "rows", "search", "sse-api", "webhook"];
    const images = [...services, "worker", "cache_maintenance", "mongodb_migration"];
    const registry = "707930574880.dkr.ecr.us-east-1.amazonaws.com";
    const objects = allObjects(buildObjects(datasetsServer));
    const { commands, ...outputs } = stackOutputs(
      cluster,
      datasetsServer.scope,
      { url, images: imagesOf(datasetsServer) },
      objects,
    );
    assert.deepEqual(outputs, {
      namespace: "datasets-server",
      url,
      cluster: "arn:aws:eks:us-east-1:707930574880:cluster/hub-prod",
      images: Object.fromEntries(images.map((name) => [name, `${registry}/hub-datasets-server-${name}:sha-59db084`])),
    });
    const where = "--context hub-prod-with-tb --namespace datasets-server";
    assert.equal(
      commands.useCluster,
      "aws eks update-kubeconfig --name hub-prod --alias hub-prod-with-tb --region us-east-1 --profile=tb",
    );
    assert.equal(commands.pods, `kubectl get pods -l app.kubernetes.io/instance=datasets-server-prod ${where}`);
    const api = "datasets-server-prod-api";
    assert.equal(commands.logs[api], `kubectl logs -l app=${api} --tail=100 --follow ${where}`);
    assert.equal(commands.describe[api], `kubectl describe deploy/${api} ${where}`);
    const running = plainObjects(datasetsServer).filter(({ kind }) => ["CronJob", "Deployment", "Job"].includes(kind));
    const names = running.map(({ metadata }) => metadata.name).sort();
    assert.deepEqual([Object.keys(commands.logs).sort(), Object.keys(commands.describe).sort()], [names, names]);
  });

  it("give a pull request a namespace, a host and names of its own", async () => {
    const { datasetsServer } = (await stackRun("pr-7")).config;
    assert.deepEqual(datasetsServer.scope, {
      stack: "pr-7",
      release: "datasets-server-pr-7",
      namespace: "datasets-server-pr-7",
    });
    assert.equal(datasetsServer.endpoints.public.host, "datasets-server-pr-7.us.dev.moon.huggingface.tech");
  });
});
