import fc from "fast-check";
import type { KubernetesObject } from "../../../cli/lib/objects";
import { changesText, type Mutation, mutated, mutations } from "./mutations";
import { Fault, outcomeOf } from "./outcome";

export interface FuzzOptions {
  readonly count: number;
  /** The same seed makes the same mutations. */
  readonly seed: number;
  /** What else must be true of the objects of a configuration that is accepted; throws what is not. */
  readonly check?: (objects: readonly KubernetesObject[]) => Promise<void>;
}

/** How many mutations ended how. */
export interface Tally {
  readonly tried: number;
  readonly refused: number;
  readonly accepted: number;
}

/**
 * Tries so many mutations of the stack files.
 *
 * Throws for one that ends in neither good objects nor an error that names a key: its smallest form, and how to repeat it.
 */
export async function fuzz({ count, seed, check = async () => {} }: FuzzOptions): Promise<Tally> {
  const ends = { accepted: 0, refused: 0 };
  const property = fc.asyncProperty(mutations(), async (mutation) => {
    const outcome = await outcomeOf(mutation.base, mutated(mutation));
    ends[outcome.kind] += 1;
    if (outcome.kind === "accepted") await check(outcome.objects);
    else if (outcome.by === "configuration") checkRelated(mutation, outcome.message);
  });
  const { failed, counterexample, errorInstance } = await fc.check(property, { numRuns: count, seed });
  if (failed) {
    const [mutation] = counterexample ?? [];
    const what = errorInstance instanceof Error ? String(errorInstance) : errorInstance;
    const changes = mutation ? `stack ${mutation.base.stack} with\n${changesText(mutation.changes)}\n` : "";
    throw new Error(`${changes}ends in ${what}\nRepeat it with SEED=${seed}`);
  }
  return { tried: count, ...ends };
}

/** A refusal must have to do with what was changed, or its reader looks in the wrong place. */
function checkRelated({ changes }: Mutation, message: string): void {
  const keys = changes.map(({ at: [, key = ""] }) => key);
  if (!keys.some((key) => message.includes(key))) {
    throw new Fault(`a refusal that says nothing of what was changed: ${message}`);
  }
}

/** The seed that somebody asks for by SEED, to repeat a run, or another one each time. */
export function seedOf(text: string | undefined): number {
  return text ? Number(text) : Math.floor(Math.random() * 2 ** 31);
}
