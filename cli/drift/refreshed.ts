import { z } from "zod";
import { answerOf, type Engine } from "../engine";

/** One difference between what is on a cluster and what was deployed. */
export interface Drift {
  /** As in `Deployment datasets-server/datasets-server-prod-api`. */
  readonly object: string;
  /** Where in the object; empty where it is about the object as a whole. */
  readonly field: string;
  readonly what: string;
}

/** The engine's exit code where no changes were expected and there are some. */
const changed = 7;

/** What a step of a refresh means for the object; undefined where it is as it was deployed. */
const meanings: Readonly<Record<string, string | undefined>> = {
  refresh: undefined,
  same: undefined,
  delete: "is gone",
};

const plan = z.object({
  steps: z.array(
    z.object({
      op: z.string(),
      urn: z.string(),
      detailedDiff: z.record(z.string(), z.unknown()).nullish(),
      oldState: z.looseObject({ id: z.string().optional() }).nullish(),
    }),
  ),
});

/** Has the engine compare every object with what it deployed. Writes nothing, neither on the cluster nor in the state. */
export async function refreshedDrift(engine: Engine, stack: string): Promise<Drift[]> {
  const args = ["refresh", "--stack", stack, "--preview-only", "--expect-no-changes", "--json", "--non-interactive"];
  return parseRefresh(await answerOf(engine, args, [changed]));
}

/** The drift that a refresh found. Values are left out: they may be secrets. */
export function parseRefresh(json: string): Drift[] {
  const { steps } = plan.parse(JSON.parse(json));
  return steps.flatMap(({ op, urn, detailedDiff, oldState }) => {
    const what = op in meanings ? meanings[op] : "differs from what was deployed";
    if (what === undefined) return [];
    const object = `${kindOf(urn)} ${oldState?.id ?? ""}`;
    const fields = foldLists(Object.keys(detailedDiff ?? {}));
    return fields.length > 0 ? fields.map((field) => ({ object, field, what })) : [{ object, field: "", what }];
  });
}

/** The engine compares lists by index: an item that was put in front makes all differ, and is told as the list once. */
function foldLists(paths: readonly string[]): string[] {
  const innermost = paths.map((path) => /^(.*)\[(\d+)\][^[\]]*$/.exec(path));
  const indices = (list: string) => new Set(innermost.flatMap((match) => (match?.[1] === list ? match[2] : [])));
  const folded = paths.map((path, at) => {
    const list = innermost[at]?.[1];
    return list !== undefined && indices(list).size > 1 ? list : path;
  });
  return [...new Set(folded)];
}

/** The kind at the end of a type such as `kubernetes:apps/v1:Deployment`. */
function kindOf(urn: string): string {
  const [, , type = ""] = urn.split("::");
  return type.split(":").at(-1) ?? "";
}
