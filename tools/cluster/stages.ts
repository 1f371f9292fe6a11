import fs from "node:fs";
import path from "node:path";
import { parseAllDocuments } from "yaml";
import type { Toolbox } from "../toolbox";

/** A kwok Stage: what happens to objects of one kind, when they reach a state. */
export interface Stage {
  readonly apiVersion: "kwok.x-k8s.io/v1alpha1";
  readonly kind: "Stage";
  readonly metadata: { readonly name: string };
  readonly spec: { readonly resourceRef: { readonly apiGroup: string; readonly kind: string } };
}

/** How pods behave: `fast` (Ready at once, gone at once), or the YAML files whose Stages say it. */
export type PodStages = "fast" | readonly string[];

const controllerFolder = path.join(__dirname, "stages");

/**
 * Every Stage that a local cluster plays: kwok's own for nodes, the chosen ones for pods, and those of `tools/stages`
 * for what a controller on EKS would do.
 *
 * @throws when a file is missing, holds something else than Stages, or no Stage is for pods.
 */
export function clusterStages(toolbox: Toolbox, podStages: PodStages): Stage[] {
  const nodeFiles = yamlFiles(toolbox["kwok-stages"], "node-");
  const podFiles = podStages === "fast" ? yamlFiles(toolbox["kwok-stages"], "pod-") : podStages;
  const forPods = podFiles.flatMap(readStages);
  if (!forPods.some((stage) => stage.spec.resourceRef.kind === "Pod")) {
    throw new Error(`no Stage for pods in ${podFiles.join(", ")}: pods would stay Pending forever; add one`);
  }
  return [...nodeFiles.flatMap(readStages), ...forPods, ...yamlFiles(controllerFolder).flatMap(readStages)];
}

function yamlFiles(folder: string, prefix = ""): string[] {
  const names = fs.readdirSync(folder).filter((name) => name.startsWith(prefix) && name.endsWith(".yaml"));
  if (names.length === 0) throw new Error(`no ${prefix}*.yaml in ${folder}; run \`ds tools install\``);
  return names.sort().map((name) => path.join(folder, name));
}

function readStages(file: string): Stage[] {
  return parseAllDocuments(fs.readFileSync(file, "utf8")).map((document) => {
    const content: unknown = document.toJS();
    if (document.errors.length > 0 || !isStage(content)) {
      throw new Error(`${file} must hold only kwok Stages (kind: Stage, with spec.resourceRef); correct it`);
    }
    return content;
  });
}

function isStage(content: unknown): content is Stage {
  return at(content, "kind") === "Stage" && typeof at(at(at(content, "spec"), "resourceRef"), "kind") === "string";
}

function at(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
