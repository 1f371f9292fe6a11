import { type Parameters, recordedParameters } from "../../config/pullRequest";
import { readIngresses } from "../../policy/loadBalancer";
import type { Ingress } from "../../policy/shapes";
import { answered, workspaceOf } from "../lib/automation";
import type { Engine } from "../lib/engine";
import { checkpointKey, parseCheckpoint, stacksFolder } from "../state/checkpoint";
import type { StateStore } from "../state/store";
import { type EnvironmentIdentity, environmentIdentity } from "./input";

/** A pull request's environment, as the state knows it. */
export interface Environment {
  readonly identity: EnvironmentIdentity;
  /** Its Ingresses, as they were last deployed: none before its first update. */
  readonly ingresses: readonly Ingress[];
  /** The key of its state, where that is damaged. */
  readonly damaged?: string;
}

/** What a stack's tags start with when they are ours. */
const tagPrefix = "pr:";

/** The tag that holds a parameter, by the name it is recorded under. */
export function tagName(record: string): string {
  return `${tagPrefix}${record}`;
}

/** Every environment, lowest number first. Read from the state's own files: Pulumi lists none when one is damaged. */
export async function listEnvironments(store: StateStore): Promise<Environment[]> {
  const keys = await store.list(stacksFolder, "pr-");
  const found = keys.flatMap((key) => {
    const [, number] = /^pr-(\d+)\.json$/.exec(key.slice(stacksFolder.length)) ?? [];
    return environmentIdentity(number ?? "") ?? [];
  });
  const environments = await Promise.all(found.map((identity) => findEnvironment(store, identity)));
  return environments.flatMap((one) => one ?? []).sort((a, b) => a.identity.number - b.identity.number);
}

/** One environment; undefined when the state has none of that number. */
export async function findEnvironment(
  store: StateStore,
  identity: EnvironmentIdentity,
): Promise<Environment | undefined> {
  const key = checkpointKey(identity.stack);
  const text = await store.read(key);
  if (text === undefined) {
    return undefined;
  }
  const checkpoint = parseCheckpoint(text);
  if (checkpoint === undefined) return { identity, ingresses: [], damaged: key };
  const inputs = (checkpoint.resources ?? []).map(({ inputs }) => ({ ...inputs, kind: String(inputs?.kind) }));
  return { identity, ingresses: readIngresses(inputs) };
}

/** What is recorded of an environment's pull request, whether its state is damaged or not. */
export async function parametersOf(engine: Engine, { stack }: EnvironmentIdentity): Promise<Parameters> {
  const workspace = await workspaceOf(engine);
  return taggedParameters(await answered(workspace.listTags(stack)));
}

/** The parameters among the tags of a stack. */
export function taggedParameters(tags: Readonly<Record<string, string>>): Parameters {
  const own = Object.entries(tags).filter(([name]) => name.startsWith(tagPrefix));
  return recordedParameters(Object.fromEntries(own.map(([name, value]) => [name.slice(tagPrefix.length), value])));
}

/** Why an environment is to go, if it is: its pull request is closed, or its time is over. */
export function reasonToGo(
  { expires }: Parameters,
  { isClosed, now }: { readonly isClosed: boolean; readonly now: Date },
): string | undefined {
  if (isClosed) {
    return "its pull request is not open";
  }
  if (expires === undefined) {
    return "it was not recorded until when it stays, so it never came up";
  }
  return Date.parse(expires) <= now.getTime() ? `its time was over at ${expires}` : undefined;
}
