import fs from "node:fs/promises";
import path from "node:path";
import { parseDocument } from "yaml";
import { type KubernetesObject, stackObjects } from "../cli/lib/objects";
import { projectFolder } from "../cli/lib/project";
import { render } from "../cli/render";
import { type Cluster, newCluster } from "../tests/support/e2e/cluster";
import type { Engine } from "../tests/support/e2e/engine";
import { createForeignObjects } from "../tests/support/e2e/foreign";
import { setEverySecret } from "../tests/support/e2e/secrets";
import { delayedPodStages, localClusterVariables, newEngine, suiteFolder } from "../tests/support/e2e/world";
import type { Toolbox } from "../tools/toolbox";
import { engineEnvironment } from "../tools/workspace";
import { seconds, type TimedCommand } from "./measure";
import { plainProgram } from "./plainProgram";

/** A preview that is expected to find nothing to change. */
const unchanged = ["preview", "--non-interactive", "--expect-no-changes"];

const namespace = "datasets-server";

/** What is timed of a program that is deployed. */
export interface Deployed {
  /** Its preview, which finds nothing to change. */
  readonly preview: TimedCommand;
  /** Ends its cluster. */
  stop(): Promise<void>;
}

/** Stack prod, whole and at full size. */
export interface Production extends Deployed {
  /** `kubectl diff` of the same objects. */
  readonly diff: TimedCommand;
}

/** Deploys stack prod, which is told that a cluster of its own on this machine is production's. */
export async function deployProduction(toolbox: Toolbox): Promise<Production> {
  const cluster = await newNamespace("prod-cluster");
  const folder = await suiteFolder("prod");
  const engine = await onLocalCluster(await newEngine("prod", folder, localClusterVariables(cluster)));
  await setEverySecret(engine);
  const preview = await deploy(toolbox, engine.folder, "prod", engine.environment);
  const rendered = path.join(folder, "rendered");
  await render("prod", rendered);
  const diff = ["diff", "--kubeconfig", cluster.kubeconfig, "--filename", rendered];
  return {
    preview,
    // Masked secrets differ, so it ends with 1.
    diff: { command: toolbox.kubectl, args: diff, cwd: folder, env: engine.environment, mayEndWith: [0, 1] },
    stop: () => cluster.stop(),
  };
}

/**
 * Deploys a plain Pulumi program, with no check and no option of Node.js, that registers the objects of stack prod on a cluster
 * of its own. It shares node_modules and tsconfig.json with the project.
 */
export async function deployPlain(toolbox: Toolbox): Promise<Deployed> {
  const cluster = await newNamespace("plain-cluster");
  const folder = await suiteFolder("plain");
  const program = path.join(folder, "program");
  await fs.mkdir(program);
  const objects: readonly KubernetesObject[] = await stackObjects("prod");
  await Promise.all([
    fs.writeFile(path.join(program, "Pulumi.yaml"), "name: plain\nruntime: nodejs\nmain: index.ts\n"),
    fs.writeFile(path.join(program, "package.json"), JSON.stringify({ name: "plain", private: true })),
    fs.writeFile(path.join(program, "index.ts"), plainProgram(objects, { ...cluster, namespace })),
    fs.copyFile(path.join(projectFolder, "tsconfig.json"), path.join(program, "tsconfig.json")),
    fs.symlink(path.join(projectFolder, "node_modules"), path.join(program, "node_modules")),
  ]);
  const env = engineEnvironment(toolbox, path.join(folder, "workspace"));
  await seconds({ command: toolbox.pulumi, args: ["stack", "init", "plain"], cwd: program, env });
  const preview = await deploy(toolbox, program, "plain", env);
  return { preview, stop: () => cluster.stop() };
}

/** Starts a cluster with the namespace of production, and what others have in it. */
async function newNamespace(name: string): Promise<Cluster> {
  const cluster = await newCluster(await suiteFolder(name), delayedPodStages);
  await createForeignObjects(cluster.kubernetes, namespace);
  return cluster;
}

/** Deploys a stack; returns the preview that finds nothing to change afterwards. */
async function deploy(toolbox: Toolbox, folder: string, stack: string, env: NodeJS.ProcessEnv): Promise<TimedCommand> {
  const pulumi = (...args: string[]): TimedCommand => ({
    command: toolbox.pulumi,
    args: [...args, "--stack", stack],
    cwd: folder,
    env,
  });
  await seconds(pulumi("up", "--yes", "--skip-preview", "--non-interactive"));
  return pulumi(...unchanged);
}

/** Has the copy of the checkout say that stack prod is on the local cluster, which needs no AWS. */
async function onLocalCluster(engine: Engine): Promise<Engine> {
  const stackFile = path.join(engine.folder, "Pulumi.prod.yaml");
  const file = parseDocument(await fs.readFile(stackFile, "utf8"));
  file.setIn(["config", "datasets-server:cluster"], { name: "local" });
  await fs.writeFile(stackFile, file.toString());
  const table = path.join(engine.folder, "config/stacks.ts");
  await fs.writeFile(table, (await fs.readFile(table, "utf8")).replace('prod: "hub-prod"', 'prod: "local"'));
  return engine;
}
