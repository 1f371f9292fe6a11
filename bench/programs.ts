import fs from "node:fs/promises";
import path from "node:path";
import { parseDocument } from "yaml";
import { projectFolder } from "../commands/program";
import { render } from "../commands/render";
import { inAccount } from "../tests/support/e2e/awsAccount";
import { deployRole, startEks } from "../tests/support/e2e/eks";
import type { Engine } from "../tests/support/e2e/engine";
import { setEverySecret } from "../tests/support/e2e/secrets";
import { delayedPodStages, localClusterVariables, newEngine, suiteFolder } from "../tests/support/e2e/world";
import type { Toolbox } from "../tools/toolbox";
import { engineEnvironment } from "../tools/workspace";
import { seconds, type TimedCommand } from "./measure";

/** A preview that is expected to find nothing to change. */
const unchanged = ["preview", "--non-interactive", "--expect-no-changes"];

/** The preview of a TypeScript program that does nothing, on the project's own node_modules. */
export async function emptyProgram(toolbox: Toolbox): Promise<TimedCommand> {
  const folder = await suiteFolder("empty");
  const program = path.join(folder, "program");
  await fs.mkdir(program);
  await Promise.all([
    fs.writeFile(path.join(program, "Pulumi.yaml"), "name: empty\nruntime: nodejs\nmain: index.ts\n"),
    fs.writeFile(path.join(program, "package.json"), JSON.stringify({ name: "empty", private: true })),
    fs.writeFile(path.join(program, "index.ts"), "export const nothing: string = 'nothing';\n"),
    fs.copyFile(path.join(projectFolder, "tsconfig.json"), path.join(program, "tsconfig.json")),
    fs.symlink(path.join(projectFolder, "node_modules"), path.join(program, "node_modules")),
  ]);
  const env = engineEnvironment(toolbox, path.join(folder, "workspace"));
  const pulumi = (...args: string[]): TimedCommand => ({ command: toolbox.pulumi, args, cwd: program, env });
  await seconds(pulumi("stack", "init", "empty"));
  await seconds(pulumi("up", "--yes", "--skip-preview", "--non-interactive"));
  return pulumi(...unchanged);
}

/** What is timed of stack prod once it is deployed, whole and at full size. */
export interface Production {
  /** Its preview with the kubeconfig of its cluster known. */
  readonly preview: TimedCommand;
  /** Its preview as it is, with the lookup of its cluster through the stand-in for AWS. */
  readonly previewWithLookup: TimedCommand;
  /** `kubectl diff` of the same objects. */
  readonly diff: TimedCommand;
  /** Ends the cluster and what stands in for AWS. */
  stop(): Promise<void>;
}

/** Deploys stack prod itself, through the stand-ins for AWS, to a cluster of its own; then once more as if without AWS. */
export async function deployProduction(toolbox: Toolbox): Promise<Production> {
  const { aws, cluster, stop } = await startEks("hub-prod", delayedPodStages);
  const folder = await suiteFolder("prod");
  // Its state is in a folder, as that of the program it is compared with.
  const engine = await inAccount(await newEngine("prod", folder), aws, deployRole("hub-prod"));
  await setEverySecret(engine);
  const previewWithLookup = await deploy(toolbox, engine);
  const preview = await deploy(toolbox, await knownCluster(engine, localClusterVariables(cluster)));
  const rendered = path.join(folder, "rendered");
  await render("prod", rendered);
  const diff = ["diff", "--kubeconfig", cluster.kubeconfig, "--filename", rendered];
  return {
    preview,
    previewWithLookup,
    // Masked secrets differ, so it ends with 1.
    diff: { command: toolbox.kubectl, args: diff, cwd: folder, env: engine.environment, mayEndWith: [0, 1] },
    stop,
  };
}

/** Deploys stack prod of an engine; returns the preview that finds nothing to change afterwards. */
async function deploy(toolbox: Toolbox, { folder, environment }: Engine): Promise<TimedCommand> {
  const pulumi = (...args: string[]): TimedCommand => ({
    command: toolbox.pulumi,
    args: [...args, "--stack", "prod"],
    cwd: folder,
    env: environment,
  });
  await seconds(pulumi("up", "--yes", "--skip-preview", "--non-interactive"));
  return pulumi(...unchanged);
}

/**
 * A second engine for stack prod, whose copy of the checkout says that the stack is on the local cluster. It has the same
 * objects and secrets, and a state of its own: its first update finds all objects there, as after an interrupted run.
 */
async function knownCluster(production: Engine, variables: NodeJS.ProcessEnv): Promise<Engine> {
  const engine = await newEngine("prod", await suiteFolder("prod-known-cluster"), variables);
  const file = parseDocument(await fs.readFile(path.join(production.folder, "Pulumi.prod.yaml"), "utf8"));
  file.setIn(["config", "datasets-server:cluster"], { name: "local" });
  await fs.writeFile(path.join(engine.folder, "Pulumi.prod.yaml"), file.toString());
  const table = path.join(engine.folder, "config/stacks.ts");
  await fs.writeFile(table, (await fs.readFile(table, "utf8")).replace('prod: "hub-prod"', 'prod: "local"'));
  return engine;
}
