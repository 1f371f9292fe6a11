import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Toolbox } from "../../../tools/toolbox";

/** A toolbox of shell scripts, and a folder for workspaces, both removed by `dispose`. */
export interface FakeToolbox {
  readonly toolbox: Toolbox;
  readonly folder: string;
  /** Replaces what one of the tools does. By default each ends with exit code 0 at once. */
  script(name: keyof Toolbox, body: string): void;
  dispose(): void;
}

const stageOf = (kind: string, name: string) =>
  `apiVersion: kwok.x-k8s.io/v1alpha1\nkind: Stage\nmetadata: {name: ${name}}\nspec: {resourceRef: {apiGroup: v1, kind: ${kind}}}\n`;

export function createFakeToolbox(): FakeToolbox {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "fake-toolbox-")));
  const folder = path.join(root, "work");
  const stages = path.join(root, "stages");
  const tool = (name: string): string => path.join(root, name, name);
  const script = (name: string, body: string): void => {
    fs.mkdirSync(path.dirname(tool(name)), { recursive: true });
    fs.writeFileSync(tool(name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  };
  const toolbox: Toolbox = {
    pulumi: tool("pulumi"),
    "pulumi-language-nodejs": tool("pulumi-language-nodejs"),
    "pulumi-resource-kubernetes": tool("pulumi-resource-kubernetes"),
    etcd: tool("etcd"),
    "kube-apiserver": tool("kube-apiserver"),
    "kube-controller-manager": tool("kube-controller-manager"),
    "kube-scheduler": tool("kube-scheduler"),
    kubectl: tool("kubectl"),
    kwok: tool("kwok"),
    kwokctl: tool("kwokctl"),
    "prometheus-operator-crds": path.join(root, "crds"),
    "kwok-stages": stages,
  };
  fs.mkdirSync(folder);
  fs.mkdirSync(stages);
  fs.writeFileSync(path.join(stages, "node-initialize.yaml"), stageOf("Node", "node-initialize"));
  fs.writeFileSync(path.join(stages, "pod-ready.yaml"), stageOf("Pod", "pod-ready"));
  script("kwokctl", "exit 0");
  script("kubectl", "exit 0");
  return { toolbox, folder, script, dispose: () => fs.rmSync(root, { recursive: true, force: true }) };
}
