import { createHmac } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { metadata, type Scope } from "./names";
import { type BuiltObject, built } from "./objects";

/** Where a secret value goes: a Secret, one for each concern, and a key in it. */
export interface SecretPlace {
  /** The concern; its Secret is named datasets-server-<concern>. */
  readonly concern: string;
  readonly key: string;
}

/** The secret values of a stack, by the key its stack file has them under. */
export const secretPlaces = {
  hfToken: { concern: "hf-token", key: "HF_TOKEN" },
  mongoUrl: { concern: "mongo", key: "MONGO_URL" },
  parquetConverterHfToken: { concern: "parquet-converter", key: "PARQUET_CONVERTER_HF_TOKEN" },
  webhookSecret: { concern: "webhook", key: "WEBHOOK_SECRET" },
  jwtAdditionalPublicKeys: { concern: "jwt", key: "API_HF_JWT_ADDITIONAL_PUBLIC_KEYS" },
  spawningToken: { concern: "spawning", key: "SPAWNING_TOKEN" },
  awsAccessKeyId: { concern: "s3", key: "AWS_ACCESS_KEY_ID" },
  awsSecretAccessKey: { concern: "s3", key: "AWS_SECRET_ACCESS_KEY" },
  cloudfrontKeyPairId: { concern: "cloudfront", key: "CLOUDFRONT_KEY_PAIR_ID" },
  cloudfrontPrivateKey: { concern: "cloudfront", key: "CLOUDFRONT_PRIVATE_KEY" },
} as const satisfies Readonly<Record<string, SecretPlace>>;

export type SecretKey = keyof typeof secretPlaces;

/** Secret values by config key, each marked secret from the stack file to here. */
export type SecretValues = Readonly<Partial<Record<SecretKey, pulumi.Output<string>>>>;

/** The name of the Secret that holds a value. */
export function secretName(key: SecretKey): string {
  return `datasets-server-${secretPlaces[key].concern}`;
}

/**
 * An environment variable that holds a secret. The Secret is named by plain text: an entry that held a secret Output
 * would hide the whole list in every diff.
 */
export function secretVariable(name: string, key: SecretKey) {
  return { name, valueFrom: { secretKeyRef: { name: secretName(key), key: secretPlaces[key].key } } };
}

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
