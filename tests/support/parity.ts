import { z } from "zod";
import { helmPrefix } from "../../catalog/names";
import { parseQuantity } from "../../catalog/quantity";
import { type KubernetesObject, plainObjects } from "../../cli/lib/objects";
import { listenerRules } from "../../policy/loadBalancer";
import { ingressShape } from "../../policy/shapes";
import { chartObjects, helmRelease } from "./e2e/chart";
import { stackConfig } from "./stackConfig";

/** A field in which an object of the Helm chart and its counterpart here differ; an object that only one has has no fields. */
export interface Difference {
  /** Such as `Deployment api`. */
  readonly object: string;
  readonly field: string;
  readonly chart: string;
  readonly ours: string;
}

/** Builds the objects of stack prod from a configuration, under the names that the chart gives them. */
export async function productionObjects(config: Readonly<Record<string, string>>): Promise<KubernetesObject[]> {
  const helm = JSON.stringify({ release: helmRelease });
  return plainObjects(
    (await stackConfig("prod", { config: { ...config, "datasets-server:helm": helm } })).datasetsServer,
  );
}

/** Compares objects with those of the chart's production. Labels, and registries and tags of images, are not compared. */
export function differencesFromChart(objects: readonly KubernetesObject[]): Difference[] {
  const chart = treesByName(chartObjects());
  const ours = treesByName(objects);
  return [...new Set([...chart.keys(), ...ours.keys()])].sort().flatMap((object) => {
    const [one, other] = [chart.get(object), ours.get(object)];
    return one && other
      ? differences(one, other).map(({ field, ...values }) => ({
          object,
          field: field.replace(/^spec\.(jobTemplate\.spec\.)?template\.spec\./, "pod."),
          ...values,
        }))
      : [{ object, field: "", chart: one ? "present" : "absent", ours: other ? "present" : "absent" }];
  });
}

type AnyObject = Pick<KubernetesObject, "kind" | "metadata"> & Readonly<Record<string, unknown>>;

/** An object, or a part of one, in a form that does not depend on how it is written. */
type Tree = string | { readonly [field: string]: Tree };

type Settings = ReadonlyMap<string, Readonly<Record<string, string>>>;

function treesByName(objects: readonly AnyObject[]): ReadonlyMap<string, Tree> {
  const settings: Settings = new Map(
    objects
      .filter(({ kind }) => kind === "ConfigMap")
      .map(({ metadata, data }) => [metadata.name, z.record(z.string(), z.string()).parse(data)]),
  );
  return new Map(
    objects.map((object) => {
      const { kind, metadata, apiVersion: _version, spec, ...fields } = object;
      const name = metadata.name.replace(`${helmPrefix(helmRelease)}-`, "").replace(/^job-|-[0-9a-f]{7,40}$/g, "");
      const comparable = { ...fields, spec: kind === "Ingress" ? comparableIngress(object) : spec };
      return [`${kind} ${name}`, treeOf({ ...comparable, annotations: metadata.annotations }, settings)];
    }),
  );
}

function differences(one: Tree | undefined, other: Tree | undefined, field = ""): Omit<Difference, "object">[] {
  if (typeof one === "object" && typeof other === "object") {
    return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((key) =>
      differences(one[key], other[key], field && !key.startsWith("[") ? `${field}.${key}` : field + key),
    );
  }
  return meaning(field, one) === meaning(field, other) ? [] : [{ field, chart: text(one), ours: text(other) }];
}

function text(tree: Tree | undefined): string {
  return tree === undefined ? "absent" : typeof tree === "string" ? tree : JSON.stringify(tree);
}

/** Items of a list are known by what names them, wherever they stand. */
function treeOf(value: unknown, settings: Settings): Tree {
  if (typeof value !== "object" || value === null) {
    return String(value);
  }
  if (Array.isArray(value)) {
    const items = value.map((item, index) => [`[${itemName(item) ?? index}]`, treeOf(item, settings)] as const);
    return items.every(([, item]) => typeof item === "string")
      ? items.map(([, item]) => item).join(" ")
      : Object.fromEntries(items);
  }
  const pod = podSpec.safeParse(value);
  return Object.fromEntries(
    Object.entries(pod.success ? comparablePod(pod.data, settings) : value)
      .filter(
        ([key, member]) =>
          member !== undefined && !["labels", "labelSelector"].includes(key) && !key.startsWith("pulumi.com/"),
      )
      .map(([key, member]) => [key, treeOf(member, settings)] as const)
      .filter(([, tree]) => typeof tree === "string" || Object.keys(tree).length > 0),
  );
}

function itemName(item: unknown): unknown {
  const members = new Map(Object.entries(Object(item)));
  return ["name", "path", "host", "key", "topologyKey"]
    .map((key) => members.get(key))
    .find((name) => name !== undefined);
}

/** An Ingress by the requests that it answers, in however many rules they are. */
function comparableIngress(object: AnyObject) {
  const { rules: _rules, ...spec } = z.looseObject({}).parse(object.spec);
  const answers = listenerRules(ingressShape.parse(object)).map(({ host, pathType, path, backend: { service } }) => {
    return [`${host} ${pathType} ${path}`, `${service.name} ${service.port.name}`];
  });
  return { ...spec, answers: Object.fromEntries(answers) };
}

const podSpec = z.looseObject({
  containers: z.tuple([
    z.looseObject({
      name: z.string(),
      image: z.string(),
      env: z
        .array(
          z.object({
            name: z.string(),
            value: z.string().default(""),
            valueFrom: z.object({ secretKeyRef: z.object({ key: z.string() }) }).optional(),
          }),
        )
        .default([]),
      envFrom: z.array(z.object({ configMapRef: z.object({ name: z.string() }) })).default([]),
      volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })).default([]),
    }),
  ]),
  volumes: z.array(z.looseObject({ name: z.string() })).default([]),
});

/** A pod as its process sees it: variables and folders, from wherever they come. */
function comparablePod(pod: z.infer<typeof podSpec>, settings: Settings) {
  const { containers, volumes, ...rest } = pod;
  const [{ name: _name, image, env, envFrom, volumeMounts, ...container }] = containers;
  const sources = new Map(volumes.map(({ name, ...source }) => [name, source]));
  return {
    ...rest,
    image,
    env: {
      ...Object.assign({}, ...envFrom.map(({ configMapRef }) => settings.get(configMapRef.name))),
      ...Object.fromEntries(
        env.map(({ name, value, valueFrom }) => [name, valueFrom ? `secret ${valueFrom.secretKeyRef.key}` : value]),
      ),
    },
    folders: Object.fromEntries(
      volumeMounts.map(({ name, mountPath, ...mount }) => [mountPath, { ...mount, ...sources.get(name) }]),
    ),
    container,
  };
}

/** What a field means, however it is written. */
function meaning(field: string, tree: Tree | undefined): string | number | undefined {
  const written = tree && text(tree);
  if (written === undefined) {
    return undefined;
  }
  if (field.includes(".resources.")) {
    return parseQuantity(written) ?? written;
  }
  if (field.endsWith(".image")) {
    return written.replace(/^.*datasets-server-(services-|jobs-)?/, "").replace(/:.*$/, "");
  }
  if (field.includes(".env.")) {
    // Python reads 5_000 and 5000 alike, and the application levels in any case.
    return /^[\d_]+$/.test(written)
      ? written.replaceAll("_", "")
      : /LOG_LEVEL$/.test(field)
        ? written.toUpperCase()
        : written;
  }
  // The load balancer's controller reads the keys of JSON in any case.
  return /^annotations\..*\/(actions|listen-ports)/.test(field) ? written.replace(/\s/g, "").toLowerCase() : written;
}
