import { accessSync, constants } from "node:fs";
import * as path from "node:path";
import { UserError } from "../../cluster/userError";
import { definitions } from "../../tools/definitions";
import { findTool, findTools } from "../../tools/install";
import { pins } from "../../tools/pins";
import { run } from "../../tools/run";
import { versionProblem } from "../../tools/sources/job";
import { type EngineTools, localGroups, type ToolName, toolsOf } from "../../tools/toolbox";
import { hasAwsPlugin } from "../../tools/workspace";
import { type Finding, type Findings, found } from "./examination";

/** The first of each major version whose tokens have the format that today's clients read (aws/aws-cli#6940). */
const oldestAwsCli: Readonly<Record<string, number>> = { "1": 24, "2": 7 };

/** Looks at Node.js and at the tools that run Pulumi on a stack. */
export async function examineTools(stack: string): Promise<Findings<EngineTools>> {
  const node: Finding = { subject: "Node.js", outcome: "ok", found: `${process.version}, ${process.execPath}` };
  const tools = stack === "local" ? findTools(localGroups) : findTools(["deploy"]);
  return { findings: [node, ...(await Promise.all(toolsOf.deploy.map(examineTool)))], value: tools };
}

async function examineTool(name: ToolName): Promise<Finding> {
  const tool = findTool(name);
  if (tool === undefined) {
    return { subject: name, outcome: "failed", found: "it is not installed" };
  }
  const { versionCommand } = definitions[name];
  // Those that cannot say their version lie in a folder that is named by it.
  const saysItself = versionCommand !== undefined && versionCommand.answeredBy === undefined;
  const problem = saysItself ? await versionProblem(tool.path, definitions[name]) : undefined;
  return problem === undefined
    ? { subject: name, outcome: "ok", found: `${tool.version}, ${tool.path}` }
    : { subject: name, outcome: "failed", found: problem };
}

/** Looks for the AWS provider among the engine's plugins. */
export async function examineAwsPlugin(workspace: string): Promise<Findings<void>> {
  if (!hasAwsPlugin(workspace)) {
    throw new UserError(
      `no AWS provider ${pins.awsProvider} is installed, and an update needs it`,
      `ds tools install eks`,
    );
  }
  return found({ outcome: "ok", found: pins.awsProvider }, undefined);
}

/** Looks for an AWS CLI where the engine will, and asks for its version. */
export async function examineAwsCli(environment: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Findings<void>> {
  const file = findExecutable("aws", environment);
  if (file === undefined) {
    throw new UserError("there is no aws on PATH, and every deploy gets its token from it");
  }
  const { stdout, stderr } = await run(file, ["--version"], { env: environment, signal });
  const [, version = "", major = "", minor = ""] = /aws-cli\/((\d+)\.(\d+)\S*)/.exec(stdout + stderr) ?? [];
  if (Number(minor) >= (oldestAwsCli[major] ?? 0) && version !== "") {
    return found({ outcome: "ok", found: `${version}, ${file}` }, undefined);
  }
  throw new UserError(`${file} is ${version || "no AWS CLI that tells its version"}; needed is 1.24, 2.7 or later`);
}

function findExecutable(name: string, { PATH = "" }: NodeJS.ProcessEnv): string | undefined {
  const candidates = PATH.split(path.delimiter).map((folder) => path.join(folder, name));
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
