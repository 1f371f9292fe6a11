import packageJson from "../package.json";

/**
 * The version of every part, written as its project tags it. The go.mod and requirements.txt files in tools/parts pin the
 * same versions for builds; a test compares the two.
 */
export const pins = {
  pulumi: "v3.274.1",
  /** The newest language host that is served as a Go module; it works with the CLI above. */
  languageHostModule: "v3.187.0",
  kubernetesProvider: `v${packageJson.dependencies["@pulumi/kubernetes"]}`,
  awsProvider: `v${packageJson.dependencies["@pulumi/aws"]}`,
  etcd: "v3.6.13",
  kubernetes: "v1.36.3",
  kwok: "v0.8.0",
  prometheusOperator: "v0.85.0",
  awsCli: "1.46.3",
  moto: "5.2.5",
  actionlint: "v1.7.12",
  kubeScore: "v1.20.0",
  prometheus: "v3.15.0",
  /** The same as a Go module. */
  prometheusModule: "v0.315.0",
} as const;

/** The oldest Go that can build the parts, as [major, minor]. */
export const oldestGo = [1, 26] as const;

/** The oldest Python that the committed requirements.txt files are made for, as [major, minor]. */
export const oldestPython = [3, 10] as const;
