import { z } from "zod";
import { parseQuantity } from "../components/quantity";
import { clusterName as clusterNamePattern } from "./stacks";

/** A text field that must match a pattern; `allowed` is what the error and the editor's help both say. */
function text(pattern: RegExp, allowed: string) {
  return z.string({ error: allowed }).regex(pattern, { error: allowed }).describe(allowed);
}

/** A group of keys; a key outside the group is an error that lists the group. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? `one of ${keys}` : `a map with the keys ${keys}`),
  });
}

/** A whole number between two bounds, both included. */
export function wholeNumber(minimum: number, maximum: number, unit = "") {
  const allowed = `a whole number from ${minimum} to ${maximum}${unit && ` (${unit})`}`;
  return z.int({ error: allowed }).min(minimum, { error: allowed }).max(maximum, { error: allowed }).describe(allowed);
}

/** A number above zero, such as a timeout that may be a fraction of a second. */
export function positiveNumber(unit: string) {
  const allowed = `a number above 0 (${unit})`;
  return z.number({ error: allowed }).positive({ error: allowed }).describe(allowed);
}

/** One of a fixed list of words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  const allowed = `one of ${words.join(", ")}`;
  return z.enum(words, { error: allowed }).describe(allowed);
}

/** What a map's error says: the keys it may have. */
export function oneOfKeys(keys: readonly string[]): string {
  return `a map with keys of ${keys.join(", ")}`;
}

/** true or false. */
export function flag() {
  return z.boolean({ error: "true or false" });
}

/** Text that says something: an empty environment variable is never meant. */
export function words(allowed: string) {
  return text(/\S/, allowed);
}

export const dnsName = text(
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/,
  "a DNS name of lower-case labels joined by dots, such as datasets-server.huggingface.co",
);

export const url = text(/^https?:\/\/[^\s/]+[^\s]*$/, "a URL that starts with http:// or https://");

export const clusterName = text(
  clusterNamePattern,
  "local, or the name of an EKS cluster: at most 23 lower-case letters, digits and hyphens, a letter first",
);

export const accountId = text(/^\d{12}$/, "an AWS account id: 12 digits, in quotes");

export const region = text(/^[a-z]{2}(-[a-z]+)+-\d$/, "an AWS region, such as us-east-1");

export const profileName = text(/^[\w+=,.@-]+$/, "the name of an AWS profile, such as tb");

export const registry = text(
  /^[a-z0-9][a-z0-9.-]*(:\d+)?(\/[a-z0-9._-]+)*$/,
  "an image registry without a trailing slash, such as 707930574880.dkr.ecr.us-east-1.amazonaws.com",
);

/** Only tags that name one build: a tag that moves makes a return to an earlier version impossible. */
export const imageTag = text(
  /^sha-[0-9a-f]{7,40}$/,
  "sha- and 7 to 40 hexadecimal digits of the commit, such as sha-59db084; a tag that moves, such as latest, is not",
);

/** What GitHub allows as the title of a pull request, and the engine as the value of a stack's tag. */
export const title = text(/^(?=.*\S)\P{Cc}{1,256}$/u, "1 to 256 characters on one line");

export const login = text(/^[A-Za-z0-9][A-Za-z0-9_-]{0,38}(\[bot\])?$/, "a login of GitHub");

export const commit = text(/^[0-9a-f]{7,40}$/, "7 to 40 hexadecimal digits of a commit");

export const moment = z.iso
  .datetime({ error: "a time in UTC, such as 2026-01-31T12:00:00Z" })
  .describe("a time in UTC, such as 2026-01-31T12:00:00Z");

export const lifetime = text(/^[1-9]\d?[hd]$/, "1 to 99 hours or days, such as 12h or 7d");

export const loadBalancerName = text(
  /^(?!internal-)[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?$/,
  "a load balancer name: at most 32 letters, digits and hyphens, not starting with internal-",
);

export const certificateArn = text(
  /^arn:aws:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]+$/,
  "the ARN of an ACM certificate",
);

export const logLevel = oneOf(["DEBUG", "INFO", "WARNING", "ERROR"]);

/** The address a server listens on: only these reach it from outside its own container. */
export const listenAddress = oneOf(["0.0.0.0", "::"]);

export const cpu = text(/^(?=.*[1-9])(\d+(\.\d{1,3})?|\d+m)$/, "CPU cores as 2, 0.5 or 500m, above 0");

export const bytes = text(/^(?=.*[1-9])\d+(\.\d+)?(Ki|Mi|Gi|Ti|k|M|G|T)$/, "bytes as 512Mi or 4Gi, above 0");

export const cidr = text(/^(\d{1,3}\.){3}\d{1,3}\/([12]?\d|3[0-2])$/, "an IPv4 range, such as 10.12.0.0/16");

export const cronSchedule = text(/^(\S+ ){4}\S+$/, "five cron fields in UTC, such as 05 12 * * *");

/** Names of objects are made with it, so it is one label of a DNS name, and short. */
export const label = text(
  /^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$/,
  "1 to 20 lower-case letters, digits and hyphens, a letter first",
);

export const objectName = text(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "the name of a Kubernetes object");

export const roleArn = text(/^arn:aws:iam::\d{12}:role\/\S+$/, "the ARN of an IAM role");

/** Only by digest is an image of somebody else's always the same. */
export const imageByDigest = text(
  /^[a-z0-9][a-z0-9./_-]*(:[\w.-]+)?@sha256:[0-9a-f]{64}$/,
  "an image by digest, such as docker.io/library/mongo:6.0@sha256:...",
);

/** CPU and memory asked for and allowed; a request above its limit would be refused by the API server. */
export const resources = section({
  requests: section({ cpu, memory: bytes }),
  limits: section({ cpu, memory: bytes }),
}).superRefine(({ requests, limits }, context) => {
  for (const name of ["cpu", "memory"] as const) {
    const request = parseQuantity(requests[name]);
    const limit = parseQuantity(limits[name]);
    // An amount that is none has been reported already.
    if (request && limit && request > limit) {
      context.addIssue({
        code: "custom",
        path: ["requests", name],
        message: `at most the limit, ${limits[name]}`,
        input: requests[name],
      });
    }
  }
});
