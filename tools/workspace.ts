import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { findOptionalTool } from "./install";
import { pins } from "./pins";
import type { Toolbox } from "./toolbox";

/** Where each thing that a local run writes lies inside its workspace. */
export interface WorkspacePaths {
  readonly root: string;
  /** The running cluster: its data, certificates, logs and process ids. */
  readonly cluster: string;
  /** There while a command starts or stops the cluster. */
  readonly clusterLock: string;
  /** Present only while a complete cluster exists. */
  readonly kubeconfig: string;
  readonly kubectlCache: string;
  readonly pulumiHome: string;
  readonly state: string;
}

/** Of the user's environment only these reach a local run, so that no AWS, Kubernetes or Pulumi setting leaks in. */
const passedThrough = [
  ...["HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "XDG_CACHE_HOME"],
  ...["LANG", "LC_ALL", "LC_CTYPE", "TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "CI"],
  ...["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "all_proxy"],
  ...["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"],
  ...["GOPATH", "GOCACHE", "GOMODCACHE", "GOPROXY", "GONOPROXY", "GOPRIVATE", "GOSUMDB", "GOFLAGS", "GOTOOLCHAIN"],
] as const;

/** Opens nothing: the local stack's secrets are placeholders, and a passphrase must exist for the engine to run. */
const localPassphrase = "placeholder";

const awsPluginFolder = `resource-aws-${pins.awsProvider}`;

/** The workspace that the commands use when none is named: `.local` of this checkout. */
export const defaultWorkspace = path.join(path.dirname(__dirname), ".local");

/** Resolves the folders of a workspace. Relative names are taken from the current directory; nothing is created. */
export function workspacePaths(workspaceDir: string): WorkspacePaths {
  const root = path.resolve(workspaceDir);
  return {
    root,
    cluster: path.join(root, "cluster"),
    clusterLock: path.join(root, "cluster.lock"),
    kubeconfig: path.join(root, "kubeconfig"),
    kubectlCache: path.join(root, "kubectl-cache"),
    pulumiHome: path.join(root, "pulumi"),
    state: path.join(root, "state"),
  };
}

/**
 * The whole environment for running the engine, kubectl and the program against a workspace. Prepares the workspace's
 * folders; a second call changes nothing.
 */
export function engineEnvironment(toolbox: Toolbox, workspaceDir: string): NodeJS.ProcessEnv {
  const paths = workspacePaths(workspaceDir);
  fs.mkdirSync(paths.state, { recursive: true });
  prepareHome(toolbox, paths.pulumiHome);
  return {
    ...cleanEnvironment(),
    ...engineSettings(toolbox, paths),
    PULUMI_BACKEND_URL: pathToFileURL(paths.state).href,
    PULUMI_CONFIG_PASSPHRASE: localPassphrase,
    KUBECONFIG: paths.kubeconfig,
    KUBECACHEDIR: paths.kubectlCache,
    DATASETS_SERVER_LOCAL_KUBECONFIG: paths.kubeconfig,
    DATASETS_SERVER_WORKSPACE: paths.root,
  };
}

/**
 * The whole environment for running the pinned engine on a stack of the team: the user's own, with the workspace for
 * nothing but the engine's home. Prepares that; a second call changes nothing.
 */
export function teamEnvironment(toolbox: Toolbox, workspaceDir: string): NodeJS.ProcessEnv {
  const paths = workspacePaths(workspaceDir);
  prepareHome(toolbox, paths.pulumiHome);
  return { ...process.env, ...engineSettings(toolbox, paths) };
}

/** Whether the AWS provider is in a workspace's plugin folder. */
export function hasAwsPlugin(workspaceDir: string): boolean {
  return fs.existsSync(pluginFolder(workspacePaths(workspaceDir).pulumiHome, awsPluginFolder));
}

/** What makes the engine use the pinned parts and nothing else. */
function engineSettings(toolbox: Toolbox, { pulumiHome }: WorkspacePaths): NodeJS.ProcessEnv {
  return {
    PATH: toolPath(toolbox),
    PULUMI_HOME: pulumiHome,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    // Without it the engine prefers whatever plugin lies on the user's PATH, of any version.
    PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
    GOGC: "400",
  };
}

/** The user's environment reduced to what every child process may see: home, terminal, proxies, certificates, Go. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    ["PATH", ...passedThrough].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function toolPath(toolbox: Toolbox): string {
  const executables = [toolbox.pulumi, toolbox.kubectl, toolbox.kwokctl];
  const folders = new Set(executables.map((executable) => path.dirname(executable)));
  return [...folders, process.env.PATH ?? ""].join(path.delimiter);
}

function prepareHome(toolbox: Toolbox, pulumiHome: string): void {
  link(pulumiHome, `language-nodejs-${pins.languageHostModule}`, toolbox["pulumi-language-nodejs"]);
  link(pulumiHome, `resource-kubernetes-${pins.kubernetesProvider}`, toolbox["pulumi-resource-kubernetes"]);
  const awsPlugin = findOptionalTool("pulumi-resource-aws");
  // One that is there already stays: tests put a stand-in there.
  if (awsPlugin !== undefined && !fs.existsSync(pluginFolder(pulumiHome, awsPluginFolder))) {
    link(pulumiHome, awsPluginFolder, awsPlugin);
  }
}

function pluginFolder(pulumiHome: string, name: string): string {
  return path.join(pulumiHome, "plugins", name);
}

/** The engine ignores a linked folder, so the folder is real and only the executable is a link. */
function link(pulumiHome: string, name: string, executable: string): void {
  const folder = pluginFolder(pulumiHome, name);
  const file = path.join(folder, path.basename(executable));
  if (linkTarget(file) === executable) return;
  fs.mkdirSync(folder, { recursive: true });
  // Renamed into place, so that a run in another process never misses the plugin.
  const fresh = `${file}.${process.pid}`;
  fs.rmSync(fresh, { force: true });
  fs.symlinkSync(executable, fresh);
  fs.renameSync(fresh, file);
}

function linkTarget(file: string): string | undefined {
  return fs.lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ? fs.readlinkSync(file) : undefined;
}
