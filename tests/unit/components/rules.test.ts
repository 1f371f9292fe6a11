import * as assert from "node:assert/strict";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Refusal } from "../../../components/refusal";
import { factsOf, type Gate, rulesGate } from "../../../components/rules";
import { stackRun } from "../../support/stackRuns";
import { renderedStack, stacks } from "../policy/stacks";

const facts = { stack: "local", namespace: "here", internalHosts: [], externalClaims: [] };
const labels = { "datasets-server.huggingface.co/stack": "local" };

function metadata(name: string, annotations: Readonly<Record<string, string>> = {}) {
  return { name, namespace: "here", labels, annotations };
}

/** A component that makes one thing, behind a gate. */
class Guarded extends pulumi.ComponentResource {
  constructor(gate: Gate, make: (opts: pulumi.CustomResourceOptions) => pulumi.Resource) {
    super("tests:Guarded", "guarded", {}, gate.options);
    make({ parent: this });
    this.registerOutputs({});
  }
}

describe("the gate in front of a stack's objects", () => {
  let gate: Gate;
  let registered: string[];
  let warnings: string[];
  const warn = console.warn;

  beforeEach(async () => {
    registered = [];
    warnings = [];
    console.warn = (text: string) => warnings.push(text);
    gate = rulesGate(facts);
    await pulumi.runtime.setMocks({
      call: () => ({}),
      newResource: ({ name, inputs }) => {
        registered.push(name);
        return { id: name, state: inputs };
      },
    });
  });
  afterEach(() => {
    console.warn = warn;
  });

  const configMap = (name: string, annotations?: Readonly<Record<string, string>>) =>
    new Guarded(gate, (opts) => new k8s.core.v1.ConfigMap(name, { metadata: metadata(name, annotations) }, opts));
  const secret = (args: k8s.core.v1.SecretArgs) =>
    new Guarded(gate, (opts) => new k8s.core.v1.Secret("token", { metadata: metadata("token"), ...args }, opts));

  /** Lets go on whatever does not wait for the gate. */
  const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

  it("lets nothing be registered before the rules have seen it, and everything afterwards", async () => {
    configMap("settings");
    await settle();
    assert.deepEqual(registered, []);
    await gate.pass();
    await pulumi.runtime.disconnect();
    assert.deepEqual(registered, ["guarded", "settings"]);
  });

  it("refuses what a mandatory rule finds, and what is behind it is never registered", async () => {
    configMap("Settings");
    const refusal: unknown = await gate.pass().catch((error: unknown) => error);
    assert.ok(refusal instanceof Refusal);
    assert.equal(
      refusal.message,
      "the rules find a fault in the objects of stack local, and nothing was touched; docs/rules.md:\n" +
        "  ConfigMap Settings: metadata.name = Settings: use lower-case letters, digits and hyphens between them [names-fit]",
    );
    await settle();
    assert.deepEqual(registered, []);
  });

  it("shows what an advisory rule finds, and goes on", async () => {
    configMap("settings");
    await gate.pass();
    assert.deepEqual(warnings, [
      "warning: [runtime] the rules on the objects of stack local; docs/rules.md:\n" +
        "  ConfigMap settings: metadata.name = settings: have a pod read it, or remove it [configuration-is-read]",
    ]);
  });

  it("shows the exceptions in use instead of what they excuse", async () => {
    configMap("settings", { "datasets-server.huggingface.co/except.configuration-is-read": "people read it" });
    await gate.pass();
    assert.deepEqual(warnings, [
      "warning: [runtime] the rules on the objects of stack local; docs/rules.md:\n" +
        "  ConfigMap settings: excepted from configuration-is-read: people read it",
    ]);
  });

  it("knows which keys a Secret has and which are blank, and shows no value", async () => {
    secret({ stringData: { TOKEN: pulumi.secret("hunter2"), EMPTY: pulumi.secret(" ") } });
    await assert.rejects(gate.pass(), (error) => {
      assert.match(String(error), /Secret token: stringData\.EMPTY = "": give it a value/);
      assert.doesNotMatch(String(error), /hunter2|TOKEN/);
      return true;
    });
    assert.doesNotMatch(warnings.join(), /hunter2/);
  });

  it("names the field whose keys are hidden by an Output", async () => {
    const name = "settings";
    new Guarded(
      gate,
      (opts) => new k8s.core.v1.ConfigMap(name, { metadata: metadata(name), data: pulumi.output({ A: "b" }) }, opts),
    );
    await assert.rejects(gate.pass(), /the rules cannot read ConfigMap settings: [\s\S]*data/);
  });

  for (const stack of stacks) {
    it(`is told of stack ${stack} what its file says`, async () => {
      const { config } = await stackRun(stack);
      const { facts: expected } = await renderedStack(stack);
      assert.deepEqual(factsOf(config.datasetsServer), {
        ...expected,
        selectorLabels: ["app", "app.kubernetes.io/instance"],
      });
    });
  }
});
