import type { GoProgram, Part, Platform, Release } from "./part";
import { pins } from "./pins";
import type { AnyPartName } from "./toolbox";

/**
 * Every part, in the order in which missing ones are built: parts that share packages follow one another, and the
 * longest build is last, so that all downloads are over by then.
 */
export const parts: Readonly<Record<AnyPartName, Part>> = {
  "kwok-stages": {
    version: pins.kwok,
    goModule: {
      kind: "files",
      folder: "kwok",
      from: {
        module: "sigs.k8s.io/kwok",
        paths: [
          "kustomize/stage/node/fast/node-initialize.yaml",
          "kustomize/stage/node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
          "kustomize/stage/pod/fast/pod-complete.yaml",
          "kustomize/stage/pod/fast/pod-delete.yaml",
          "kustomize/stage/pod/fast/pod-ready.yaml",
        ],
      },
    },
  },
  "prometheus-operator-crds": {
    version: pins.prometheusOperator,
    goModule: {
      kind: "files",
      folder: "prometheus-operator-crds",
      from: {
        module: "github.com/prometheus-operator/prometheus-operator",
        paths: ["podmonitors", "prometheusrules", "servicemonitors"].map(
          (plural) => `example/prometheus-operator-crd/monitoring.coreos.com_${plural}.yaml`,
        ),
      },
    },
  },
  aws: {
    version: pins.awsCli,
    versionCommand: { args: ["--version"] },
    pythonPackages: { folder: "awscli", module: "awscli" },
  },
  moto_server: { version: pins.moto, pythonPackages: { folder: "moto", module: "moto.server" } },
  actionlint: {
    version: pins.actionlint,
    versionCommand: { args: ["-version"] },
    release: ({ os, arch }) => {
      const name = `actionlint_${withoutV(pins.actionlint)}`;
      const file = `${name}_${os}_${arch}.tar.gz`;
      const release = githubRelease("rhysd/actionlint", pins.actionlint, file, `${name}_checksums.txt`);
      return { ...release, member: "actionlint" };
    },
    goModule: { kind: "program", folder: "actionlint", package: "github.com/rhysd/actionlint/cmd/actionlint" },
  },
  promtool: {
    version: pins.prometheus,
    versionCommand: { args: ["--version"] },
    release: ({ os, arch }) => {
      const name = `prometheus-${withoutV(pins.prometheus)}.${os}-${arch}`;
      const release = githubRelease("prometheus/prometheus", pins.prometheus, `${name}.tar.gz`, "sha256sums.txt");
      return { ...release, member: `${name}/promtool` };
    },
    goModule: {
      kind: "program",
      folder: "promtool",
      package: "github.com/prometheus/prometheus/cmd/promtool",
      version: pins.prometheusModule,
      stamps: { "github.com/prometheus/common/version.Version": withoutV(pins.prometheus) },
      // What finds targets to collect metrics from; rules need none of it.
      flags: ["-tags=remove_all_sd"],
    },
  },
  "kube-score": {
    version: pins.kubeScore,
    versionCommand: { args: ["version"] },
    release: ({ os, arch }) => {
      const file = `kube-score_${withoutV(pins.kubeScore)}_${os}_${arch}`;
      return githubRelease("zegl/kube-score", pins.kubeScore, file, "checksums.txt");
    },
    goModule: {
      kind: "program",
      folder: "kube-score",
      package: "github.com/zegl/kube-score/cmd/kube-score",
      stamps: { "main.version": withoutV(pins.kubeScore) },
    },
  },
  etcd: {
    version: pins.etcd,
    versionCommand: { args: ["--version"] },
    release: (platform) => {
      const name = `etcd-${pins.etcd}-${platform.os}-${platform.arch}`;
      const file = platform.os === "darwin" ? `${name}.zip` : `${name}.tar.gz`;
      return { ...githubRelease("etcd-io/etcd", pins.etcd, file, "SHA256SUMS"), member: `${name}/etcd` };
    },
    goModule: { kind: "program", folder: "etcd", package: "go.etcd.io/etcd/server/v3" },
  },
  "pulumi-language-nodejs": {
    version: pins.pulumi,
    versionCommand: { args: ["version"], answeredBy: "pulumi" },
    release: (platform) => pulumiRelease(platform, "pulumi-language-nodejs"),
    goModule: {
      kind: "program",
      folder: "pulumi-language-nodejs",
      package: "github.com/pulumi/pulumi/sdk/nodejs/cmd/pulumi-language-nodejs/v3",
      version: pins.languageHostModule,
    },
  },
  pulumi: {
    version: pins.pulumi,
    versionCommand: { args: ["version"] },
    release: (platform) => pulumiRelease(platform, "pulumi"),
    goModule: {
      kind: "program",
      folder: "pulumi",
      package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      stamps: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": pins.pulumi },
    },
  },
  kwok: kwokPart("kwok"),
  kwokctl: kwokPart("kwokctl"),
  "kube-apiserver": kubernetesPart("kube-apiserver", ["--version"], ["linux"]),
  "kube-controller-manager": kubernetesPart("kube-controller-manager", ["--version"], ["linux"]),
  "kube-scheduler": kubernetesPart("kube-scheduler", ["--version"], ["linux"]),
  kubectl: kubernetesPart("kubectl", ["version", "--client"], ["linux", "darwin"]),
  "pulumi-resource-kubernetes": {
    version: pins.kubernetesProvider,
    release: (platform) => providerRelease(platform, "kubernetes", pins.kubernetesProvider),
    goModule: kubernetesProviderBuild(),
  },
  "pulumi-resource-aws": {
    version: pins.awsProvider,
    release: (platform) => providerRelease(platform, "aws", pins.awsProvider),
  },
};

function githubRelease(repository: string, tag: string, file: string, checksums: string): Release {
  const base = `https://github.com/${repository}/releases/download/${tag}`;
  return { url: `${base}/${file}`, checksumsUrl: `${base}/${checksums}` };
}

function pulumiRelease(platform: Platform, executable: string): Release {
  const arch = platform.arch === "amd64" ? "x64" : platform.arch;
  const file = `pulumi-${pins.pulumi}-${platform.os}-${arch}.tar.gz`;
  const checksums = `pulumi-${withoutV(pins.pulumi)}-checksums.txt`;
  return { ...githubRelease("pulumi/pulumi", pins.pulumi, file, checksums), member: `pulumi/${executable}` };
}

function providerRelease(platform: Platform, provider: string, version: string): Release {
  const executable = `pulumi-resource-${provider}`;
  const file = `${executable}-${version}-${platform.os}-${platform.arch}.tar.gz`;
  const checksums = `pulumi-${provider}_${withoutV(version)}_checksums.txt`;
  return { ...githubRelease(`pulumi/pulumi-${provider}`, version, file, checksums), member: executable };
}

function kubernetesPart(executable: string, args: readonly string[], released: readonly string[]): Part {
  const [major = "", minor = ""] = withoutV(pins.kubernetes).split(".");
  return {
    version: pins.kubernetes,
    versionCommand: { args },
    release: ({ os, arch }) => {
      const url = `https://dl.k8s.io/release/${pins.kubernetes}/bin/${os}/${arch}/${executable}`;
      return released.includes(os) ? { url, checksumsUrl: `${url}.sha256` } : undefined;
    },
    goModule: {
      kind: "program",
      folder: "kubernetes",
      package: `k8s.io/kubernetes/cmd/${executable}`,
      stamps: {
        "k8s.io/component-base/version.gitVersion": pins.kubernetes,
        "k8s.io/component-base/version.gitMajor": major,
        "k8s.io/component-base/version.gitMinor": minor,
      },
    },
  };
}

/** kwok's releases come without checksums, so they are not used. */
function kwokPart(executable: string): Part {
  return {
    version: pins.kwok,
    versionCommand: { args: ["--version"] },
    goModule: {
      kind: "program",
      folder: "kwok",
      package: `sigs.k8s.io/kwok/cmd/${executable}`,
      stamps: { "sigs.k8s.io/kwok/pkg/consts.Version": pins.kwok },
    },
  };
}

function kubernetesProviderBuild(): GoProgram {
  const module = "github.com/pulumi/pulumi-kubernetes/provider/v4";
  const generated = ["schema.json", "terraform-mapping.json"];
  return {
    kind: "program",
    folder: "pulumi-resource-kubernetes",
    package: ".",
    stamps: { [`${module}/pkg/version.Version`]: withoutV(pins.kubernetesProvider) },
    // The provider's own Go SDK is huge and off its hot path; compiling it without optimisation saves a fifth.
    flags: ["-gcflags=github.com/pulumi/pulumi-kubernetes/sdk/v4/...=-N -l"],
    embeds: { module, paths: generated.map((file) => `cmd/pulumi-resource-kubernetes/${file}`) },
  };
}

function withoutV(version: string): string {
  return version.replace(/^v/, "");
}
