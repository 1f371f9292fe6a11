import assert from "node:assert/strict";
import fs from "node:fs";
import { committedFile } from "../../../tools/cache";
import { definitions } from "../../../tools/definitions";
import { pins } from "../../../tools/pins";
import type { ToolName } from "../../../tools/toolbox";
import { packageVersions } from "../../support/manifest";

const requiredPackages = packageVersions();

const pinnedModules: ReadonlyArray<readonly [folder: string, module: string, version: string]> = [
  ["pulumi", "github.com/pulumi/pulumi/pkg/v3", pins.pulumi],
  ["pulumi", "github.com/pulumi/pulumi/sdk/v3", pins.pulumi],
  ["pulumi-older", "github.com/pulumi/pulumi/pkg/v3", pins.pulumiOlder],
  ["pulumi-older", "github.com/pulumi/pulumi/sdk/v3", pins.pulumiOlder],
  ["pulumi-language-nodejs", "github.com/pulumi/pulumi/pkg/v3", pins.languageHostModule],
  ["pulumi-language-nodejs", "github.com/pulumi/pulumi/sdk/v3", pins.languageHostModule],
  [
    "pulumi-language-nodejs",
    "github.com/pulumi/pulumi/sdk/nodejs/cmd/pulumi-language-nodejs/v3",
    pins.languageHostCommit,
  ],
  ["etcd", "go.etcd.io/etcd/server/v3", pins.etcd],
  ["kubernetes", "k8s.io/kubernetes", pins.kubernetes],
  ["kwok", "sigs.k8s.io/kwok", pins.kwok],
  ["prometheus-operator-crds", "github.com/prometheus-operator/prometheus-operator", pins.prometheusOperator],
  ["actionlint", "github.com/rhysd/actionlint", pins.actionlint],
  ["promtool", "github.com/prometheus/prometheus", pins.prometheusModule],
];

describe("pinned tools", () => {
  for (const [folder, module, version] of pinnedModules) {
    it(`${folder}/go.mod requires ${module} ${version}, as the pins say`, () => {
      const required = new RegExp(`^(?:require)?\\s+${module.replaceAll(".", "\\.")} ${version}(?: |$)`, "m");
      assert.match(fs.readFileSync(committedFile(folder, "go.mod"), "utf8"), required);
    });
  }

  it("package.json requires the parser of promtool's version", () => {
    assert.equal(`v${requiredPackages["@prometheus-io/lezer-promql"]}`, pins.prometheusModule);
  });

  it("package.json requires each provider's SDK by one exact version, of which the provider is", () => {
    for (const version of [pins.kubernetesProvider, pins.awsProvider]) assert.match(version, /^v\d+\.\d+\.\d+$/);
  });

  it("the builds of both CLIs and of the provider are stamped with what their go.mod requires", () => {
    const stamps = (name: ToolName) => {
      const module = definitions[name].goModule;
      return module?.kind === "program" ? Object.values(module.stamps ?? {}) : [];
    };
    assert.deepEqual(stamps("pulumi"), [pins.pulumi]);
    assert.deepEqual(stamps("pulumi-older"), [pins.pulumiOlder]);
    assert.deepEqual(stamps("pulumi-resource-kubernetes"), [pins.kubernetesProvider.slice(1)]);
  });

  it("has a Node.js of each major version that is named by it", () => {
    for (const major of ["20", "22", "24", "26"] as const) {
      assert.ok(definitions[`node-${major}`].version.startsWith(`${major}.`));
    }
  });

  for (const name of ["awscli", "moto"] as const) {
    it(`${name}/requirements.txt requires ${name} as the pins say, and every package by hash`, () => {
      const version = { awscli: pins.awsCli, moto: pins.moto }[name];
      const packages = fs
        .readFileSync(committedFile(name, "requirements.txt"), "utf8")
        .replaceAll(/^#.*\n/gm, "")
        .split(/\n(?=\S)/);
      assert.ok(packages.some((pinned) => pinned.startsWith(`${name}==${version} `)));
      for (const pinned of packages) assert.match(pinned, /^[\w.-]+==\S+ [^\n]*\\\n {4}--hash=sha256:[0-9a-f]{64}/);
    });
  }

  it("has committed sums for every tool that comes from Go modules", () => {
    for (const [name, { goModule }] of Object.entries(definitions)) {
      if (goModule === undefined) continue;
      assert.ok(fs.existsSync(committedFile(goModule.folder, "go.sum")), name);
    }
  });

  it("names release files as their projects do", () => {
    const url = (name: keyof typeof definitions, os: string, arch: string) =>
      definitions[name].release?.({ os, arch })?.url;
    assert.match(url("pulumi", "linux", "amd64") ?? "", /\/pulumi-v[\d.]+-linux-x64\.tar\.gz$/);
    assert.match(url("etcd", "darwin", "arm64") ?? "", /\/etcd-v[\d.]+-darwin-arm64\.zip$/);
    assert.match(url("kubectl", "darwin", "arm64") ?? "", /\/bin\/darwin\/arm64\/kubectl$/);
    assert.equal(url("kube-apiserver", "darwin", "arm64"), undefined);
    assert.match(url("node-24", "darwin", "amd64") ?? "", /\/node-v24\.[\d.]+-darwin-x64\.tar\.gz$/);
    assert.match(url("kwok", "linux", "arm64") ?? "", /\/kwok-linux-arm64$/);
  });
});
