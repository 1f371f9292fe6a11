import { z } from "zod";
import { nodePools } from "../components/podTemplate";
import type { ServiceName } from "../components/services";
import * as field from "./fields";
import { settingsSchema } from "./settings";
import { clusterNames, stackKinds } from "./stacks";

const service = field.section({
  replicas: field.wholeNumber(0, 500, "pods"),
  resources: field.resources,
  uvicornWorkers: field.wholeNumber(1, 64, "processes a pod").default(1),
  listenAddress: field.listenAddress.default("0.0.0.0"),
  scratch: field.bytes.default("1Gi"),
  nodePool: field.oneOf(nodePools).optional(),
});

const services: Readonly<Record<ServiceName, typeof service>> = { api: service };

/** Secrets: always encrypted in a stack file, so text is all that can be said of them. */
const secret = field.words("a value set by: pulumi config set --secret");

/** What a stack file may say, under `datasets-server:`. */
export const stackFileSchema = field.section({
  stacks: z
    .array(field.oneOf(stackKinds), { error: `a list of ${stackKinds.join(", ")}` })
    .describe("The stacks that this file configures; any other is refused."),
  cluster: field
    .section({
      name: field.oneOf(clusterNames),
      region: field.region.optional(),
      account: field.accountId.optional(),
      profile: field.profileName.optional(),
    })
    .superRefine(({ name, region, account }, context) => {
      for (const [key, value] of Object.entries({ region, account })) {
        if (name !== "local" && value === undefined) {
          context.addIssue({
            code: "custom",
            path: [key],
            message: `the ${key} that the ARN of ${name} must have`,
            input: value,
          });
        }
      }
    })
    .describe("The one cluster that these stacks may touch."),
  namespace: field
    .section({ create: field.flag() })
    .describe("Whether the stack makes its namespace; a pull request's always does."),
  images: field.section({ registry: field.registry, tag: field.imageTag }),
  ingress: field.section({
    host: field.dnsName,
    loadBalancer: field.section({
      name: field.loadBalancerName,
      scheme: field.oneOf(["internal", "internet-facing"]),
      group: field.words("the name of an ingress group"),
      certificateArn: field.certificateArn.optional(),
      tags: z.record(z.string(), field.words("text"), { error: "a map of tags" }).default({}),
    }),
  }),
  settings: settingsSchema,
  services: field.section(services),
  pullRequest: field
    .section({ domain: field.dnsName.describe("Host names of pull requests are datasets-server-pr-N.<domain>.") })
    .optional(),
  hfToken: secret.describe("The Hub's application token; secret."),
  pullRequestHfToken: secret.optional().describe("The Hub's application token of pull requests; secret."),
  checksumKey: secret.describe("Key of the checksums that roll pods when a secret changes; secret, any random text."),
});

export type StackFile = z.infer<typeof stackFileSchema>;

/** The keys of a stack file that must be encrypted, with the placeholder each has until somebody sets it. */
export const placeholders = {
  hfToken: "hf_app_xxxx",
  pullRequestHfToken: "hf_app_xxxx",
  checksumKey: "placeholder",
} as const satisfies { readonly [Key in keyof StackFile]?: string };

/** The JSON Schema of a stack file, for editors: completion, help and errors while typing. */
export function stackFileJsonSchema(): object {
  const { properties, required } = z.toJSONSchema(stackFileSchema, { io: "input" });
  const prefixed = Object.entries(properties ?? {}).map(([key, value]) => {
    const encrypted = key in placeholders;
    return [`datasets-server:${key}`, encrypted ? encryptedJsonSchema(value) : value];
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Stack file of the datasets-server",
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: Object.fromEntries(prefixed),
        required: required?.map((key) => `datasets-server:${key}`),
        additionalProperties: false,
      },
    },
  };
}

function encryptedJsonSchema(value: z.core.JSONSchema._JSONSchema): object {
  const description = typeof value === "object" ? value.description : undefined;
  return { type: "object", description, properties: { secure: { type: "string" } }, required: ["secure"] };
}
