/** A part that every local run needs. */
export type PartName =
  | "pulumi"
  | "pulumi-language-nodejs"
  | "pulumi-resource-kubernetes"
  | "etcd"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "kubectl"
  | "kwok"
  | "kwokctl"
  | "prometheus-operator-crds"
  | "kwok-stages";

/** A part that only tests run: the AWS CLI, and a server that behaves like AWS. */
export type TestPartName = "aws" | "moto_server";

/** A part that only `make check` runs: the linter of workflows, and the scanner of objects. */
export type CheckPartName = "actionlint" | "kube-score";

/** A part that is installed only when it is named; `promtool`, which tries alerts out, is for long tests. */
export type OptionalPartName = "pulumi-resource-aws" | "promtool" | TestPartName;

export type AnyPartName = PartName | OptionalPartName | CheckPartName;

/**
 * The absolute path of each part: the executable, or for `prometheus-operator-crds` and `kwok-stages` the folder that
 * directly holds their YAML files. Those of `kwok-stages` keep their upstream names, so they start with `node-` or `pod-`.
 */
export type Toolbox = Readonly<Record<PartName, string>>;

export interface InstallOptions {
  /** Optional parts to install as well. Default: none. */
  readonly with?: readonly OptionalPartName[];
  /** Receives each line of progress. Default: printed on stdout. */
  readonly log?: (line: string) => void;
}
