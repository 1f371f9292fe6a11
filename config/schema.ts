import { z } from "zod";
import { jobNames } from "../catalog/jobs";
import { helmPrefix, scheduledJobName } from "../catalog/names";
import { type SecretKey, secretKeys, secretNamed, secretPlaces } from "../catalog/secrets";
import { commonEnv } from "./env";
import * as field from "./fields";
import { stackKinds } from "./stacks";
import { jobs, migration, mongodb, services, workers } from "./workloads";

const cluster = field
  .section({
    name: field.clusterName,
    region: field.region.optional(),
    account: field.accountId.optional(),
    profile: field.profileName.optional(),
    role: field.roleArn.optional().describe("The IAM role to assume; default: none."),
  })
  .superRefine(({ name, region, account, role }, context) => {
    const [, , , , roleAccount = account] = role?.split(":") ?? [];
    if (roleAccount !== account) {
      context.addIssue({ code: "custom", path: ["role"], message: `a role of account ${account}`, input: role });
    }
    for (const [key, value] of Object.entries({ region, account })) {
      if (name !== "local" && value === undefined) {
        const message = `the ${key} that the ARN of ${name} must have`;
        context.addIssue({ code: "custom", path: [key], message, input: value });
      }
    }
  })
  .describe("The one cluster that these stacks may touch.");

const endpoint = field.section({
  host: field.dnsName,
  externalDns: field.flag().default(false).describe("Whether external-dns is told of the host by annotation."),
  loadBalancer: field.section({
    name: field.loadBalancerName,
    scheme: field.oneOf(["internal", "internet-facing"]),
    group: field.ingressGroup,
    certificateArn: field.certificateArn.optional(),
    redirectHttp: field.flag().default(true).describe("Whether a request by HTTP is sent on to HTTPS."),
    tags: z.record(field.tagName, field.tagValue, { error: "a map of tags" }).default({}),
  }),
});

const port = field.wholeNumber(1, 65_535);

const portRange = field.section({ port, endPort: port }).refine(({ port, endPort }) => port <= endPort, {
  error: "a port, or a map with port and endPort, which is not below it",
});

const egress = field.section({
  cidr: field.cidrOfEitherFamily,
  ports: z
    .array(z.union([port, portRange], { error: "a port, or a map with port and endPort, which is not below it" }), {
      error: "a list of ports",
    })
    .min(1, { error: "at least one port" }),
  from: z
    .array(field.label(63), { error: "a list of workloads" })
    .min(1, { error: "at least one workload" })
    .optional()
    .describe("Services, worker-<pool>, jobs or mongodb-migration. Default: all pods."),
});

const nodePools = z
  .record(
    field.label(63),
    field.section({
      label: field.nodeLabel.describe("The label that its nodes have, as name=value."),
      taint: field.nodeTaint.optional().describe("What keeps others away, as name:effect. Default: nothing."),
    }),
    { error: "a map of node pools by name" },
  )
  .default({})
  .describe("Groups of nodes that workloads may be put on.");

const network = field.section({
  loadBalancerCidrs: z
    .array(field.cidr, { error: "a list of IPv4 ranges" })
    .min(1, { error: "at least one IPv4 range" })
    .describe("Subnets of the load balancers."),
  prometheusNamespace: field.objectName,
  mongo: field
    .section({
      cidrs: z.array(field.cidr, { error: "a list of IPv4 ranges" }).min(1, { error: "at least one IPv4 range" }),
      port: field.wholeNumber(1, 65_535).default(27_017),
    })
    .optional()
    .describe("Where an external MongoDB is; needed where the stack has none of its own."),
  egress: z
    .array(egress, { error: "a list of ranges" })
    .default([])
    .describe("Ranges beyond the public ones that pods may reach, such as VPC endpoints."),
  podIdentity: field.flag().default(false).describe("Whether pods get credentials from EKS Pod Identity."),
});

const parquetMetadata = field.section({
  claim: field.objectName,
  subPath: field.volumeFolder,
  create: field
    .section({ storageClass: field.objectName, size: field.bytes })
    .optional()
    .describe("Makes the claim; default: it is there."),
});

/** Every secret of the application; where each is needed is for the loader to say. */
const secrets = bySecret((key) => {
  const { does, needed } = secretNamed(key);
  const schema: z.ZodType<string | undefined> = needed === "always" ? field.secret : field.secret.optional();
  return schema.describe(does);
});

const pullRequest = field.section({
  domain: field.domain.describe("Host names of pull requests are datasets-server-pr-N.<domain>."),
  storageClass: field.objectName.describe("Provides each pull request's volume of parquet metadata."),
  loadBalancers: z
    .array(field.groupedLoadBalancer, { error: "a list of load balancer names" })
    .min(1, { error: "at least one load balancer name" })
    .refine((names) => new Set(names).size === names.length, { error: "names that differ" })
    .describe("Shared by all environments."),
  lifetime: field.lifetime.default("7d").describe("How long an environment stays after its last update."),
  maxOpen: field
    .wholeNumber(1, 1000, "environments")
    .describe("How many may be there at a time; at most as many as fit on the load balancers by AWS' limits."),
  quota: field
    .section({ pods: field.wholeNumber(1, 1000, "pods"), resources: field.resources, storage: field.bytes })
    .describe("What all pods and volumes of an environment may take together."),
});

/** What is left of a CronJob's name, 52 characters at most, when the rest of the longest that the chart makes is taken away. */
const longestRelease =
  52 -
  Math.max(
    ...jobNames.map(
      (job) => scheduledJobName({ stack: "", namespace: "", release: helmPrefix(""), helmRelease: "" }, job).length,
    ),
  );

/** What a stack file may say, under `datasets-server:`. */
export const stackFileSchema = field.section({
  stacks: z
    .array(field.oneOf(stackKinds), { error: `a list of ${stackKinds.join(", ")}` })
    .describe("The stacks that this file configures; any other is refused."),
  cluster,
  namespace: field
    .section({ create: field.flag() })
    .describe("Whether the stack makes its namespace; a pull request's always does."),
  helm: field
    .section({ release: field.label(longestRelease) })
    .optional()
    .describe("The release of the Helm chart whose names and selectors the objects keep; default: names of our own."),
  images: field.section({ registry: field.registry, tag: field.imageTag }),
  ingress: field.section({ public: endpoint, internal: endpoint.optional() }),
  network,
  serviceAccount: field.section({ roleArn: field.roleArn.optional() }).prefault({}),
  secretDelivery: field.oneOf(["env", "files"]).default("env"),
  parquetMetadata,
  monitoring: field.flag().default(true).describe("Whether Prometheus' custom resources are on the cluster."),
  env: commonEnv.describe("Environment variables of the application, for all workloads that read them."),
  nodePools,
  services,
  workers,
  jobs,
  migration,
  standby: field
    .flag()
    .optional()
    .describe(
      "Whether another stack or a Helm release does what only one may: no scheduled job and no migration runs here. " +
        "Default: false; beside a live Helm release, it or helm.release must be specified.",
    ),
  mongodb: mongodb.optional(),
  pullRequest: pullRequest.optional(),
  ...secrets,
  pullRequestHfToken: field.secret.optional().describe("The Hub's application token of pull requests."),
  checksumKey: field.secret.describe(
    "Any long random text: the key of the checksums that roll pods when a secret changes.",
  ),
});

export type StackFile = z.infer<typeof stackFileSchema>;

/** The keys of a stack file that must be encrypted, with the placeholder each has until somebody sets it. */
export const placeholders: Readonly<Record<SecretKey | "pullRequestHfToken" | "checksumKey", string>> = {
  ...bySecret((key) => secretNamed(key).placeholder),
  pullRequestHfToken: secretPlaces.hfToken.placeholder,
  checksumKey: "placeholder-xxxx",
};

export type EncryptedKey = keyof typeof placeholders;

export function isEncryptedKey(key: string): key is EncryptedKey {
  return Object.hasOwn(placeholders, key);
}

/** Returns a table with a value for each secret. */
function bySecret<Value>(rowOf: (key: SecretKey) => Value): Readonly<Record<SecretKey, Value>> {
  const table = Object.fromEntries(secretKeys.map((key) => [key, rowOf(key)]));
  if (hasAll(secretKeys, table)) return table;
  throw new Error("a secret has no value");
}

function hasAll<Key extends string, Value>(
  keys: readonly Key[],
  table: Readonly<Record<string, Value>>,
): table is Readonly<Record<Key, Value>> {
  return keys.every((key) => Object.hasOwn(table, key));
}
