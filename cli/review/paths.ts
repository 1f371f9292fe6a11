/** One step of the way to a value: a field's name, or a place in a list. */
export type Step = string | number;

/** The fields that tell the items of a list apart, best first. */
const identifying = [
  "name",
  "mountPath",
  "key",
  "host",
  "path",
  "topologyKey",
  "containerPort",
  "port",
  "type",
] as const;

/** How one item of a list is called, where the list's own name is no word for it. */
const singular: Readonly<Record<string, string>> = {
  containers: "container",
  initContainers: "init container",
  volumes: "volume",
  volumeMounts: "mount",
  ports: "port",
  rules: "rule",
  paths: "path",
  metrics: "metric",
  tolerations: "toleration",
};

/** Where the pods of each kind of object are described. */
const podPlaces: readonly (readonly [string, string])[] = [
  ["spec › jobTemplate › spec › template › spec", "pod"],
  ["spec › jobTemplate › spec › template › metadata", "pod › metadata"],
  ["spec › template › spec", "pod"],
  ["spec › template › metadata", "pod › metadata"],
];

/** The steps of a path as Pulumi writes it, such as `spec.containers[0].env["a.b"]`. */
export function parsePath(path: string): Step[] {
  const step = /\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g;
  return [...path.matchAll(step)].map(([, quoted, index, field = ""]) => {
    if (index !== undefined) return Number(index);
    return quoted === undefined ? field : quoted.replace(/\\(.)/g, "$1");
  });
}

/** The value at the end of a path, or at the last step of it that exists. */
export function valueAt(value: unknown, steps: readonly Step[]): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value !== "object" || value === null) return value;
  const entry = Object.entries(value).find(([key]) => key === String(step));
  return entry === undefined ? undefined : valueAt(entry[1], rest);
}

/** Where a value is, for people: `pod › container api › env LOG_LEVEL`. */
export function inWords(segments: readonly string[]): string {
  const isVariable = segments.at(-1) === "value" && segments.at(-2)?.startsWith("env ");
  const words = (isVariable ? segments.slice(0, -1) : segments).join(" › ");
  const place = podPlaces.find(([fields]) => words === fields || words.startsWith(`${fields} › `));
  return place === undefined ? words : `${place[1]}${words.slice(place[0].length)}`;
}

/** The same for a path of Pulumi's: items of lists are named as the objects name them. */
export function pathInWords(path: string, objects: readonly unknown[]): string {
  const segments: string[] = [];
  for (const [at, step] of parsePath(path).entries()) {
    if (typeof step === "string") segments.push(step);
    else segments.push(itemSegment(segments.pop() ?? "", nameAt(path, at, objects) ?? `${step + 1}`));
  }
  return inWords(segments);
}

/** How objects name the item that a path's step counts; undefined when none does. */
function nameAt(path: string, at: number, objects: readonly unknown[]): string | undefined {
  const steps = parsePath(path);
  const lists = objects.map((object) => valueAt(object, steps.slice(0, at))).filter(Array.isArray);
  const names = lists.map((list) => itemNames([list])?.[0]?.[Number(steps[at])]);
  return names.find((name) => name !== undefined);
}

/** How a list's item is called: `container api`, `env LOG_LEVEL`. */
export function itemSegment(list: string, name: string): string {
  return `${singular[list] ?? list} ${name}`;
}

/** The names of the items of each list, by the first field that tells them apart in all; undefined when none does. */
export function itemNames(lists: readonly (readonly unknown[])[]): string[][] | undefined {
  for (const field of identifying) {
    const names = lists.map((list) => list.map((item) => nameOf(item, field)));
    const distinct = names.every((inList) => new Set(inList).size === inList.length);
    const complete = names.map((inList) => inList.filter((name) => name !== undefined));
    if (distinct && complete.every((inList, at) => inList.length === lists[at]?.length)) return complete;
  }
  return undefined;
}

function nameOf(item: unknown, field: string): string | undefined {
  if (typeof item !== "object" || item === null || Array.isArray(item)) return undefined;
  const value: unknown = Object.entries(item).find(([key]) => key === field)?.[1];
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}
