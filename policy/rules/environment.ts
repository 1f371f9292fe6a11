import { containersOf, type Inventory, secretKeys } from "../inventory";
import type { Container } from "../podShapes";
import { finding, type Rule } from "../rule";

export const variablesHaveValues: Rule = {
  level: "mandatory",
  why: "An empty variable passes for one that is set: an empty webhook secret lets in who sends none.",
  check: ({ workloads, configMaps, secrets }) => [
    ...[
      ...configMaps.map((object) => ({ object, entries: { data: object.data } })),
      ...secrets.map((object) => ({ object, entries: { data: object.data, stringData: object.stringData } })),
    ].flatMap(({ object, entries }) =>
      Object.entries(entries).flatMap(([field, values]) =>
        Object.entries(values)
          .filter(([, value]) => isBlank(value))
          .map(([key, value]) => finding(object, `${field}.${key}`, value, "give it a value, or leave it out")),
      ),
    ),
    ...workloads.flatMap((workload) =>
      containersOf(workload).flatMap(({ container, path }) =>
        container.env
          .map((variable, index) => ({ ...variable, path: `${path}.env[${index}]` }))
          .filter(({ value, valueFrom }) => valueFrom === undefined && isBlank(value ?? ""))
          .map(({ name, path: place }) => finding(workload.object, place, name, "give it a value, or leave it out")),
      ),
    ),
  ],
};

export const variablesAreDefinedOnce: Rule = {
  level: "mandatory",
  why: "Of two definitions one wins in silence, and it is not the one that somebody just changed.",
  check: (inventory) =>
    inventory.workloads.flatMap((workload) =>
      containersOf(workload).flatMap(({ container, path }) =>
        [...origins(inventory, container)]
          .filter(([, places]) => places.length > 1)
          .map(([name, places]) =>
            finding(workload.object, `${path}.env`, name, `define it once, not in ${places.join(", ")}`),
          ),
      ),
    ),
};

/** Where each variable of a container comes from. */
function origins({ configMaps, secrets }: Inventory, { env, envFrom }: Container): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const add = (name: string, origin: string) => found.set(name, [...(found.get(name) ?? []), origin]);
  for (const { prefix, configMapRef, secretRef } of envFrom) {
    const configMap = configMaps.find(({ metadata }) => metadata.name === configMapRef?.name);
    const secret = secrets.find(({ metadata }) => metadata.name === secretRef?.name);
    for (const key of Object.keys(configMap?.data ?? {})) {
      add(prefix + key, `ConfigMap ${configMapRef?.name}`);
    }
    for (const key of secret ? secretKeys(secret) : []) {
      add(prefix + key, `Secret ${secretRef?.name}`);
    }
  }
  for (const { name } of env) {
    add(name, "env");
  }
  return found;
}

function isBlank(value: unknown): boolean {
  return typeof value === "string" && value.trim() === "";
}
