import { createHmac } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { metadata, type Scope } from "../../catalog/names";
import { type SecretKey, secretName, secretPlaces } from "../../catalog/secrets";
import { type BuiltObject, built } from "../objects";

/** Secret values by config key, each marked secret from the stack file to here. */
export type SecretValues = Readonly<Partial<Record<SecretKey, pulumi.Output<string>>>>;

/**
 * An environment variable that holds a secret. The Secret is named by plain text: an entry that held a secret Output
 * would hide the whole list in every diff.
 */
export function secretVariable(name: string, key: SecretKey) {
  return { name, valueFrom: { secretKeyRef: { name: secretName(key), key: secretPlaces[key].key } } };
}

/**
 * A checksum of the secrets that a pod reads, safe to show: without the key no one can test guesses against it.
 *
 * The key is a secret of the stack's config.
 */
export function secretsChecksum(
  keys: readonly SecretKey[],
  values: SecretValues,
  checksumKey: pulumi.Output<string>,
): pulumi.Output<string> {
  const content = pulumi.all(keys.map((key) => values[key])).apply((texts) => JSON.stringify(texts));
  const checksum = pulumi
    .all([checksumKey, content])
    .apply(([key, text]) => createHmac("sha256", key).update(text).digest("hex").slice(0, 32));
  return pulumi.unsecret(checksum);
}

/** One Secret for each concern that has values. */
export function secretObjects(scope: Scope, values: SecretValues): BuiltObject<"Secret">[] {
  const entries = Object.entries(secretPlaces).flatMap(([name, { concern, key }]) => {
    const value = new Map(Object.entries(values)).get(name);
    return value === undefined ? [] : [{ concern, key, value }];
  });
  const concerns = [...new Set(entries.map(({ concern }) => concern))];
  return concerns.map((concern) => {
    const inside = entries.filter((entry) => entry.concern === concern);
    return built(
      "Secret",
      {
        metadata: metadata(scope, concern, { name: `datasets-server-${concern}` }),
        type: "Opaque",
        stringData: Object.fromEntries(inside.map(({ key, value }) => [key, value])),
      },
      { id: `${scope.release}-${concern}` },
    );
  });
}
