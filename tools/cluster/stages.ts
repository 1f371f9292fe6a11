import fs from "node:fs";
import path from "node:path";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import type { Toolbox } from "../toolbox";

const stageSchema = z.looseObject({
  kind: z.literal("Stage"),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({ resourceRef: z.looseObject({ kind: z.string() }) }),
});

/** A kwok Stage: what happens to objects of one kind, when they reach a state. */
export type Stage = z.infer<typeof stageSchema>;

/** How pods behave: `fast` (Ready at once, gone at once), or the YAML files whose Stages say it. */
export type PodStages = "fast" | readonly string[];

const controllerFolder = path.join(__dirname, "stages");

/**
 * Returns every Stage that a local cluster plays: kwok's own for nodes, the chosen ones for pods, and those of
 * `stages/` for what a controller on EKS would do.
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
    const stage = stageSchema.safeParse(document.errors.length > 0 ? undefined : document.toJS());
    if (stage.success) return stage.data;
    throw new Error(`${file} must hold only kwok Stages (kind: Stage, with spec.resourceRef); correct it`);
  });
}
