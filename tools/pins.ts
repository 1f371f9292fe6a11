import { dependencies } from "../package.json";

/**
 * The version of every tool, written as its project tags it. The go.mod and requirements.txt files in tools/builds pin the
 * same versions for builds; a test compares them. A provider is of the version of its SDK.
 */
export const pins = {
  pulumi: "v3.274.1",
  /** The newest language host that is served as a Go module; it works with the CLI above. */
  languageHostModule: "v3.187.0",
  /** The same as a Go module: the commit of that release. */
  languageHostCommit: "v3.0.0-20250806165243-bee5e4fa4815",
  /** An older CLI, as a user may have one; tests run plain commands with it. */
  pulumiOlder: "v3.259.0",
  kubernetesProvider: `v${dependencies["@pulumi/kubernetes"]}`,
  awsProvider: `v${dependencies["@pulumi/aws"]}`,
  etcd: "v3.6.13",
  kubernetes: "v1.36.3",
  kwok: "v0.8.0",
  kubeRouter: "v2.1.0",
  prometheusOperator: "v0.85.0",
  awsCli: "1.46.3",
  moto: "5.2.5",
  actionlint: "v1.7.12",
  prometheus: "v3.15.0",
  /** The same as a Go module. */
  prometheusModule: "v0.315.0",
  /** Each Node.js that the program has to run on, by its major version. */
  node20: "20.19.6",
  node22: "22.23.3",
  node24: "24.21.0",
  node26: "26.12.1",
} as const;

/** The oldest Go that can build the tools, as [major, minor]. */
export const oldestGo = [1, 26] as const;

/** The oldest Python that the committed requirements.txt files are made for, as [major, minor]. */
export const oldestPython = [3, 10] as const;
