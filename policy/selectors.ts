import type { Selector } from "./shapes";

export type Labels = Readonly<Record<string, string>>;

/** Tells whether a selector selects what has these labels; an empty one selects everything. */
export function selects({ matchLabels, matchExpressions }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, values }) => values.some((value) => labels[key] === value))
  );
}

/** Returns the label keys that a selector asks for. */
export function selectorKeys({ matchLabels, matchExpressions }: Selector): string[] {
  return [...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)];
}

/** Returns the selector of a Service, which is a plain map of labels. */
export function labelSelector(matchLabels: Record<string, string>): Selector {
  return { matchLabels, matchExpressions: [] };
}

/** Returns a selector in one line, as kubectl writes it. */
export function selectorText({ matchLabels, matchExpressions }: Selector): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const expressions = matchExpressions.map(({ key, operator, values }) => `${key} ${operator} (${values.join(", ")})`);
  return [...labels, ...expressions].join(", ") || "everything";
}
