import { isDeepStrictEqual } from "node:util";
import type { DatasetsServerArgs } from "../../components/buildObjects";
import { checksumMarker, type PlainObject } from "../../components/objects";
import { plainObjects } from "../lib/objects";
import { stackFile } from "../lib/project";
import { readStack } from "../lib/stackFile";
import { type Plan, type PlanEvent, readPlan } from "../review/plan";

/** A change of a stack, by what its objects are built from or by what is built. */
interface Example {
  /** Default: prod. */
  readonly stack?: "pr-7";
  readonly args?: (args: DatasetsServerArgs) => Partial<DatasetsServerArgs>;
  readonly object?: (object: PlainObject) => PlainObject;
}

/** Changes of each kind that a forecast tells apart. */
const examples: Readonly<Record<string, Example>> = {
  image: { args: ({ images }) => ({ images: { ...images, tag: "sha-2222222" } }) },
  setting: { args: ({ variables }) => ({ variables: new Map([...variables, ["log", { LOG_LEVEL: "WARNING" }]]) }) },
  secret: { object: (object) => (named(object, "api") ? replacing(object, checksumMarker, "another") : object) },
  replicas: {
    args: ({ services: { api, ...others } }) => ({
      services: { ...others, ...(api && { api: { ...api, replicas: api.replicas + 3 } }) },
    }),
  },
  "node-pool": {
    args: ({ services: { rows, ...others } }) => ({
      services: { ...others, ...(rows && { rows: { ...rows, nodePool: "datasets-server-api" } }) },
    }),
  },
  strategy: {
    object: (object) => (named(object, "api") ? replacing(object, '"maxSurge":"25%"', '"maxSurge":"50%"') : object),
  },
  host: {
    args: ({ endpoints }) => ({
      endpoints: { ...endpoints, public: { ...endpoints.public, host: "new.huggingface.co" } },
    }),
  },
  environment: { stack: "pr-7", args: ({ images }) => ({ images: { ...images, tag: "sha-2222222" } }) },
};

/** Returns plans of an example each, by its name. */
export function forecastExamples(): Record<string, Plan> {
  return Object.fromEntries(Object.entries(examples).map(([name, example]) => [name, planOf(example)]));
}

function planOf({ stack, args: change, object = (same) => same }: Example): Plan {
  const name = stack ?? "prod";
  const { datasetsServer } = readStack(name, stackFile(name), {}).config;
  const args = { ...datasetsServer, images: { ...datasetsServer.images, tag: "sha-1111111" } };
  return readPlan(name, eventsOf(plainObjects(args), plainObjects({ ...args, ...change?.(args) }).map(object)));
}

/** The events of a preview, as far as a review reads them. */
function eventsOf(before: readonly PlainObject[], after: readonly PlainObject[]): PlanEvent[] {
  const urnOf = ({ apiVersion, kind, metadata }: PlainObject) =>
    `urn:pulumi:prod::datasets-server::kubernetes:${apiVersion}:${kind}::${metadata.name}`;
  const urns = [...new Set([...before, ...after].map(urnOf))];
  const state = (objects: readonly PlainObject[], urn: string) => {
    const inputs = objects.find((object) => urnOf(object) === urn);
    return inputs && { type: `kubernetes:${inputs.apiVersion}:${inputs.kind}`, custom: true, inputs };
  };
  const steps = urns.map((urn) => {
    const [old, wanted] = [state(before, urn), state(after, urn)];
    const op = !old ? "create" : !wanted ? "delete" : isDeepStrictEqual(old, wanted) ? "same" : "update";
    return { op, urn, ...(old && { old }), ...(wanted && { new: wanted }) } as const;
  });
  const same = steps.filter(({ op }) => op === "same").length;
  return [
    ...steps.map((metadata) => ({ resourcePreEvent: { metadata } })),
    { summaryEvent: { resourceChanges: { same } } },
  ];
}

function named({ kind, metadata }: PlainObject, component: string): boolean {
  return kind === "Deployment" && metadata.name.endsWith(`-${component}`);
}

function replacing(object: PlainObject, text: string, other: string): PlainObject {
  return JSON.parse(JSON.stringify(object).replaceAll(text, other));
}
