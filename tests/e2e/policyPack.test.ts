import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { projectFolder } from "../../commands/project";
import { findTools } from "../../tools/install";
import { run } from "../../tools/run";
import { localGroups } from "../../tools/toolbox";
import { engineEnvironment } from "../../tools/workspace";
import { suiteFolder } from "../support/e2e/world";

/** A program of somebody else's, whose provider writes files and needs no cluster. */
const program = `
const k8s = require("@pulumi/kubernetes");
const provider = new k8s.Provider("files", { renderYamlToDirectory: "rendered" });
const labels = { app: "web" };
const metadata = { name: "web", namespace: "web", labels };
const containers = [{ name: "web", image: "example.com/web:latest", env: [{ name: "API_TOKEN", value: "hunter2" }] }];
const spec = { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } };
new k8s.apps.v1.Deployment("web", { metadata, spec }, { provider });
`;

describe("the policy pack, on a program of somebody else's", () => {
  it("stops a preview with the rule, the object, the path, the value and the cure, and shows no secret", async () => {
    const folder = await suiteFolder("policy-pack");
    const cwd = path.join(folder, "program");
    await fs.mkdir(cwd);
    await Promise.all([
      fs.writeFile(path.join(cwd, "Pulumi.yaml"), "name: foreign\nruntime: nodejs\nmain: index.js\n"),
      fs.writeFile(path.join(cwd, "package.json"), JSON.stringify({ name: "foreign", private: true })),
      fs.writeFile(path.join(cwd, "index.js"), program),
      fs.symlink(path.join(projectFolder, "node_modules"), path.join(cwd, "node_modules")),
    ]);
    const toolbox = findTools(localGroups);
    // A provider that writes files refuses to have a cluster besides.
    const env = { ...engineEnvironment(toolbox, path.join(folder, "workspace")), KUBECONFIG: undefined };
    const pulumi = (...args: string[]) => run(toolbox.pulumi, [...args, "--stack", "dev"], { cwd, env });
    await pulumi("stack", "init", "--non-interactive");
    const pack = path.join(projectFolder, "policy");
    const { code, stdout } = await pulumi("preview", "--non-interactive", "--policy-pack", pack);
    assert.notEqual(code, 0, stdout);
    const container = "Deployment web: spec.template.spec.containers[0]";
    for (const text of [
      "[mandatory]  images-are-fixed  (kubernetes:apps/v1:Deployment: web)",
      `${container}.image = example.com/web:latest: name it by digest, or by a tag that is for one build [images-are-fixed]`,
      `${container}.env[0].value = [hidden]: keep API_TOKEN in a Secret, and name that by secretKeyRef [credentials-are-secrets]`,
    ]) {
      assert.ok(stdout.includes(text), `does not say\n${text}\nbut\n${stdout}`);
    }
    assert.doesNotMatch(stdout, /hunter2/);
  });
});
