import type { VariableGroup } from "./variableGroups";

/** How the application reads a secret value; config/secretForms.ts checks each. */
export type SecretForm = "token" | "keyId" | "header" | "mongoUrl" | "privateKey" | "publicKeys" | "text";

/**
 * Which stacks cannot do without a secret value; environments of pull requests do without all but a token of their own. A stack
 * that could, and has one `where set`, gives it to its pods.
 */
export type SecretNeed = "always" | "without a MongoDB of its own" | "without an IAM role for S3" | "where set";

/** A secret value: where it goes, a Secret for each concern and a key in it, and what it is. */
export interface SecretDefinition {
  /** The concern; its Secret is named datasets-server-<concern>. */
  readonly concern: string;
  readonly key: string;
  readonly form: SecretForm;
  /** One sentence. */
  readonly does: string;
  /** The value that a committed stack file has until somebody sets it. */
  readonly placeholder: string;
  readonly needed: SecretNeed;
}

/** What is shown in the place of a secret. */
export const secretMarker = "[secret]";

const unset = "placeholder-xxxx";

/** The secret values of a stack, by the key its stack file has them under. A new one is a row here, and its variables below. */
export const secretPlaces = {
  hfToken: {
    concern: "hf-token",
    key: "HF_TOKEN",
    form: "token",
    does: "The Hub's application token.",
    placeholder: "hf_app_xxxx",
    needed: "always",
  },
  mongoUrl: {
    concern: "mongo",
    key: "MONGO_URL",
    form: "mongoUrl",
    does: "Where the external MongoDB is; needed where the stack has none of its own.",
    placeholder: unset,
    needed: "without a MongoDB of its own",
  },
  parquetConverterHfToken: {
    concern: "parquet-converter",
    key: "PARQUET_CONVERTER_HF_TOKEN",
    form: "token",
    does: "The Hub's token of the parquet-converter bot.",
    placeholder: unset,
    needed: "always",
  },
  webhookSecret: {
    concern: "webhook",
    key: "WEBHOOK_SECRET",
    form: "header",
    does: "What the Hub sends with each webhook.",
    placeholder: unset,
    needed: "always",
  },
  jwtAdditionalPublicKeys: {
    concern: "jwt",
    key: "API_HF_JWT_ADDITIONAL_PUBLIC_KEYS",
    form: "publicKeys",
    does: "Further public keys that the Hub signs with.",
    placeholder: unset,
    needed: "always",
  },
  spawningToken: {
    concern: "spawning",
    key: "SPAWNING_TOKEN",
    form: "token",
    does: "The token of Spawning's opt-out service.",
    placeholder: unset,
    needed: "always",
  },
  awsAccessKeyId: {
    concern: "s3",
    key: "AWS_ACCESS_KEY_ID",
    form: "keyId",
    does: "S3; needed unless pods assume a role.",
    placeholder: unset,
    needed: "without an IAM role for S3",
  },
  awsSecretAccessKey: {
    concern: "s3",
    key: "AWS_SECRET_ACCESS_KEY",
    form: "token",
    does: "S3; needed unless pods assume a role.",
    placeholder: unset,
    needed: "without an IAM role for S3",
  },
  cloudfrontKeyPairId: {
    concern: "cloudfront",
    key: "CLOUDFRONT_KEY_PAIR_ID",
    form: "keyId",
    does: "The key that signs CloudFront's URLs.",
    placeholder: unset,
    needed: "always",
  },
  cloudfrontPrivateKey: {
    concern: "cloudfront",
    key: "CLOUDFRONT_PRIVATE_KEY",
    form: "privateKey",
    does: "The key that signs CloudFront's URLs.",
    placeholder: unset,
    needed: "always",
  },
} as const satisfies Readonly<Record<string, SecretDefinition>>;

export type SecretKey = keyof typeof secretPlaces;

/** A variable that holds a secret. */
export interface SecretVariable {
  readonly group: VariableGroup;
  readonly secret: SecretKey;
  /** One sentence. */
  readonly does: string;
}

/** The environment variables that hold secrets; those that hold none are in catalog/variables.ts. */
export const secretVariables = {
  CACHE_MONGO_URL: { group: "cache", secret: "mongoUrl", does: "Where the database of the cache is." },
  CLOUDFRONT_KEY_PAIR_ID: {
    group: "cloudfront",
    secret: "cloudfrontKeyPairId",
    does: "The id of the key that signs CloudFront's URLs.",
  },
  CLOUDFRONT_PRIVATE_KEY: {
    group: "cloudfront",
    secret: "cloudfrontPrivateKey",
    does: "The key that signs CloudFront's URLs.",
  },
  COMMITTER_HF_TOKEN: {
    group: "committer",
    secret: "parquetConverterHfToken",
    does: "The Hub's token that commits Parquet files.",
  },
  COMMON_HF_TOKEN: { group: "common", secret: "hfToken", does: "The Hub's application token." },
  DISCUSSIONS_BOT_TOKEN: {
    group: "discussions",
    secret: "parquetConverterHfToken",
    does: "The Hub's token of the user who posts messages.",
  },
  API_HF_JWT_ADDITIONAL_PUBLIC_KEYS: {
    group: "hub-api",
    secret: "jwtAdditionalPublicKeys",
    does: "Further public keys that the Hub signs with.",
  },
  DATABASE_MIGRATIONS_MONGO_URL: {
    group: "migration",
    secret: "mongoUrl",
    does: "Where the database that records migrations is.",
  },
  QUEUE_MONGO_URL: { group: "queue", secret: "mongoUrl", does: "Where the database of the queue is." },
  S3_ACCESS_KEY_ID: {
    group: "s3",
    secret: "awsAccessKeyId",
    does: "The key for S3; not set where pods assume a role.",
  },
  S3_SECRET_ACCESS_KEY: {
    group: "s3",
    secret: "awsSecretAccessKey",
    does: "The key for S3; not set where pods assume a role.",
  },
  API_HF_WEBHOOK_SECRET: { group: "webhook", secret: "webhookSecret", does: "What the Hub sends with each webhook." },
  OPT_IN_OUT_URLS_SCAN_SPAWNING_TOKEN: {
    group: "worker",
    secret: "spawningToken",
    does: "The token of Spawning's opt-out service.",
  },
} as const satisfies Readonly<Record<string, SecretVariable>>;

export const secretKeys = Object.keys(secretPlaces).filter(isSecretKey);

export function isSecretKey(key: string): key is SecretKey {
  return Object.hasOwn(secretPlaces, key);
}

/** Returns what is true of a secret value. */
export function secretNamed(key: SecretKey): SecretDefinition {
  return secretPlaces[key];
}

/** The name of the Secret that holds a value. */
export function secretName(key: SecretKey): string {
  return `datasets-server-${secretPlaces[key].concern}`;
}
