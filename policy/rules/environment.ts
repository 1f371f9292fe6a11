import { type Inventory, secretKeys } from "../inventory";
import type { Rules } from "../rule";
import type { Container } from "../shapes";

export const environmentRules = {
  "variables-have-values": {
    level: "mandatory",
    why: "An empty variable passes for one that is set: an empty webhook secret lets in who sends none.",
    check: ({ containers, configMaps, secrets }, expect) => {
      const fix = "give it a value, or leave it out";
      const entries = [
        ...configMaps.map((object) => ({ object, field: "data", values: object.data })),
        ...secrets.flatMap((object) => [
          { object, field: "data", values: object.data },
          { object, field: "stringData", values: object.stringData },
        ]),
      ];
      for (const { object, field, values } of entries) {
        for (const [key, value] of Object.entries(values)) {
          expect(value.trim() !== "", object, `${field}.${key}`, value, fix);
        }
      }
      for (const { object, container, path } of containers) {
        for (const [index, { name, value = "", valueFrom }] of container.env.entries()) {
          expect(valueFrom !== undefined || value.trim() !== "", object, `${path}.env[${index}]`, name, fix);
        }
      }
    },
  },

  "variables-are-defined-once": {
    level: "mandatory",
    why: "Of two definitions one overrides the other in silence, and it may be the old one.",
    check: (inventory, expect) => {
      for (const { object, container, path } of inventory.containers) {
        for (const [name, places] of origins(inventory, container)) {
          const fix = `define it once, not in ${places.join(", ")}`;
          expect(places.length === 1, object, `${path}.env`, name, fix);
        }
      }
    },
  },
} satisfies Rules;

/** Returns where each variable of a container comes from. */
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
