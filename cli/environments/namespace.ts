import { setTimeout as sleep } from "node:timers/promises";
import { stackLabel } from "../../catalog/names";
import { causeOf, type KubernetesClient } from "../../cluster/kubernetesClient";
import { type ObjectReference, objectText } from "../../cluster/liveObjects";
import { UserError } from "../../cluster/userError";
import { formatDuration } from "../../tools/progress";
import { environmentObjects } from "../access/rbac";
import type { EnvironmentIdentity } from "./input";

/** How long a deletion may take, such as a load balancer's controller that gives back what it made; milliseconds. */
const deletionMs = 10 * 60_000;

/** How often a deletion is looked at, and how often it is spoken of; milliseconds. */
const lookMs = 500;
const speakMs = 10_000;

const ingressKind = { apiVersion: "networking.k8s.io/v1", kind: "Ingress" } as const;

/** A namespace, as messages and the client know it. */
function namespaceObject(name: string) {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name } };
}

/**
 * Makes an environment's namespace and has the deployers' rights hold in it, as far as that has not been done.
 *
 * @throws when the namespace is not the environment's.
 */
export async function prepareNamespace(client: KubernetesClient, identity: EnvironmentIdentity): Promise<void> {
  await checkOwner(client, identity);
  for (const object of environmentObjects(identity)) {
    await asking(`make ${objectText(object)}`, async () => {
      if ((await find(client, object)) === undefined) {
        await client.objects.create(object);
        console.log(`made ${objectText(object)}`);
      }
    });
  }
}

/**
 * Removes what of an environment's namespace Pulumi did not know, and waits until it is gone: Ingresses first, as their
 * load balancer's rules go with them.
 *
 * @returns what was done. A namespace that is not the stack's is left.
 */
export async function removeNamespace(
  client: KubernetesClient,
  identity: EnvironmentIdentity,
  { bind }: { readonly bind: boolean },
): Promise<string> {
  const { namespace, stack } = identity;
  const object = namespaceObject(namespace);
  const found = await asking(`look for ${objectText(object)}`, () => find(client, object));
  if (found === undefined) {
    return `${objectText(object)} is gone`;
  }
  if (found.metadata?.labels?.[stackLabel] !== stack) {
    return `${objectText(object)} does not have the label ${stackLabel}=${stack}, so it is not the environment's and was left`;
  }
  if (bind && found.metadata.deletionTimestamp === undefined) {
    await prepareNamespace(client, identity);
  }
  const { items } = await asking(`list each Ingress in ${namespace}`, () =>
    client.objects.list(ingressKind.apiVersion, ingressKind.kind, namespace),
  );
  for (const { metadata } of items) {
    await remove(client, { ...ingressKind, metadata: { name: metadata?.name ?? "", namespace } });
  }
  await remove(client, object);
  return `removed ${objectText(object)} with ${items.length === 0 ? "all" : `${items.length} Ingresses and all else`} in it`;
}

async function checkOwner(client: KubernetesClient, { stack, namespace }: EnvironmentIdentity): Promise<void> {
  const object = namespaceObject(namespace);
  const found = await asking(`look for ${objectText(object)}`, () => find(client, object));
  const owner = found?.metadata?.labels?.[stackLabel];
  if (found && owner !== stack) {
    throw new UserError(
      `${objectText(object)} is there and does not have the label ${stackLabel}=${stack}; no changes were made`,
      `find out whose it is; when it is the environment's: kubectl label namespace ${namespace} ${stackLabel}=${stack}`,
    );
  }
}

async function find(client: KubernetesClient, { apiVersion, kind, metadata }: ObjectReference) {
  const { name, namespace } = metadata;
  try {
    return await client.objects.read({ apiVersion, kind, metadata: { name, ...(namespace && { namespace }) } });
  } catch (error) {
    if (client.isNotFound(error)) return undefined;
    throw error;
  }
}

/** Deletes an object and waits until it is gone. */
async function remove(client: KubernetesClient, object: ObjectReference): Promise<void> {
  const started = Date.now();
  let spoken = started;
  await asking(`remove ${objectText(object)}`, async () => {
    await client.objects.delete(object).catch((error: unknown) => {
      if (!client.isNotFound(error)) throw error;
    });
  });
  for (;;) {
    const left = await asking(`look for ${objectText(object)}`, () => find(client, object));
    if (left === undefined) return;
    const waited = Date.now() - started;
    if (waited > deletionMs) {
      const finalizers = left.metadata?.finalizers?.join(", ") || "what is in it";
      throw new UserError(
        `${objectText(object)} is still there after ${formatDuration(waited)}; it waits for ${finalizers}`,
        "see whether the controller that has to act runs; then run this again",
      );
    }
    if (Date.now() - spoken > speakMs) {
      spoken = Date.now();
      console.log(`waiting for ${objectText(object)} to go, for ${formatDuration(waited)}`);
    }
    await sleep(lookMs);
  }
}

async function asking<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new UserError(
      `cannot ${what}: ${causeOf(error)}`,
      "ds doctor ephemeral looks at network and rights; for --local: ds up",
      { cause: error },
    );
  }
}
