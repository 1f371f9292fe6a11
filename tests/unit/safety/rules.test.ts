import * as assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../../../cluster/userError";
import { type AnyObject, built } from "../../../components/objects";
import { checkRules, factsOf } from "../../../safety/rules";
import { stackRun } from "../../support/stackRuns";
import { renderedStack, stacks } from "../policy/stacks";

const facts = { stack: "local", namespace: "here", internalHosts: [], externalClaims: [] };

function metadata(name: string, annotations: Readonly<Record<string, string>> = {}) {
  return { name, namespace: "here", labels: { "datasets-server.huggingface.co/stack": "local" }, annotations };
}

function configMap(name: string, annotations?: Readonly<Record<string, string>>): AnyObject {
  return built("ConfigMap", { metadata: metadata(name, annotations), data: {} });
}

describe("the check of a stack's objects", () => {
  let warnings: string[];
  const { warn } = console;

  beforeEach(async () => {
    warnings = [];
    console.warn = (text: string) => warnings.push(text);
    await pulumi.runtime.setMocks({
      call: () => ({}),
      newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
    });
  });
  afterEach(() => {
    console.warn = warn;
  });

  it("ends with an error where a mandatory rule finds something", async () => {
    const refusal: unknown = await checkRules([configMap("Settings")], facts).catch((error: unknown) => error);
    assert.ok(refusal instanceof UserError);
    assert.equal(
      refusal.message,
      "the rules find 1 violation in the objects of stack local; no changes were made:\n" +
        "  ConfigMap Settings: metadata.name = Settings: use lower-case letters, digits and hyphens between them [names-fit]",
    );
  });

  it("shows what an advisory rule finds, and goes on", async () => {
    await checkRules([configMap("settings")], facts);
    assert.deepEqual(warnings, [
      "warning: [runtime] the rules on the objects of stack local; docs/rules.md:\n" +
        "  ConfigMap settings: metadata.name = settings: have a pod read it, or remove it [configuration-is-read]",
    ]);
  });

  it("shows the exceptions in use instead of what they excuse", async () => {
    const reason = { "datasets-server.huggingface.co/except.configuration-is-read": "people read it" };
    await checkRules([configMap("settings", reason)], facts);
    assert.deepEqual(warnings, [
      "warning: [runtime] the rules on the objects of stack local; docs/rules.md:\n" +
        "  ConfigMap settings: excepted from configuration-is-read: people read it",
    ]);
  });

  it("knows which keys a Secret has, and shows no value", async () => {
    const secret = built("Secret", {
      metadata: metadata("Token"),
      stringData: { TOKEN: pulumi.secret("hunter2") },
    });
    await assert.rejects(checkRules([secret], facts), (error) => {
      assert.doesNotMatch(`${error} ${warnings.join()}`, /hunter2/);
      return true;
    });
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
