import { z } from "zod";
import { stackLabel } from "../components/names";
import { hiddenMarker, hideValues } from "./hidden";
import { objectId, type StackFacts } from "./inventory";
import { type KubernetesObject, objectShape } from "./shapes";

/** A resource as a policy pack gets it. */
export interface PackResource {
  readonly type: string;
  readonly urn: string;
  readonly props: Readonly<Record<string, unknown>>;
}

/** The Kubernetes objects among a program's or a state's resources. */
export interface ResourceObjects {
  readonly objects: readonly unknown[];
  /** The resource of each object by what messages call the object. */
  readonly urns: ReadonlyMap<string, string>;
  /** What follows from the objects themselves. */
  readonly facts: StackFacts;
}

const told = z.object({
  namespace: z.string(),
  internalHosts: z.array(z.string()),
  externalClaims: z.array(z.string()),
});

const texts = { type: "array", items: { type: "string" } } as const;

/** The facts that a rule may be told in the pack's configuration. */
export const toldFactsSchema = {
  properties: { namespace: { type: "string" as const }, internalHosts: texts, externalClaims: texts },
};

export function toldFacts(config: object): Partial<StackFacts> {
  const { namespace, internalHosts, externalClaims } = told.partial().parse(config);
  return {
    ...(namespace && { namespace }),
    ...(internalHosts && { internalHosts }),
    ...(externalClaims && { externalClaims }),
  };
}

/** Reads resources; what has no name of its own, such as a list of objects, is left out. */
export function resourceObjects(resources: readonly PackResource[]): ResourceObjects {
  const objects: unknown[] = [];
  const urns = new Map<string, string>();
  const hiddenSecrets: string[] = [];
  const named: KubernetesObject[] = [];
  for (const { urn, props } of resources.filter(({ type }) => type.startsWith("kubernetes:"))) {
    const object = withoutSecrets(plain(props));
    const { data } = objectShape.safeParse(object);
    if (data) {
      const isClosed = closedSecret.safeParse(object).success;
      objects.push(isClosed ? { kind: data.kind, metadata: data.metadata } : object);
      if (isClosed) hiddenSecrets.push(data.metadata.name);
      named.push(data);
      urns.set(objectId(data), urn);
    }
  }
  const namespace = mostCommon(named.map(({ metadata }) => metadata.namespace)) ?? "default";
  const stack = mostCommon(named.map(({ metadata }) => metadata.labels[stackLabel])) ?? stackOf(resources);
  return { objects, urns, facts: { stack, namespace, internalHosts: [], externalClaims: [], hiddenSecrets } };
}

/** A copy with a marker for each value that is not known yet: to read one throws. What is null is left out, as a state has it. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((_, index) => plain(known(value, index)));
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const entries = Object.keys(value).map((key) => [key, plain(known(value, key))] as const);
  return Object.fromEntries(entries.filter(([, inner]) => inner !== null && inner !== undefined));
}

function known(container: object, key: string | number): unknown {
  try {
    return Reflect.get(container, key);
  } catch {
    return hiddenMarker;
  }
}

const entries = z.record(z.string(), z.unknown()).default({});
const secretObject = z.looseObject({ kind: z.literal("Secret"), data: entries, stringData: entries });

function withoutSecrets(object: unknown): unknown {
  const secret = secretObject.safeParse(object).data;
  return secret ? { ...secret, data: hideValues(secret.data), stringData: hideValues(secret.stringData) } : object;
}

/** A Secret of a state that cannot be decrypted: a text stands in the place of its entries. */
const closedSecret = z
  .looseObject({ kind: z.literal("Secret"), data: z.string() })
  .or(z.looseObject({ kind: z.literal("Secret"), stringData: z.string() }));

/** The stack as a URN says it. */
function stackOf([resource]: readonly PackResource[]): string {
  return resource?.urn.split(":")[2] ?? "";
}

function mostCommon(values: readonly (string | undefined)[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) {
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
