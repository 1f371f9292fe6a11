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
    name: field.clusterName.describe("The stack's own cluster, or the one that the name of a prod-CLUSTER stack says."),
    region: field.region.optional().describe("The region in the cluster's ARN; needed on EKS."),
    account: field.accountId.optional().describe("The account in the cluster's ARN; needed on EKS."),
    profile: field.profileName
      .optional()
      .describe("The AWS profile to use. Default: the environment's credentials, as in CI."),
    role: field.roleArn
      .optional()
      .describe("The IAM role to assume for AWS and for the cluster, of the cluster's account. Default: none."),
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
  host: field.dnsName.describe("The host name; the two endpoints share none."),
  externalDns: field.flag().default(false).describe("Whether external-dns is told of the host by annotation."),
  loadBalancer: field.section({
    name: field.loadBalancerName.describe(
      "The load balancer's name, once in an account; the two endpoints share none.",
    ),
    scheme: field.oneOf(["internal", "internet-facing"]).describe("Who reaches it."),
    group: field.ingressGroup.describe("Ingresses of one group share the load balancer."),
    certificateArn: field.certificateArn.optional().describe("The certificate for HTTPS. Default: found by host."),
    redirectHttp: field.flag().default(true).describe("Whether a request by HTTP is sent on to HTTPS."),
    tags: z
      .record(field.tagName, field.tagValue, { error: "a map of tags" })
      .default({})
      .describe("Tags of the load balancer."),
  }),
});

const port = field.wholeNumber(1, 65_535);

const portRange = field.section({ port, endPort: port }).refine(({ port, endPort }) => port <= endPort, {
  error: "a port, or a map with port and endPort, which is not below it",
});

const ports = z
  .array(z.union([port, portRange], { error: "a port, or a map with port and endPort, which is not below it" }), {
    error: "a list of ports",
  })
  .min(1, { error: "at least one port" })
  .describe("TCP ports, each a number or a map with port and endPort.");

const egress = field.section({
  cidr: field.cidrOfEitherFamily.describe("The range."),
  ports,
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
  prometheusNamespace: field.objectName.describe("Where the metrics are asked from."),
  mongo: field
    .section({
      cidrs: z
        .array(field.cidrOfEitherFamily, { error: "a list of ranges" })
        .min(1, { error: "at least one range" })
        .describe("Its addresses."),
      ports: ports.default([27_017]),
    })
    .optional()
    .describe(
      "Where an external MongoDB is; needed where the stack has none of its own. Its URL is a secret, so nothing is taken from there.",
    ),
  egress: z
    .array(egress, { error: "a list of ranges" })
    .default([])
    .describe("Ranges beyond the public ones that pods may reach, such as VPC endpoints."),
  internalCidrs: z
    .array(field.cidr, { error: "a list of IPv4 ranges" })
    .default([])
    .describe("Public ranges that the VPC uses inside, which pods may reach by none of the ways to public addresses."),
  podIdentity: field.flag().default(false).describe("Whether pods get credentials from EKS Pod Identity."),
});

const parquetMetadata = field.section({
  claim: field.objectName.describe("The claim of the shared volume of parquet metadata."),
  subPath: field.volumeFolder.describe("The stack's folder of the volume."),
  create: field
    .section({
      storageClass: field.objectName.describe(
        "The class that provides it; on EFS one whose access points have uid 1000 and gid 3000.",
      ),
      size: field.bytes.describe("Its size; EFS itself has none."),
    })
    .optional()
    .describe("Makes the claim; needed with namespace.create, as a new namespace has none. Default: it is there."),
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
    .section({
      pods: field
        .wholeNumber(1, 1000, "pods")
        .describe("How many pods; a rollout of every Deployment at once must fit."),
      resources: field.resources,
      storage: field.bytes.describe("The size of all volumes."),
    })
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
    .section({
      create: field
        .flag()
        .describe("Whether the stack makes its namespace; false where it is there, and neither changed nor deleted."),
    })
    .describe("Whether the stack makes its namespace; a pull request's always does."),
  helm: field
    .section({
      release: field.label(longestRelease).describe("The release; see docs/cutover.md. Not for pull requests."),
    })
    .optional()
    .describe("The release of the Helm chart whose names and selectors the objects keep; default: names of our own."),
  images: field.section({
    registry: field.registry.describe("Where the images are."),
    tag: field.imageTag.describe(
      "The version of every image, by 7 or, safer, all 40 digits of its commit. Pods run its digest; a tag that moves, such as latest, is refused.",
    ),
  }),
  ingress: field.section({ public: endpoint, internal: endpoint.optional() }),
  network,
  serviceAccount: field
    .section({ roleArn: field.roleArn.optional().describe("The IAM role that pods assume. Default: none.") })
    .prefault({}),
  secretDelivery: field
    .oneOf(["env", "files"])
    .default("env")
    .describe("How pods get secrets: files, under /mnt/secrets, are handed on to no child process."),
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
