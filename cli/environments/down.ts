import { checkSecrets } from "../deploy";
import { hideSecrets } from "../lib/decryption";
import { checkpointKey, listStackKeys, parseCheckpoint } from "../state/checkpoint";
import { requireUnlocked, update } from "../state/update";
import { type EnvironmentIdentity, readNumber, type Target } from "./input";
import { findEnvironment } from "./inventory";
import { removeNamespace } from "./namespace";
import { showGone } from "./page";
import { configure, onEnvironment, openPlace, type Place } from "./place";

/** Removes a pull request's environment, however far it came up. */
export async function environmentDown(workspace: string, target: Target, pr: string): Promise<void> {
  const identity = readNumber(pr);
  const place = await openPlace(workspace, target, "change");
  await removeEnvironment(place, identity);
}

/**
 * Removes an environment and says what it did: its Ingresses first, so that the load balancer gives up its rules while their
 * controller still sees them; then all else, the namespace last; then the stack. Where Pulumi does not know all that is
 * there, as after a kill, without a stack or with a damaged state, the namespace goes as it is, its Ingresses first, if its
 * label says that it is the environment's.
 *
 * @throws when something is left; running it again goes on from there.
 */
export async function removeEnvironment(place: Place, identity: EnvironmentIdentity): Promise<void> {
  const { stack } = identity;
  const { config, keeper, client } = configure(place, identity);
  await requireUnlocked(place.engine, stack);
  const removeRest = async () =>
    console.log(await removeNamespace(await client(), identity, { bind: config.cluster.kind === "eks" }));
  const environment = await findEnvironment(place.store, identity);
  if (environment === undefined) {
    console.log(`there is no stack ${stack}`);
  } else if (environment.damaged) {
    console.log(`the state of ${stack} is damaged (${environment.damaged}): going by its namespace alone`);
  } else {
    await checkSecrets(keeper);
    await hideSecrets(place.engine, stack, place.file);
    await destroyObjects(place, identity, removeRest);
  }
  await removeRest();
  if (environment?.damaged) {
    await removeDamagedState(place, identity);
  } else if (environment) {
    const args = ["stack", "rm", "--stack", stack, "--yes", "--preserve-config", "--remove-backups"];
    await update(place.engine, stack, [...args, "--non-interactive"]);
  }
  console.log(`nothing is left of ${stack}`);
  if (config.cluster.kind === "eks") await showGone(identity, process.env);
}

async function destroyObjects(
  place: Place,
  identity: EnvironmentIdentity,
  removeRest: () => Promise<void>,
): Promise<void> {
  const { engine, store } = place;
  const { stack } = identity;
  const destroy = ["destroy", ...onEnvironment(place, identity), "--yes", "--skip-preview"];
  const latest = parseCheckpoint((await store.read(checkpointKey(stack))) ?? "");
  const pending = latest?.pending_operations?.length ?? 0;
  const ingresses = (latest?.resources ?? []).filter(({ type }) => type === "kubernetes:networking.k8s.io/v1:Ingress");
  if (pending > 0) {
    // Pods that Pulumi does not know may use a volume that it does know, and it would wait for that volume for long.
    console.log(`${stack}: an interrupted run left ${pending} operations pending, so its namespace goes first`);
    await removeRest();
  } else if (ingresses.length > 0) {
    console.log(`${stack}: its ${ingresses.length} Ingresses first`);
    await update(engine, stack, [...destroy, ...ingresses.flatMap(({ urn }) => ["--target", urn])]);
  }
  await update(engine, stack, destroy);
}

/** Pulumi does not even remove a stack whose state it cannot read. */
async function removeDamagedState({ store }: Place, { stack }: EnvironmentIdentity): Promise<void> {
  for (const key of await listStackKeys(store, stack)) await store.remove(key);
  console.log(`removed the state of ${stack}`);
}
