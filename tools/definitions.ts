import { pins } from "./pins";
import type { GoProgram, NpmPackage, Platform, Release, Tool } from "./tool";
import type { ToolName } from "./toolbox";

/**
 * Every tool, in the order in which missing ones are built: those that share packages follow one another.
 */
export const definitions: Readonly<Record<ToolName, Tool>> = {
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
  "node-20": nodeTool(pins.node20, {
    "linux/amd64": "sha512-nSaDjLjUZdsLMDckfinsQl+hvKifYUuzO7swyacVzrKAIi0ByaORSE1DpaRTjxfCq3mETV/3uTlKXStzd2nJWQ==",
    "linux/arm64": "sha512-T28TZKZJ9yyf/ZZI1hVnzkvD3HhVrVe8O/5oSNO2WtlYVshqJrWuGnOOOk/7R3xF7psP2aVzHnbtQ1Q5UeWKmA==",
  }),
  "node-22": nodeTool(pins.node22, {
    "linux/amd64": "sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==",
    "linux/arm64": "sha512-l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==",
    "darwin/amd64": "sha512-V6W/fNXsKFF0DMrBrpLNp9meU45Qbe6tQ3HlzrpdiPWW+zlbmTGou1LE8aGHOghVWXJFexvi7RDCQVQi1I1t8w==",
  }),
  "node-24": nodeTool(pins.node24, {
    "linux/amd64": "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
    "linux/arm64": "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
  }),
  "node-26": nodeTool(pins.node26, {
    "linux/amd64": "sha512-jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A==",
    "linux/arm64": "sha512-8Oxs6Y7rDcKufVIM/zYRSwytj46WOrZk7yFCLTKDcs17bBjAeD9HMAqo97hMfMyxozIud0S4vZCs5WB/3iavNQ==",
  }),
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
    release: (platform) => pulumiRelease(platform, pins.pulumi, "pulumi-language-nodejs"),
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
    release: (platform) => pulumiRelease(platform, pins.pulumi, "pulumi"),
    goModule: pulumiBuild("pulumi", pins.pulumi),
  },
  "pulumi-older": {
    version: pins.pulumiOlder,
    executable: "pulumi",
    versionCommand: { args: ["version"] },
    release: (platform) => pulumiRelease(platform, pins.pulumiOlder, "pulumi"),
    goModule: pulumiBuild("pulumi-older", pins.pulumiOlder),
  },
  kwok: kwokTool("kwok"),
  kwokctl: kwokTool("kwokctl"),
  "kube-apiserver": kubernetesTool("kube-apiserver", ["--version"], ["linux"]),
  "kube-controller-manager": kubernetesTool("kube-controller-manager", ["--version"], ["linux"]),
  "kube-scheduler": kubernetesTool("kube-scheduler", ["--version"], ["linux"]),
  kubectl: kubernetesTool("kubectl", ["version", "--client"], ["linux", "darwin"]),
  kubelet: kubernetesTool("kubelet", ["--version"], ["linux"], "kubernetes-node"),
  "kube-proxy": kubernetesTool("kube-proxy", ["--version"], ["linux"], "kubernetes-node"),
  "kube-router": {
    version: pins.kubeRouter,
    release: ({ os, arch }) => {
      const name = `kube-router_${withoutV(pins.kubeRouter)}`;
      const file = `${name}_${os}_${arch}.tar.gz`;
      const release = githubRelease("cloudnativelabs/kube-router", pins.kubeRouter, file, `${name}_checksums.txt`);
      return os === "linux" ? { ...release, member: "kube-router" } : undefined;
    },
    goModule: {
      kind: "program",
      folder: "kube-router",
      package: "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router",
      stamps: { "github.com/cloudnativelabs/kube-router/v2/pkg/version.Version": pins.kubeRouter },
    },
  },
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

function githubRelease(repository: string, tag: string, file: string, checksums?: string): Release {
  const base = `https://github.com/${repository}/releases/download/${tag}`;
  return { url: `${base}/${file}`, ...(checksums !== undefined && { checksumsUrl: `${base}/${checksums}` }) };
}

function pulumiRelease(platform: Platform, version: string, executable: string): Release {
  const file = `pulumi-${version}-${platform.os}-${npmArch(platform.arch)}.tar.gz`;
  const checksums = `pulumi-${withoutV(version)}-checksums.txt`;
  return { ...githubRelease("pulumi/pulumi", version, file, checksums), member: `pulumi/${executable}` };
}

function pulumiBuild(folder: string, version: string): GoProgram {
  return {
    kind: "program",
    folder,
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    stamps: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": version },
  };
}

function providerRelease(platform: Platform, provider: string, version: string): Release {
  const executable = `pulumi-resource-${provider}`;
  const file = `${executable}-${version}-${platform.os}-${platform.arch}.tar.gz`;
  const checksums = `pulumi-${provider}_${withoutV(version)}_checksums.txt`;
  return { ...githubRelease(`pulumi/pulumi-${provider}`, version, file, checksums), member: executable };
}

/** A program of Kubernetes, for whose build `folder` has the modules. */
function kubernetesTool(
  executable: string,
  args: readonly string[],
  released: readonly string[],
  folder = "kubernetes",
): Tool {
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
      folder,
      package: `k8s.io/kubernetes/cmd/${executable}`,
      stamps: {
        "k8s.io/component-base/version.gitVersion": pins.kubernetes,
        "k8s.io/component-base/version.gitMajor": major,
        "k8s.io/component-base/version.gitMinor": minor,
      },
    },
  };
}

/** kwok's releases come without checksums, so one is used only where tools/checksums.json has its own. */
function kwokTool(executable: string): Tool {
  return {
    version: pins.kwok,
    versionCommand: { args: ["--version"] },
    release: ({ os, arch }) => githubRelease("kubernetes-sigs/kwok", pins.kwok, `${executable}-${os}-${arch}`),
    goModule: {
      kind: "program",
      folder: "kwok",
      package: `sigs.k8s.io/kwok/cmd/${executable}`,
      stamps: { "sigs.k8s.io/kwok/pkg/consts.Version": pins.kwok },
    },
  };
}

/** npm has no package of the newest versions for macOS, which takes the release. */
function nodeTool(version: string, integrity: Readonly<Record<string, string>>): Tool {
  const packageOf = ([platform, hash]: readonly [string, string]): readonly [string, NpmPackage] => {
    const [os = "", arch = ""] = platform.split("/");
    return [platform, { name: `node-${os}-${npmArch(arch)}`, version, member: "bin/node", integrity: hash }];
  };
  return {
    version,
    executable: "node",
    versionCommand: { args: ["--version"] },
    release: ({ os, arch }) => {
      const base = `https://nodejs.org/dist/v${version}`;
      const name = `node-v${version}-${os}-${npmArch(arch)}`;
      return {
        url: `${base}/${name}.tar.gz`,
        checksumsUrl: `${base}/SHASUMS256.txt`,
        member: `${name}/bin/node`,
      };
    },
    npmPackages: Object.fromEntries(Object.entries(integrity).map(packageOf)),
  };
}

/** The name that npm and Node.js have for a processor, from Go's. */
function npmArch(arch: string): string {
  return arch === "amd64" ? "x64" : arch;
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
