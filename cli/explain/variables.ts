import { readersOf } from "../../catalog/readers";
import type { DerivedVariable, SettableVariable, Variable } from "../../catalog/variables";
import { variableText } from "../../config/document";
import { fileWorkloads } from "../../config/fileWorkloads";
import { changeOf, documentation, type Page, type Row, unmarked, valueHead, valueRow } from "./page";
import { componentsOf, type PodMaker, podsText } from "./pods";
import { secretVariablePage } from "./secrets";
import { type ExplainedStack, sourceOf, valueText } from "./stacks";

/** Explains an environment variable of the application. */
export function variablePage(name: string, definition: Variable, stacks: readonly ExplainedStack[]): Page {
  const { group, does } = definition;
  const facts = {
    "read by": group === "pod" ? "the pods that it is set in" : readersOf(group).join(", "),
    documentation: documentation(name),
  };
  if ("secret" in definition) {
    return { name, does, ...secretVariablePage(definition.secret, facts, stacks) };
  }
  const isDerived = "derivedFrom" in definition;
  const kind = isDerived ? `derived from ${definition.derivedFrom}` : unmarked(variableText(definition));
  return {
    name,
    does,
    facts: { "what it may be": kind, ...facts },
    head: valueHead,
    rows: stacks.flatMap((stack) =>
      isDerived ? derivedRows(stack, name, definition) : settableRows(stack, name, definition),
    ),
  };
}

function derivedRows(stack: ExplainedStack, name: string, { derivedFrom }: DerivedVariable): Row[] {
  const values = [...valuesInPods(stack, name)];
  return values.length === 0
    ? [{ cells: [stack.title, valueText(undefined), ""] }]
    : values.map(([value, makers]) => ({
        cells: [
          values.length === 1 ? stack.title : `${stack.title}, ${componentsOf(makers).join(", ")}`,
          valueText(value),
          `derived from ${derivedFrom}`,
        ],
        restarts: podsText(makers),
      }));
}

/** The value for all that read the variable, and those of workloads that have their own. */
function settableRows(stack: ExplainedStack, name: string, definition: SettableVariable): Row[] {
  const { group, type, value, builtIn } = definition;
  const examples = [value ?? builtIn, ...(type.is === "word" ? type.words : [])];
  const common = stack.config.datasetsServer.variables.get(group)?.[name];
  const path = ["env", name];
  return [
    {
      cells: [stack.title, valueText(common), sourceOf(stack, path) || "default"],
      restarts: changeOf(stack, path, examples),
    },
    ...ownPaths(stack, name).map((own) => valueRow(`${stack.title}, ${own.at(-3)}`, stack, own, examples)),
  ];
}

/** The workloads that a stack gives a value of their own, each as the path of that value. */
function ownPaths({ file }: ExplainedStack, name: string): string[][] {
  return fileWorkloads(file).flatMap(({ key, env }) => (env[name] === undefined ? [] : [[...key, "env", name]]));
}

/** The values that a variable has in a stack's pods, each with what makes those. */
function valuesInPods(stack: ExplainedStack, name: string): Map<string, PodMaker[]> {
  const { containers, configMaps } = stack.inventory;
  const found = new Map<string, PodMaker[]>();
  for (const { container, object } of containers) {
    const read = container.envFrom.map(({ configMapRef }) => configMapRef?.name);
    const shared = configMaps.filter(({ metadata }) => read.includes(metadata.name)).map(({ data }) => data[name]);
    const own = container.env.find((variable) => variable.name === name)?.value;
    const value = own ?? shared.find((text) => text !== undefined);
    if (value !== undefined) found.set(value, [...(found.get(value) ?? []), object]);
  }
  return found;
}
