import { type RunResult, run } from "../run";
import type { Toolbox } from "../toolbox";
import { cleanEnvironment, type WorkspacePaths } from "../workspace";

const limitMs = 90_000;

/** Runs kubectl against the given kubeconfig only; it reads and writes nothing in the user's home. */
export function kubectl(
  toolbox: Toolbox,
  paths: WorkspacePaths,
  kubeconfig: string,
  args: readonly string[],
): Promise<RunResult> {
  const env = { ...cleanEnvironment(), KUBECACHEDIR: paths.kubectlCache, KUBERC: "off" };
  return run(toolbox.kubectl, ["--kubeconfig", kubeconfig, ...args], { env, timeoutMs: limitMs });
}
