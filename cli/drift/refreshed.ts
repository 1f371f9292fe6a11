import type { EngineEvent, OpType, StepEventMetadata, StepEventStateMetadata } from "@pulumi/pulumi/automation";
import { answered, cutShort, stackOf } from "../lib/automation";
import type { Engine } from "../lib/engine";

/** One difference between what is on a cluster and what was deployed. */
export interface Drift {
  /** As in `Deployment datasets-server/datasets-server-prod-api`. */
  readonly object: string;
  /** Where in the object; empty where it is about the object as a whole. */
  readonly field: string;
  readonly what: string;
  /** The command that undoes it. Default: an update that refreshes. */
  readonly undo?: string;
}

/** What the outcome of a refresh means for an object; undefined where it is as it was deployed. */
const meanings: Readonly<Partial<Record<OpType, string | undefined>>> = {
  refresh: undefined,
  same: undefined,
  delete: "is gone",
};

/** What a refresh found of one resource. */
export type Refreshed = Pick<StepEventMetadata, "detailedDiff" | "op" | "type"> & {
  readonly old?: Pick<StepEventStateMetadata, "id" | "inputs">;
};

/** Has Pulumi compare every object with what it deployed. Writes nothing, neither on the cluster nor in the state. */
export async function refresh(engine: Engine, stack: string): Promise<Refreshed[]> {
  const found: Refreshed[] = [];
  const pulumi = await stackOf(engine, stack);
  let isWhole = false;
  const onEvent = ({ resOutputsEvent: ended, summaryEvent }: EngineEvent) => {
    if (ended) found.push(ended.metadata);
    if (summaryEvent) isWhole = true;
  };
  await answered(pulumi.previewRefresh({ onEvent }));
  if (!isWhole) throw cutShort();
  return found;
}

/** The drift that a refresh found. Values are left out: they may be secrets. */
export function refreshedDrift(found: readonly Refreshed[]): Drift[] {
  return found.flatMap(({ op, type, detailedDiff, old }) => {
    const what = op in meanings ? meanings[op] : "differs from what was deployed";
    if (what === undefined) return [];
    const object = `${type.split(":").at(-1)} ${old?.id ?? ""}`;
    const fields = foldLists(Object.keys(detailedDiff ?? {}));
    return fields.length > 0 ? fields.map((field) => ({ object, field, what })) : [{ object, field: "", what }];
  });
}

/** Pulumi compares lists by index: an item that was put in front makes all differ, and is told as the list once. */
function foldLists(paths: readonly string[]): string[] {
  const innermost = paths.map((path) => /^(.*)\[(\d+)\][^[\]]*$/.exec(path));
  const indices = (list: string) => new Set(innermost.flatMap((match) => (match?.[1] === list ? match[2] : [])));
  const folded = paths.map((path, at) => {
    const list = innermost[at]?.[1];
    return list !== undefined && indices(list).size > 1 ? list : path;
  });
  return [...new Set(folded)];
}
