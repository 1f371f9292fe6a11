import { kubernetesClient } from "../../cluster/kubernetesClient";
import { liveObjects } from "../../cluster/liveObjects";
import { UserError } from "../../cluster/userError";
import { readIngresses } from "../../policy/loadBalancer";
import { answered, stackOf } from "../lib/automation";
import { type Engine, engineFor, stateOf } from "../lib/engine";
import { readDeployed } from "../state/deployed";
import { isShared } from "../state/newest";
import { openStore } from "../state/store";
import { answerCheck, expectedAnswers } from "./answers";
import { type WaitOptions, waitFor } from "./checks";
import { rolloutCheck } from "./rollouts";

const patience: WaitOptions = { limitMs: 180_000, pauseMs: 5_000 };

/** Names that every machine takes for itself: the local cluster's nodes are simulated, so nothing answers there. */
const ownMachine = /(^|\.)localhost$/;

/** Checks that a stack serves what was deployed. */
export async function smoke(workspace: string, stack: string): Promise<void> {
  await smokeOf(await engineFor(workspace, stack), stack);
}

/**
 * Checks that the pods of a stack run what was deployed, and that its public address answers as its Ingresses say: each
 * service by itself, and the load balancer for what it keeps from the public.
 *
 * @throws with everything that is still wrong after three minutes, and the way back.
 */
export async function smokeOf(engine: Engine, stack: string): Promise<void> {
  const pulumi = await stackOf(engine, stack);
  const { url } = await answered(pulumi.outputs());
  if (url === undefined) throw new UserError(`stack ${stack} has no output url yet`, `ds deploy ${stack}`);
  const { cluster, inputs } = await readDeployed(await openStore(stateOf(engine)), stack);
  const live = liveObjects(kubernetesClient(cluster));
  const deployments = inputs.filter(({ kind }) => kind === "Deployment");
  const address = new URL(String(url.value));
  const answers = ownMachine.test(address.hostname) ? [] : expectedAnswers(readIngresses(inputs), address.hostname);
  const checks = [
    ...deployments.map((deployment) => rolloutCheck(deployment, live)),
    ...answers.map((answer) => answerCheck(address.href, answer)),
  ];
  console.log(`asking ${deployments.length} Deployments and ${answers.length} paths of ${address.host}`);
  const failures = await waitFor(checks, patience);
  if (failures.length > 0) {
    throw new UserError(
      `stack ${stack} does not serve what was deployed:\n${failures.map((failure) => `  ${failure}`).join("\n")}`,
      isShared(stack)
        ? `ds back ${stack} deploys the last good version: docs/runbook.md`
        : `ds history ${stack} shows what was deployed before`,
    );
  }
  console.log(`stack ${stack} serves what was deployed`);
}
