import { UserError } from "../../cluster/userError";
import { definitions } from "../../tools/definitions";
import { findTool, findTools } from "../../tools/install";
import { pins } from "../../tools/pins";
import { run } from "../../tools/run";
import { versionProblem } from "../../tools/sources/job";
import { type EngineTools, localGroups, type ToolName, toolsOf } from "../../tools/toolbox";
import { hasAwsPlugin } from "../../tools/workspace";
import { type Finding, type Findings, ok } from "./checkRunner";

/** The first of each major version whose tokens have the format that today's clients read (aws/aws-cli#6940). */
const oldestAwsCli: Readonly<Record<string, number>> = { "1": 24, "2": 7 };

/** Looks at Node.js and at the tools that run Pulumi on a stack. */
export async function checkTools(stack: string): Promise<Findings<EngineTools>> {
  const node: Finding = { subject: "Node.js", outcome: "ok", found: `${process.version}, ${process.execPath}` };
  const tools = stack === "local" ? findTools(localGroups) : findTools(["deploy"]);
  return { findings: [node, ...(await Promise.all(toolsOf.deploy.map(checkTool)))], value: tools };
}

async function checkTool(name: ToolName): Promise<Finding> {
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

/** Looks for the AWS provider among Pulumi's plugins. */
export async function checkAwsPlugin(workspace: string): Promise<Findings> {
  if (!hasAwsPlugin(workspace)) {
    throw new UserError(`no AWS provider ${pins.awsProvider} is installed, and an update needs it`);
  }
  return ok(pins.awsProvider);
}

/** Looks for an AWS CLI where kubeconfigs find it, and asks for its version. The value is the environment to use it in. */
export async function checkAwsCli(
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Findings<NodeJS.ProcessEnv>> {
  const found = await run("/bin/sh", ["-c", "command -v aws"], { env: environment, signal });
  const file = found.stdout.trim();
  if (file === "") {
    throw new UserError("there is no aws on PATH, and every deploy gets its token from it");
  }
  const { stdout, stderr } = await run(file, ["--version"], { env: environment, signal });
  const [, version = "", major = "", minor = ""] = /aws-cli\/((\d+)\.(\d+)\S*)/.exec(stdout + stderr) ?? [];
  if (version === "" || Number(minor) < (oldestAwsCli[major] ?? 0)) {
    throw new UserError(`${file} is ${version || "no AWS CLI that tells its version"}; needed is 1.24, 2.7 or later`);
  }
  return ok(`${version}, ${file}`, environment);
}
