import { parse } from "yaml";
import { z } from "zod";
import { type Fact, type Facts, separator } from "./facts";

const stacks = ["prod", "ephemeral"] as const;

export type ComparedStack = (typeof stacks)[number];

/** Written where one of the systems has nothing of the kind. */
const absent = "absent";

const fact = z.union([z.string(), z.number(), z.boolean()]);

/** One value for all, or one for each component that `*` stands for. */
const value = z.union([fact, z.record(z.string(), fact)]);

/** Groups in which `*` may stand for each component: what comes after it still names one fact. */
const groupsByComponent = [
  ...["deployments", "scheduledJobs", "jobs", "pods", "services", "autoscaling", "budgets", "monitors"],
  ...["entrances > internal > targets", "entrances > public > targets"],
];

const where = z.string().refine((pattern) => isNarrow(pattern.split(separator)), {
  error: `a path that names one fact; * may stand only for the component after ${groupsByComponent.join("; ")}`,
});

const entry = z
  .strictObject({
    stack: z.enum([...stacks, "both"]),
    where,
    chart: value,
    ours: value,
    why: z.string().regex(/^\S.+\S\.$/s, { error: "a sentence" }),
  })
  .refine(({ where, chart, ours }) => where.includes("*") || (typeof chart !== "object" && typeof ours !== "object"), {
    error: "one value for each component needs a * that stands for them",
  });

/** A difference that is meant, with its reason. */
export type Entry = z.infer<typeof entry>;

/** What two systems have at one path, in the words of an entry. */
interface Difference {
  readonly path: string;
  readonly chart: string;
  readonly ours: string;
}

/** Two systems' facts, of the stack that they are compared for. */
export interface Comparison {
  readonly stack: ComparedStack;
  readonly chart: Facts;
  readonly ours: Facts;
}

/** The entries in the YAML blocks of a document. Throws for one that is not well formed or could hide too much. */
export function readEntries(markdown: string): Entry[] {
  return [...markdown.matchAll(/^```yaml\n(.*?)^```$/gms)].flatMap(([, block = ""]) =>
    z.array(entry).parse(parse(block)),
  );
}

/** What is wrong between two systems and the entries, in words; nothing when each difference has its one entry. */
export function complaints(comparison: Comparison, entries: readonly Entry[]): string[] {
  const { stack } = comparison;
  const differences = differencesOf(comparison);
  const expected = expectations(comparison, entries);
  const found = new Set(differences.map(words));
  const reasons = new Map<string, number>();
  for (const one of expected.map(words)) {
    reasons.set(one, (reasons.get(one) ?? 0) + 1);
  }
  const explainedBy = (difference: Difference) => reasons.get(words(difference)) ?? 0;
  return [
    ...differences.filter((one) => explainedBy(one) === 0).map((one) => describeDifference(stack, one)),
    ...differences
      .filter((one) => explainedBy(one) > 1)
      .map(({ path }) => `${stack}: ${path} has two entries; keep one`),
    ...expected.filter((one) => !found.has(words(one))).map((one) => describeUnmet(stack, one)),
  ];
}

function words({ path, chart, ours }: Difference): string {
  return `${path} is ${chart} in the chart and ${ours} here`;
}

function differencesOf({ chart, ours }: Comparison): Difference[] {
  return [...new Set([...chart.keys(), ...ours.keys()])]
    .filter((path) => chart.get(path) !== ours.get(path))
    .map((path) => ({ path, chart: text(chart.get(path)), ours: text(ours.get(path)) }));
}

function text(fact: Fact | undefined): string {
  return String(fact ?? absent);
}

/** What the entries say of one stack: each is taken apart, and every part must be found. */
function expectations(comparison: Comparison, entries: readonly Entry[]): Difference[] {
  const components = componentsByGroup(comparison);
  return entries
    .filter(({ stack }) => stack === comparison.stack || stack === "both")
    .flatMap((one) =>
      alternatives(one.where).flatMap((pattern) => byComponent(one, pattern.split(separator), components)),
    );
}

/** The components that there are in each group, in either of the systems. */
function componentsByGroup({ chart, ours }: Comparison): ReadonlyMap<string, readonly string[]> {
  const paths = [...chart.keys(), ...ours.keys()];
  return new Map(
    groupsByComponent.map((group) => {
      const inside = paths.filter((path) => path.startsWith(group + separator));
      const names = inside.map((path) => path.slice(group.length + separator.length).split(separator)[0] ?? "");
      return [group, [...new Set(names)]];
    }),
  );
}

function describeDifference(stack: ComparedStack, { path, chart, ours }: Difference): string {
  const [group, component, ...rest] = path.split(separator);
  return (
    `${stack}, ${component} (${group}): ${words({ path: rest.join(separator), chart, ours })}. ` +
    `Put it right, or give its reason in docs/differences.md, where: ${path}`
  );
}

function describeUnmet(stack: ComparedStack, expected: Difference): string {
  return `${stack}: docs/differences.md says that ${words(expected)}, which is not so. Put the entry right, or take it out`;
}

function isNarrow(segments: readonly string[]): boolean {
  return segments.every((segment, index) => {
    const isComponent = groupsByComponent.includes(segments.slice(0, index).join(separator));
    return segment !== "" && (!segment.includes("*") || (isComponent && index < segments.length - 1));
  });
}

/** A pattern without its braces, once for each of the words in them. */
function alternatives(pattern: string): string[] {
  const [whole, words] = /\{([^}]*)\}/.exec(pattern) ?? [];
  if (whole === undefined || words === undefined) {
    return [pattern];
  }
  return words.split(",").flatMap((word) => alternatives(pattern.replace(whole, word)));
}

/** One expectation for each component that `*` stands for: for every one there is, or those that the values are given by. */
function byComponent(
  { chart, ours }: Entry,
  pattern: readonly string[],
  components: ReadonlyMap<string, readonly string[]>,
): Difference[] {
  const index = pattern.findIndex((segment) => segment.includes("*"));
  const star = pattern[index] ?? "";
  const [start = "", end = ""] = star.split("*");
  const known = components.get(pattern.slice(0, Math.max(index, 0)).join(separator)) ?? [];
  const meant = known.filter((name) => name.startsWith(start) && name.endsWith(end));
  const given = [chart, ours].flatMap((value) => (typeof value === "object" ? Object.keys(value) : []));
  const names = new Set(given.length > 0 ? given : meant);
  // A star that stands for nothing is left as it is, and so never met.
  return [...(names.size > 0 ? names : [star])].map((name) => ({
    path: pattern.map((segment, place) => (place === index ? name : segment)).join(separator),
    chart: valueFor(name, chart),
    ours: valueFor(name, ours),
  }));
}

function valueFor(component: string, value: Entry["chart"]): string {
  return String(typeof value === "object" ? (value[component] ?? absent) : value);
}
