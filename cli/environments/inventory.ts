import { z } from "zod";
import { type Parameters, recordedParameters } from "../../config/pullRequest";
import { parseJson } from "../json";
import { checkpointKey, parseCheckpoint, stacksFolder } from "../state/checkpoint";
import type { StateStore } from "../state/store";
import { type EnvironmentIdentity, environmentIdentity } from "./input";

/** A pull request's environment, as the state knows it. */
export interface Environment {
  readonly identity: EnvironmentIdentity;
  /** What its tags say. */
  readonly parameters: Parameters;
  /** The key of its state, where that is damaged. */
  readonly damaged?: string;
}

/** What a stack's tags start with when they are ours. */
const tagPrefix = "pr:";

const tagsFile = z.object({ tags: z.record(z.string(), z.string()) });

/** The tag that holds a parameter, by the name it is recorded under. */
export function tagName(record: string): string {
  return `${tagPrefix}${record}`;
}

/** Every environment, lowest number first. Read from the state's own files: one that is damaged hides no other. */
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
  const [text, tags] = await Promise.all([store.read(key), store.read(`${stacksFolder}${identity.stack}.pulumi-tags`)]);
  if (text === undefined) {
    return undefined;
  }
  const damaged = parseCheckpoint(text) === undefined;
  return { identity, parameters: readTags(tags ?? ""), ...(damaged && { damaged: key }) };
}

function readTags(text: string): Parameters {
  const { data } = tagsFile.safeParse(parseJson(text));
  const own = Object.entries(data?.tags ?? {}).filter(([name]) => name.startsWith(tagPrefix));
  return recordedParameters(Object.fromEntries(own.map(([name, value]) => [name.slice(tagPrefix.length), value])));
}

/** Why an environment is to go, if it is: its pull request is not open, or its time is over. */
export function reasonToGo(
  { identity, parameters: { expires } }: Environment,
  { open, now }: { readonly open: ReadonlySet<number> | undefined; readonly now: Date },
): string | undefined {
  if (open && !open.has(identity.number)) {
    return "its pull request is not open";
  }
  if (expires === undefined) {
    return "nobody recorded until when it stays, so it never came up";
  }
  return Date.parse(expires) <= now.getTime() ? `its time was over at ${expires}` : undefined;
}
