import * as assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import { kubernetesObjects } from "../../commands/objects";
import { type ProgramRun, type RegisteredResource, runProgram, secretMarker } from "../../commands/program";
import { stackLabel } from "../../components/names";
import { identifyStack } from "../../config/stacks";

const stacks = ["prod", "ephemeral", "local", "pr-7"];

for (const stack of stacks) {
  describe(`the program, stack ${stack}`, () => {
    const observed: pulumi.ResourceTransformationArgs[] = [];
    let run: ProgramRun;
    let objects: readonly RegisteredResource[];
    const { release, namespace } = identifyStack(stack) ?? assert.fail(`${stack} is no stack`);

    before(async () => {
      run = await runProgram(stack, { observe: (resource) => observed.push(resource) });
      objects = run.resources.filter(({ type }) => type.startsWith("kubernetes:"));
    });

    it("registers the objects of the api service, its settings and its secret", () => {
      const kinds = objects.map(({ inputs }) => String(inputs.kind));
      const counts = new Map([...new Set(kinds)].map((kind) => [kind, kinds.filter((other) => other === kind).length]));
      const createsNamespace = stack === "local" || stack === "pr-7";
      assert.deepEqual(
        [...counts].sort(),
        [
          ["ConfigMap", 12],
          ["Deployment", 1],
          ["Ingress", 1],
          ...(createsNamespace ? [["Namespace", 1]] : []),
          ["PodDisruptionBudget", 1],
          ["Secret", 1],
          ["Service", 1],
        ].sort(),
      );
    });

    it("gives every object our parent, our provider, our namespace, our prefix and the stack's label", () => {
      for (const { type, name, provider, inputs } of objects) {
        assert.match(
          provider,
          /pulumi:providers:kubernetes::kubernetes::kubernetes-id$/,
          `${name} has another provider`,
        );
        assert.ok(name.startsWith(`${release}-`), `${name} lacks the prefix ${release}-`);
        const [object] = kubernetesObjects([{ type, name, provider, inputs, secretInputs: [] }]);
        const isNamespace = object?.kind === "Namespace";
        assert.equal(isNamespace ? object.metadata.name : object?.metadata.namespace, namespace, name);
        assert.deepEqual(new Map(Object.entries(object?.metadata.labels ?? {})).get(stackLabel), stack, name);
      }
      for (const { name, type, opts } of observed.filter(({ type }) => type.startsWith("kubernetes:"))) {
        assert.ok(opts.parent, `${type} ${name} has no parent`);
        assert.match(Object.getPrototypeOf(opts.parent).constructor.name, /^(DatasetsServer|WebService)$/);
      }
    });

    it("registers nothing with a provider that nobody configured", () => {
      const providers = run.resources.filter(({ type }) => type.startsWith("pulumi:providers:"));
      const expected = stack === "local" ? ["kubernetes"] : ["aws", "kubernetes"];
      assert.deepEqual(providers.map(({ name }) => name).sort(), expected);
    });

    it("keeps secrets in the data of Secrets and nowhere else", () => {
      const secret = run.resources.filter(({ secretInputs }) => secretInputs.length > 0);
      assert.deepEqual(
        secret.map(({ type, secretInputs }) => [type, ...secretInputs]),
        [["kubernetes:core/v1:Secret", "stringData"]],
      );
      for (const { name, inputs, type } of run.resources) {
        const shown = JSON.stringify(inputs).includes(secretMarker);
        assert.equal(shown, type === "kubernetes:core/v1:Secret", `${name} shows a secret`);
      }
    });
  });
}

describe("the program's outputs", () => {
  it("say where production is and how to look at it, in commands to paste", async () => {
    const { outputs } = await runProgram("prod");
    assert.deepEqual(outputs, {
      namespace: "datasets-server",
      url: "https://datasets-server.huggingface.co",
      cluster: "arn:aws:eks:us-east-1:707930574880:cluster/hub-prod",
      images: { api: "707930574880.dkr.ecr.us-east-1.amazonaws.com/hub-datasets-server-api:sha-59db084" },
      commands: {
        useCluster:
          "aws eks update-kubeconfig --name hub-prod --alias hub-prod-with-tb --region us-east-1 --profile=tb",
        pods: "kubectl get pods -l app=datasets-server-prod-api --context hub-prod-with-tb --namespace datasets-server",
        logs:
          "kubectl logs -l app=datasets-server-prod-api --tail=100 --follow --context hub-prod-with-tb " +
          "--namespace datasets-server",
        describe:
          "kubectl describe deploy/datasets-server-prod-api --context hub-prod-with-tb --namespace datasets-server",
      },
    });
  });

  it("give a pull request a namespace, a host and names of its own", async () => {
    const { outputs, resources } = await runProgram("pr-7");
    assert.equal(outputs.namespace, "datasets-server-pr-7");
    assert.equal(outputs.url, "https://datasets-server-pr-7.us.dev.moon.huggingface.tech");
    assert.ok(resources.some(({ name }) => name === "datasets-server-pr-7-api"));
  });
});
