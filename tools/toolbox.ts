/**
 * Every tool, by the group that needs it. A command installs its own groups and nothing else:
 *
 * - `deploy`: a preview or an update of any stack. `eks`: those of a stack on EKS as well; it exists as a release only.
 * - `cluster`: the local cluster. `node`: a real node of it as well.
 * - `test`: unit and end-to-end tests. `long`: the long tests as well.
 * - `check`: the linter of workflows.
 */
const table = {
  deploy: ["pulumi", "pulumi-language-nodejs", "pulumi-resource-kubernetes"],
  eks: ["pulumi-resource-aws"],
  cluster: [
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubectl",
    "kwok",
    "kwokctl",
    "kwok-stages",
    "prometheus-operator-crds",
  ],
  node: ["kubelet", "kube-proxy", "kube-router"],
  test: ["aws", "moto_server", "pulumi-older", "node-20", "node-22", "node-24", "node-26"],
  check: ["actionlint"],
  long: ["promtool"],
} as const;

export type ToolGroup = keyof typeof table;

type ToolsOf = { readonly [Group in ToolGroup]: (typeof table)[Group][number] };

export type ToolIn<Group extends ToolGroup> = ToolsOf[Group];

export type ToolName = ToolIn<ToolGroup>;

export const toolsOf: { readonly [Group in ToolGroup]: readonly ToolsOf[Group][] } = table;

export const toolGroups: readonly ToolGroup[] = ["deploy", "eks", "cluster", "node", "test", "check", "long"];

/**
 * The absolute path of each tool of some groups: the executable, or for `prometheus-operator-crds` and `kwok-stages` the
 * folder that directly holds their YAML files. Those of `kwok-stages` keep their upstream names, so they start with
 * `node-` or `pod-`.
 */
export type ToolPaths<Group extends ToolGroup> = Readonly<Record<ToolIn<Group>, string>>;

/** The groups of a local run. */
export const localGroups = ["deploy", "cluster"] as const;

/** The tools of a local run. */
export type Toolbox = ToolPaths<(typeof localGroups)[number]>;

/** The tools that run Pulumi on a stack; those of the cluster are there for stack local. */
export type EngineTools = ToolPaths<"deploy"> & Partial<ToolPaths<"cluster">>;
