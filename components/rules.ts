import * as pulumi from "@pulumi/pulumi";
import { hiddenMarker, hideValues } from "../policy/hidden";
import type { StackFacts } from "../policy/inventory";
import type { DatasetsServerArgs } from "./datasetsServer";
import { componentLabel, stackLabels } from "./names";
import { Refusal } from "./refusal";

/** Holds a component and all that is in it back until the rules have seen the objects. */
export interface Gate {
  /** Options of the component: they note its objects, and let none of them be registered. */
  readonly options: Required<Pick<pulumi.ComponentResourceOptions, "dependsOn" | "transformations">>;
  /**
   * Lets the component and its objects be registered, once it is made. Findings and exceptions are shown.
   *
   * Throws a Refusal, and leaves everything unregistered for good, when a mandatory rule finds something.
   */
  pass(): Promise<void>;
}

/** A gate in front of a stack's objects. */
export function rulesGate(facts: StackFacts): Gate {
  const objects: unknown[] = [];
  let open = () => {};
  const opened = new Promise<pulumi.Resource[]>((resolve) => {
    open = () => resolve([]);
  });
  return {
    options: {
      // What is in a component waits for it, so that the component alone has to wait for the gate.
      dependsOn: opened,
      transformations: [
        ({ type, props }) => {
          if (type.startsWith("kubernetes:")) {
            objects.push(type === "kubernetes:core/v1:Secret" ? plainSecret(props) : plain(props));
          }
          return undefined;
        },
      ],
    },
    pass: async () => {
      // Loaded only here: by now the engine is starting the provider's process.
      const { judgeObjects } = await import("../policy/report");
      const { refusal, remarks } = judgeObjects(await Promise.all(objects), facts);
      if (remarks !== undefined) {
        await pulumi.log.warn(remarks);
      }
      if (refusal !== undefined) {
        throw new Refusal(refusal);
      }
      open();
    },
  };
}

/** What the rules must be told of a stack's objects. */
export function factsOf({
  scope,
  entrances,
  parquetMetadata,
}: Pick<DatasetsServerArgs, "scope" | "entrances" | "parquetMetadata">): StackFacts {
  return {
    stack: scope.stack,
    namespace: scope.namespace,
    internalHosts: entrances.internal ? [entrances.internal.host] : [],
    externalClaims: parquetMetadata.create ? [] : [parquetMetadata.claim],
    selectorLabels: [componentLabel(scope), ...Object.keys(stackLabels(scope))],
  };
}

/** A copy of an object's arguments with a marker in the place of each value that is an Output. */
function plain(value: unknown): unknown {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) {
    return hiddenMarker;
  }
  if (Array.isArray(value)) {
    return value.map(plain);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** The arguments of a Secret: the SDK hides even the names of its keys, and those are no secret. */
async function plainSecret(props: pulumi.Inputs): Promise<unknown> {
  const [data, stringData] = await Promise.all([entriesOf(props.data), entriesOf(props.stringData)]);
  return { kind: props.kind, metadata: plain(props.metadata), data, stringData };
}

/** The entries come from the configuration: nothing else is there yet. */
async function entriesOf(hidden: pulumi.Input<Readonly<Record<string, string>>> = {}): Promise<Record<string, string>> {
  return hideValues(await new Promise<object>((resolve) => void pulumi.output(hidden).apply(resolve)));
}
