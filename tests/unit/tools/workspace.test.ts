import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { pins } from "../../../tools/pins";
import { engineEnvironment, teamEnvironment } from "../../../tools/workspace";
import { rememberEnvironment } from "../../support/environment";
import { createFakeToolbox, type FakeToolbox } from "./fakeToolbox";

describe("engine environment", () => {
  let fake: FakeToolbox;
  let workspace: string;
  let restoreEnvironment: () => void;
  beforeEach(() => {
    restoreEnvironment = rememberEnvironment();
    fake = createFakeToolbox();
    workspace = path.join(fake.folder, "a workspace");
    process.env.XDG_CACHE_HOME = fake.folder;
  });
  afterEach(() => {
    restoreEnvironment();
    fake.dispose();
  });

  it("keeps the user's AWS, Kubernetes and Pulumi settings out", () => {
    const leaks = {
      AWS_PROFILE: "prod",
      AWS_ACCESS_KEY_ID: "key",
      KUBECONFIG: "/home/user/.kube/config",
      PULUMI_ACCESS_TOKEN: "token",
      PULUMI_CONFIG_PASSPHRASE: "real",
      PULUMI_BACKEND_URL: "s3://state",
      KWOK_KUBE_VERSION: "v1.20.0",
    };
    Object.assign(process.env, leaks);
    const environment = engineEnvironment(fake.toolbox, workspace);
    for (const [name, value] of Object.entries(leaks)) assert.notEqual(environment[name], value, name);
    assert.equal(environment.KUBECONFIG, path.join(workspace, "kubeconfig"));
    assert.equal(environment.DATASETS_SERVER_LOCAL_KUBECONFIG, environment.KUBECONFIG);
    assert.equal(environment.PULUMI_BACKEND_URL, `file://${workspace.replaceAll(" ", "%20")}/state`);
  });

  it("of a stack of the team is the user's own, on the pinned engine and its plugins", () => {
    const own = { AWS_PROFILE: "tb", PULUMI_CONFIG_PASSPHRASE: "real", PULUMI_BACKEND_URL: "s3://state" };
    Object.assign(process.env, own, { PULUMI_HOME: "/home/user/.pulumi" });
    const environment = teamEnvironment(fake.toolbox, workspace);
    for (const [name, value] of Object.entries(own)) assert.equal(environment[name], value, name);
    assert.equal(environment.PULUMI_HOME, path.join(workspace, "pulumi"));
    assert.equal(environment.PATH?.split(path.delimiter)[0], path.dirname(fake.toolbox.pulumi));
  });

  it("passes on what reaching the network needs", () => {
    process.env.HTTPS_PROXY = "http://proxy:3128";
    process.env.SSL_CERT_FILE = "/etc/certificates.pem";
    const environment = engineEnvironment(fake.toolbox, workspace);
    assert.equal(environment.HTTPS_PROXY, "http://proxy:3128");
    assert.equal(environment.SSL_CERT_FILE, "/etc/certificates.pem");
    assert.equal(environment.HOME, process.env.HOME);
  });

  it("puts the pinned tools before everything else on PATH", () => {
    const folders = (engineEnvironment(fake.toolbox, workspace).PATH ?? "").split(path.delimiter);
    assert.equal(folders[0], path.dirname(fake.toolbox.pulumi));
    assert.ok(folders.indexOf(path.dirname(fake.toolbox.kubectl)) < folders.indexOf("/usr/bin"));
  });

  it("offers the plugins in real folders, each with a link to the executable", () => {
    const { PULUMI_HOME = "" } = engineEnvironment(fake.toolbox, workspace);
    const folder = path.join(PULUMI_HOME, "plugins", `resource-kubernetes-${pins.kubernetesProvider}`);
    assert.ok(fs.lstatSync(folder).isDirectory());
    assert.equal(
      fs.readlinkSync(path.join(folder, "pulumi-resource-kubernetes")),
      fake.toolbox["pulumi-resource-kubernetes"],
    );
    const names = fs.readdirSync(path.join(PULUMI_HOME, "plugins")).sort();
    assert.deepEqual(names, [`language-nodejs-${pins.languageHostModule}`, path.basename(folder)]);
  });

  it("follows a tool that moved, and changes nothing otherwise", () => {
    const { PULUMI_HOME = "" } = engineEnvironment(fake.toolbox, workspace);
    const link = path.join(
      PULUMI_HOME,
      "plugins",
      `resource-kubernetes-${pins.kubernetesProvider}`,
      "pulumi-resource-kubernetes",
    );
    const { ino } = fs.lstatSync(link);
    engineEnvironment(fake.toolbox, workspace);
    assert.equal(fs.lstatSync(link).ino, ino);

    const moved = "/elsewhere/pulumi-resource-kubernetes";
    engineEnvironment({ ...fake.toolbox, "pulumi-resource-kubernetes": moved }, workspace);
    assert.equal(fs.readlinkSync(link), moved);
    assert.deepEqual(fs.readdirSync(path.dirname(link)), [path.basename(link)]);
  });
});
