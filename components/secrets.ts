import { createHmac } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { metadata, type Scope } from "./names";

/** Where a secret value of the stack's config goes: a Secret, one per concern, and a key in it. */
export interface SecretPlace {
  readonly secret: string;
  readonly key: string;
}

export type SecretKey = "hfToken";

export const secretPlaces: Readonly<Record<SecretKey, SecretPlace>> = {
  hfToken: { secret: "datasets-server-hf-token", key: "HF_TOKEN" },
};

export const secretKeys: readonly SecretKey[] = ["hfToken"];

/** Secret values by config key, each marked secret from the stack file to here. */
export type SecretValues = Readonly<Record<SecretKey, pulumi.Output<string>>>;

/** The annotation that changes with the secrets a pod reads, so that the pod is rolled. */
export const checksumAnnotation = "datasets-server.huggingface.co/secrets-checksum";

/**
 * A checksum of the secrets that a pod reads, safe to show: without the key nobody can test guesses against it.
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

/** Makes one Secret per concern. */
export function createSecrets(
  scope: Scope,
  values: SecretValues,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Secret[] {
  const names = [...new Set(secretKeys.map((key) => secretPlaces[key].secret))];
  return names.map((name) => createSecret(scope, name, values, opts));
}

function createSecret(
  scope: Scope,
  name: string,
  values: SecretValues,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Secret {
  const component = name.replace(/^datasets-server-/, "");
  const inside = secretKeys.filter((key) => secretPlaces[key].secret === name);
  return new k8s.core.v1.Secret(
    `${scope.release}-${component}`,
    {
      metadata: metadata(scope, component, { name }),
      type: "Opaque",
      stringData: Object.fromEntries(inside.map((key) => [secretPlaces[key].key, values[key]])),
    },
    opts,
  );
}
