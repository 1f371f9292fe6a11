import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { findTool } from "./install";
import { pins } from "./pins";
import type { EngineTools } from "./toolbox";

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
  ...["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "XDG_CACHE_HOME"],
  ...["LANG", "LC_ALL", "LC_CTYPE", "TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "CI"],
  ...["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "all_proxy"],
  ...["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"],
  ...["GOPATH", "GOCACHE", "GOMODCACHE", "GOPROXY", "GONOPROXY", "GOPRIVATE", "GOSUMDB", "GOFLAGS", "GOTOOLCHAIN"],
] as const;

/** Opens nothing: the local stack's secrets are placeholders, and a passphrase must exist for Pulumi to run. */
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
 * Returns the whole environment for running Pulumi, kubectl and the program against a workspace. Prepares the workspace's
 * folders; a second call changes nothing.
 */
export function engineEnvironment(tools: EngineTools, workspaceDir: string): NodeJS.ProcessEnv {
  const paths = workspacePaths(workspaceDir);
  fs.mkdirSync(paths.state, { recursive: true });
  prepareHome(tools, paths.pulumiHome);
  return {
    ...cleanEnvironment(),
    ...engineSettings(tools, paths),
    PULUMI_BACKEND_URL: pathToFileURL(paths.state).href,
    PULUMI_CONFIG_PASSPHRASE: localPassphrase,
    KUBECONFIG: paths.kubeconfig,
    KUBECACHEDIR: paths.kubectlCache,
    DATASETS_SERVER_LOCAL_KUBECONFIG: paths.kubeconfig,
    DATASETS_SERVER_WORKSPACE: paths.root,
  };
}

/**
 * Returns the whole environment for running the pinned Pulumi on a stack of the team: the user's own, with the workspace
 * for nothing but Pulumi's home. Prepares that; a second call changes nothing.
 */
export function teamEnvironment(tools: EngineTools, workspaceDir: string): NodeJS.ProcessEnv {
  const paths = workspacePaths(workspaceDir);
  prepareHome(tools, paths.pulumiHome);
  return { ...process.env, ...engineSettings(tools, paths) };
}

/** Returns whether the AWS provider is in a workspace's plugin folder. */
export function hasAwsPlugin(workspaceDir: string): boolean {
  return fs.existsSync(pluginFolder(workspacePaths(workspaceDir).pulumiHome, awsPluginFolder));
}

/** Returns what makes Pulumi use the pinned tools and nothing else. */
function engineSettings(tools: EngineTools, { pulumiHome }: WorkspacePaths): NodeJS.ProcessEnv {
  return {
    PATH: toolPath(tools),
    PULUMI_HOME: pulumiHome,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    // Without it Pulumi prefers whatever plugin lies on the user's PATH, of any version.
    PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
    GOGC: "400",
    // The provider leaves the kubeconfig of each of its runs there.
    TMPDIR: temporaryFolder(),
    // Node.js keeps what it has compiled in the folder for temporary files, unless it is told where.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE || path.join(os.tmpdir(), "node-compile-cache"),
  };
}

let temporary: string | undefined;

/** Returns the folder for temporary files of all that this process starts. It goes when this process ends. */
function temporaryFolder(): string {
  if (temporary !== undefined && fs.existsSync(temporary)) return temporary;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "datasets-server-run-"));
  process.once("exit", () => fs.rmSync(folder, { recursive: true, force: true }));
  temporary = folder;
  return folder;
}

/** Returns the user's environment reduced to what every child process may see: home, terminal, proxies, certificates, Go. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const known = new Set<string>(passedThrough);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => known.has(name)));
}

function toolPath(tools: EngineTools): string {
  const executables = [tools.pulumi, tools.kubectl, tools.kwokctl].filter((executable) => executable !== undefined);
  const folders = new Set(executables.map((executable) => path.dirname(executable)));
  return [...folders, process.env.PATH ?? ""].join(path.delimiter);
}

function prepareHome(tools: EngineTools, pulumiHome: string): void {
  // Its release has the version of the CLI; what is built from Go modules is an older one.
  const languageHost = `language-nodejs-${findTool("pulumi-language-nodejs")?.version ?? pins.languageHostModule}`;
  link(pulumiHome, languageHost, tools["pulumi-language-nodejs"]);
  removeOtherLanguageHosts(pulumiHome, languageHost);
  link(pulumiHome, `resource-kubernetes-${pins.kubernetesProvider}`, tools["pulumi-resource-kubernetes"]);
  const awsPlugin = findTool("pulumi-resource-aws");
  // One that is there already stays: tests put a stand-in there.
  if (awsPlugin !== undefined && !fs.existsSync(pluginFolder(pulumiHome, awsPluginFolder))) {
    link(pulumiHome, awsPluginFolder, awsPlugin.path);
  }
}

/** Pulumi takes the newest that it finds, even where its executable is gone. */
function removeOtherLanguageHosts(pulumiHome: string, wanted: string): void {
  const plugins = path.join(pulumiHome, "plugins");
  const others = fs.readdirSync(plugins).filter((name) => name.startsWith("language-nodejs-") && name !== wanted);
  for (const name of others) fs.rmSync(path.join(plugins, name), { recursive: true, force: true });
}

function pluginFolder(pulumiHome: string, name: string): string {
  return path.join(pulumiHome, "plugins", name);
}

/** Pulumi ignores a linked folder, so the folder is real and only the executable is a link. */
function link(pulumiHome: string, name: string, executable: string): void {
  const folder = pluginFolder(pulumiHome, name);
  const file = path.join(folder, path.basename(executable));
  if (fs.lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() && fs.readlinkSync(file) === executable) return;
  fs.mkdirSync(folder, { recursive: true });
  // Renamed into place, so that a run in another process never misses the plugin.
  const fresh = `${file}.${process.pid}`;
  fs.rmSync(fresh, { force: true });
  fs.symlinkSync(executable, fresh);
  fs.renameSync(fresh, file);
}
