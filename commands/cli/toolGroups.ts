import type { OptionalPartName } from "../../tools/toolbox";

/** Who needs tools: deploys of any stack, those on EKS, the local cluster, tests, checks, long tests. */
export const toolGroups = ["deploy", "eks", "cluster", "test", "check", "long"] as const;

export type ToolGroup = (typeof toolGroups)[number];

const optionalParts: Readonly<Record<ToolGroup, readonly OptionalPartName[]>> = {
  deploy: [],
  eks: ["pulumi-resource-aws"],
  cluster: [],
  test: ["aws", "moto_server"],
  check: [],
  long: ["promtool"],
};

/** Installs the tools of some groups where they are missing; of none named, those of a local run. */
export async function installGroups(named: readonly ToolGroup[]): Promise<void> {
  const groups = named.length > 0 ? named : (["deploy", "cluster"] as const);
  const { installCheckTool, installTools } = await import("../../tools/install");
  await installTools({ with: groups.flatMap((group) => optionalParts[group]) });
  if (groups.includes("check")) {
    for (const tool of ["actionlint", "kube-score"] as const) await installCheckTool(tool);
  }
  console.log(`all tools are in place: ${groups.join(", ")}`);
}
