import { z } from "zod";

export type Labels = Readonly<Record<string, string>>;

export const labelsShape = z.record(z.string(), z.string());

const expressionShape = z.object({
  key: z.string(),
  operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
  values: z.array(z.string()).default([]),
});

export const selectorShape = z.object({
  matchLabels: labelsShape.default({}),
  matchExpressions: z.array(expressionShape).default([]),
});

/** A label selector as Kubernetes writes it, with what it leaves out filled in. */
export type Selector = z.infer<typeof selectorShape>;

/** Whether a selector selects what has these labels; an empty one selects everything. */
export function selects({ matchLabels, matchExpressions }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((expression) => meets(expression, labels))
  );
}

/** The label keys that a selector asks for. */
export function selectorKeys({ matchLabels, matchExpressions }: Selector): string[] {
  return [...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)];
}

/** The selector of a Service, which is a plain map of labels. */
export function labelSelector(matchLabels: Labels): Selector {
  return { matchLabels: { ...matchLabels }, matchExpressions: [] };
}

/** A selector in one line, as kubectl writes it. */
export function selectorText({ matchLabels, matchExpressions }: Selector): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const expressions = matchExpressions.map(({ key, operator, values }) => `${key} ${operator} (${values.join(", ")})`);
  return [...labels, ...expressions].join(", ") || "everything";
}

function meets({ key, operator, values }: z.infer<typeof expressionShape>, labels: Labels): boolean {
  const value = labels[key];
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}
