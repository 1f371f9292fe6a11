/** One thing that is true of an object, in a form that two systems can be compared by. */
export type Fact = string | number | boolean;

/** Facts by name, in groups; an undefined one is left out. */
export interface FactTree {
  readonly [name: string]: Fact | FactTree | undefined;
}

/** Facts by path, such as `workloads > api > replicas`. */
export type Facts = ReadonlyMap<string, Fact>;

export const separator = " > ";

/** The facts of a tree by their paths. */
export function flatten(tree: FactTree): Facts {
  return new Map(entries(tree));
}

/** Merges trees whose names must not meet; throws on the first name that is in two of them. */
export function named(trees: Iterable<readonly [string, FactTree]>): FactTree {
  const merged = new Map<string, FactTree>();
  for (const [name, tree] of trees) {
    if (merged.has(name)) {
      throw new Error(`two objects are known as ${name}; what is compared needs one name for each`);
    }
    merged.set(name, tree);
  }
  return Object.fromEntries(merged);
}

/** One fact of many: what matters is what is in it, and in which order. */
export function list(items: Iterable<Fact>): string {
  return [...items].join(", ");
}

function entries(tree: FactTree, path: readonly string[] = []): [string, Fact][] {
  return Object.entries(tree).flatMap(([name, value]): [string, Fact][] => {
    const place = [...path, name];
    if (value === undefined) {
      return [];
    }
    return typeof value === "object" ? entries(value, place) : [[place.join(separator), value]];
  });
}
