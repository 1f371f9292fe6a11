import type { z } from "zod";
import { serviceNames } from "../catalog/services";
import * as field from "./fields";
import { type ConfigIssue, unexpected } from "./issues";

/** What one run is told of its pull request, beside the stack file that all of them share. */
const parameters = {
  imageTag: { variable: "DATASETS_SERVER_PR_IMAGE_TAG", record: "image-tag", schema: field.imageTag },
  title: { variable: "DATASETS_SERVER_PR_TITLE", record: "title", schema: field.shown },
  author: { variable: "DATASETS_SERVER_PR_AUTHOR", record: "author", schema: field.shown },
  headSha: { variable: "DATASETS_SERVER_PR_HEAD_SHA", record: "head-sha", schema: field.commit },
  expires: { variable: "DATASETS_SERVER_PR_EXPIRES", record: "expires", schema: field.moment },
  loadBalancer: {
    variable: "DATASETS_SERVER_PR_LOAD_BALANCER",
    record: "load-balancer",
    schema: field.groupedLoadBalancer,
  },
  firstOrder: { variable: "DATASETS_SERVER_PR_FIRST_ORDER", record: "first-order", schema: field.ingressOrder },
} as const satisfies Readonly<Record<string, Parameter>>;

interface Parameter {
  /** The environment variable that tells a run of it. */
  readonly variable: string;
  /** What it is called where it is recorded: in the annotations of the namespace and the tags of the stack. */
  readonly record: string;
  readonly schema: z.ZodType<string>;
}

export type ParameterName = keyof typeof parameters;

/** What is known of a pull request's environment: the image it runs, whose it is, of which commit, until when, and where its rules are. */
export type Parameters = Readonly<Partial<Record<ParameterName, string>>>;

const parameterNames = Object.keys(parameters).filter((name): name is ParameterName => Object.hasOwn(parameters, name));

/** The variables that tell a run of the engine these parameters, and none that this process was told. */
export function parameterVariables(values: Parameters): NodeJS.ProcessEnv {
  return Object.fromEntries(parameterNames.map((name) => [parameters[name].variable, values[name] ?? ""]));
}

/** The parameters of this run; a variable that is empty counts as one that is not there. */
export function readParameters(variables: NodeJS.ProcessEnv): Parameters {
  return fromTexts((name) => variables[parameters[name].variable]);
}

/** Parameters by the names under which they are recorded. */
export function parameterRecords(values: Parameters): Readonly<Record<string, string>> {
  return Object.fromEntries(
    parameterNames.flatMap((name) => {
      const value = values[name];
      return value === undefined ? [] : [[parameters[name].record, value]];
    }),
  );
}

/** The parameters among records; one that is missing, or that nobody could have recorded, is left out. */
export function recordedParameters(records: Readonly<Record<string, string>>): Parameters {
  return fromTexts((name) => parameters[name].schema.safeParse(records[parameters[name].record]).data);
}

/** The parameters that the output `pullRequest` of a stack's last update has, which may be one of another version of the program. */
export function outputParameters(output: unknown): Parameters {
  const values = new Map<string, unknown>(Object.entries(Object(output)));
  return fromTexts((name) => parameters[name].schema.safeParse(values.get(name)).data);
}

/** Parameters as someone gave them; one that is empty counts as one that is not there. */
export function givenParameters(values: Readonly<Partial<Record<ParameterName, string | undefined>>>): Parameters {
  return fromTexts((name) => values[name]);
}

/** What a schema does not take stays as it is, for the issue to show. */
function fromTexts(text: (name: ParameterName) => string | undefined): Parameters {
  const entries = parameterNames.map((name) => {
    const given = text(name);
    return [name, parameters[name].schema.safeParse(given).data ?? given] as const;
  });
  return Object.fromEntries(entries.filter(([, value]) => value));
}

/** What is wrong with parameters, called as whoever gave them knows them. Default: by their variables. */
export function parameterIssues(values: Parameters, keys: Parameters = {}): ConfigIssue[] {
  return parameterNames.flatMap((name) => {
    const { variable, schema } = parameters[name];
    return values[name] === undefined ? [] : valueIssues(keys[name] ?? variable, values[name], schema);
  });
}

/** The issue of one value, if it has one. */
export function valueIssues(key: string, value: string, schema: z.ZodType): ConfigIssue[] {
  const { error } = schema.safeParse(value);
  return error ? [{ key, message: unexpected(value, error.issues[0]?.message ?? "another") }] : [];
}

/** Where an environment's rules are: on which load balancer, and from which order in its group on. */
export interface LoadBalancerPlace {
  readonly loadBalancer: string;
  readonly firstOrder: number;
}

/** The lowest and the highest order that an Ingress may have in its group. */
const orders = { lowest: -1000, highest: 1000 } as const;

/** How many orders an environment has: one for each service that it may have. */
const each = serviceNames.length;

/** The first orders that environments of one load balancer may have. Two that share some do no harm, as their hosts differ. */
const firstOrders = Array.from(
  { length: Math.floor((orders.highest - orders.lowest + 1) / each) },
  (_, turn) => orders.lowest + turn * each,
);

/**
 * Returns the place of an environment whose place is not recorded, by its number. It is another one with another list, so it is for
 * environments from before places were recorded, and for stacks that no `ds pr up` made.
 */
export function loadBalancerPlace(number: number, loadBalancers: readonly string[]): LoadBalancerPlace {
  const turn = Math.floor(number / loadBalancers.length) % firstOrders.length;
  return {
    loadBalancer: loadBalancers[number % loadBalancers.length] ?? "",
    firstOrder: firstOrders[turn] ?? orders.lowest,
  };
}

/** Returns the first orders of an environment that has one of these. */
export function firstOrderOf(order: number): number {
  return firstOrders.findLast((first) => first <= order) ?? orders.lowest;
}

/** Returns the lowest first order where none of these orders is in the way. */
export function freeFirstOrder(taken: readonly number[]): number {
  const isFree = (first: number) => !taken.some((order) => order >= first && order < first + each);
  return firstOrders.find(isFree) ?? orders.lowest;
}

/** Returns the place among parameters; undefined where it is not recorded. */
export function recordedPlace({ loadBalancer, firstOrder }: Parameters): LoadBalancerPlace | undefined {
  return loadBalancer === undefined || firstOrder === undefined
    ? undefined
    : { loadBalancer, firstOrder: Number(firstOrder) };
}

/** Returns a place as parameters. */
export function placeParameters({ loadBalancer, firstOrder }: LoadBalancerPlace): Parameters {
  return { loadBalancer, firstOrder: String(firstOrder) };
}

/** Milliseconds of a lifetime such as 12h or 7d. */
export function lifetimeMs(lifetime: string): number {
  const hours = lifetime.endsWith("d") ? 24 : 1;
  return Number.parseInt(lifetime, 10) * hours * 60 * 60_000;
}
