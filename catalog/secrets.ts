/** How the application reads a secret value; config/secretForms.ts checks each. */
export type SecretForm = "token" | "keyId" | "header" | "mongoUrl" | "privateKey" | "publicKeys" | "text";

/** Where a secret value goes: a Secret, one for each concern, and a key in it. */
export interface SecretPlace {
  /** The concern; its Secret is named datasets-server-<concern>. */
  readonly concern: string;
  readonly key: string;
  readonly form: SecretForm;
}

/** The secret values of a stack, by the key its stack file has them under. */
export const secretPlaces = {
  hfToken: { concern: "hf-token", key: "HF_TOKEN", form: "token" },
  mongoUrl: { concern: "mongo", key: "MONGO_URL", form: "mongoUrl" },
  parquetConverterHfToken: { concern: "parquet-converter", key: "PARQUET_CONVERTER_HF_TOKEN", form: "token" },
  webhookSecret: { concern: "webhook", key: "WEBHOOK_SECRET", form: "header" },
  jwtAdditionalPublicKeys: { concern: "jwt", key: "API_HF_JWT_ADDITIONAL_PUBLIC_KEYS", form: "publicKeys" },
  spawningToken: { concern: "spawning", key: "SPAWNING_TOKEN", form: "token" },
  awsAccessKeyId: { concern: "s3", key: "AWS_ACCESS_KEY_ID", form: "keyId" },
  awsSecretAccessKey: { concern: "s3", key: "AWS_SECRET_ACCESS_KEY", form: "token" },
  cloudfrontKeyPairId: { concern: "cloudfront", key: "CLOUDFRONT_KEY_PAIR_ID", form: "keyId" },
  cloudfrontPrivateKey: { concern: "cloudfront", key: "CLOUDFRONT_PRIVATE_KEY", form: "privateKey" },
} as const satisfies Readonly<Record<string, SecretPlace>>;

export type SecretKey = keyof typeof secretPlaces;

/** The name of the Secret that holds a value. */
export function secretName(key: SecretKey): string {
  return `datasets-server-${secretPlaces[key].concern}`;
}
