import { z } from "zod";
import type { SettingGroup, Variables } from "../components/settings";
import { flag, oneOf, positiveNumber, region, section, url, wholeNumber, words } from "./fields";

const storageProtocol = oneOf(["s3", "file"]);

/** The application's settings that a stack may choose; production's values are the defaults where stacks agree. */
export const settingsSchema = section({
  assets: section({
    storageRoot: words("the bucket and prefix, or the folder, of assets"),
    cachedStorageRoot: words("the bucket and prefix, or the folder, of cached assets"),
    storageProtocol: storageProtocol.default("s3"),
  }),
  blockedDatasets: z
    .array(words("a dataset or a pattern of datasets"), { error: "a list of datasets" })
    .min(1, { error: "at least one dataset" }),
  cloudfront: section({
    expirationSeconds: wholeNumber(60, 86_400, "seconds").default(3600),
  }).prefault({}),
  hub: section({
    endpoint: url.default("https://huggingface.co"),
    timeoutSeconds: positiveNumber("seconds"),
  }),
  logLevel: oneOf(["DEBUG", "INFO", "WARNING", "ERROR"]),
  maxAge: section({
    longSeconds: wholeNumber(0, 86_400, "seconds").default(120),
    shortSeconds: wholeNumber(0, 86_400, "seconds").default(10),
  }).prefault({}),
  s3: section({
    region: region.default("us-east-1"),
    /** Whether pods reach S3 by their service account's role instead of keys. */
    useServiceAccountRole: flag().default(false),
  }).prefault({}),
});

export type Settings = z.infer<typeof settingsSchema>;

/** Every environment variable that is no secret and that more than one workload may read: the one place they are set. */
export function environmentVariables(settings: Settings, host: string): Readonly<Record<SettingGroup, Variables>> {
  const { assets, hub, maxAge, s3 } = settings;
  return {
    assets: {
      ASSETS_BASE_URL: `https://${host}/assets`,
      ASSETS_STORAGE_PROTOCOL: assets.storageProtocol,
      ASSETS_STORAGE_ROOT: assets.storageRoot,
    },
    cache: { CACHE_MONGO_DATABASE: "datasets_server_cache" },
    "cached-assets": {
      CACHED_ASSETS_BASE_URL: `https://${host}/cached-assets`,
      CACHED_ASSETS_STORAGE_PROTOCOL: assets.storageProtocol,
      CACHED_ASSETS_STORAGE_ROOT: assets.cachedStorageRoot,
    },
    cloudfront: { CLOUDFRONT_EXPIRATION_SECONDS: String(settings.cloudfront.expirationSeconds) },
    common: {
      COMMON_BLOCKED_DATASETS: settings.blockedDatasets.join(","),
      COMMON_HF_ENDPOINT: hub.endpoint,
      // Read by the huggingface_hub library.
      HF_ENDPOINT: hub.endpoint,
    },
    "hub-api": {
      API_HF_AUTH_PATH: "/api/datasets/%s/auth-check",
      API_HF_JWT_ALGORITHM: "EdDSA",
      API_HF_JWT_PUBLIC_KEY_URL: `${hub.endpoint}/api/keys/jwt`,
      API_HF_TIMEOUT_SECONDS: String(hub.timeoutSeconds),
    },
    log: { LOG_LEVEL: settings.logLevel },
    "max-age": {
      API_MAX_AGE_LONG: String(maxAge.longSeconds),
      API_MAX_AGE_SHORT: String(maxAge.shortSeconds),
    },
    numba: { NUMBA_CACHE_DIR: "/tmp/numba-cache" },
    queue: { QUEUE_MONGO_DATABASE: "datasets_server_queue" },
    s3: { S3_REGION_NAME: s3.region, S3_USE_IRSA: String(s3.useServiceAccountRole) },
  };
}
