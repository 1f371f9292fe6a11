import { z } from "zod";
import { parseQuantity } from "../catalog/quantity";
import { isCronSchedule } from "./cron";
import { clusterName as clusterNamePattern } from "./stacks";

/**
 * A text field that must match a pattern; `expected` is what the error and the editor's help both say.
 *
 * `longest` is for patterns that set no bound themselves; characters.
 */
function text(pattern: RegExp, expected: string, longest?: number) {
  const any = z.string({ error: expected });
  const error = `${expected}; at most ${longest} characters`;
  const bounded = longest === undefined ? any : any.max(longest, { error, abort: true });
  return bounded.regex(pattern, { error: expected, abort: true }).meta({ title: expected });
}

/** A group of keys. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, { error: mapOf(Object.keys(shape)) });
}

/** What a map's error says. Of an unknown key it lists the known ones, and the error's text is made of them elsewhere. */
export function mapOf(keys: readonly string[], expected = `a map with keys of ${keys.join(", ")}`) {
  return ({ code }: { readonly code?: string | undefined }) =>
    code === "unrecognized_keys" ? keys.join(", ") : expected;
}

/** A whole number between two bounds, both included. */
export function wholeNumber(minimum: number, maximum: number, unit = "") {
  const expected = `a whole number from ${minimum} to ${maximum}${unit && ` (${unit})`}`;
  return z
    .int({ error: expected })
    .min(minimum, { error: expected })
    .max(maximum, { error: expected })
    .meta({ title: expected });
}

/** A number above zero, such as a timeout that may be a fraction of a second. */
export function positiveNumber(maximum: number, unit: string) {
  const expected = `a number above 0 and up to ${maximum} (${unit})`;
  return z
    .number({ error: expected })
    .positive({ error: expected })
    .max(maximum, { error: expected })
    .meta({ title: expected });
}

/** One of a fixed list of words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  const expected = `one of ${words.join(", ")}`;
  return z.enum(words, { error: expected }).meta({ title: expected });
}

/** true or false. */
export function flag() {
  return z.boolean({ error: "true or false" });
}

/** Encrypted text of any length and lines, such as a key; an empty environment variable is never meant. */
export const secret = text(/\S/, "a value set by: ds pulumi STACK -- config set --secret", 65_536);

/** A name of several labels, the last no number: an address is none, and Kubernetes takes it for no host. */
const dnsLabels = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

export const dnsName = text(
  dnsLabels,
  "a DNS name of lower-case labels joined by dots, such as datasets-server.huggingface.co",
  253,
);

/** What host names end in: as much shorter as the longest name that comes before it. */
export const domain = text(dnsLabels, "a DNS name of lower-case labels joined by dots, such as huggingface.tech", 220);

const hostUrl = "a URL of a host, such as https://huggingface.co, without user, query and slash at the end";

export const url = text(
  /^https?:\/\/([a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[\da-fA-F:.]+\])(:\d{1,5})?(\/[\w.~-]+)*$/,
  hostUrl,
  253,
).refine((address) => URL.canParse(address), { error: hostUrl });

/** A place of an object store or a file system: tools join it with more by a slash. */
export const storageRoot = text(
  /^\/?[\w.-]+(\/[\w.-]+)*$/,
  "a bucket and prefix, or a folder, without a slash at the end, such as hf-datasets-server-statics/assets",
  253,
);

/** A dataset, or a pattern as Python's fnmatch reads it; a comma would part it in two. */
const datasetPattern = text(
  /^[\w.*?[\]!-]+(\/[\w.*?[\]!-]+)?$/,
  "a dataset or a pattern of datasets, such as lunaluan/*",
  253,
);

export const datasets = z
  .array(datasetPattern, { error: "a list of datasets" })
  .min(1, { error: "at least one dataset" })
  .max(1000, { error: "at most 1000 datasets and patterns" });

/**
 * Without a dollar sign, as Kubernetes and the application would put the value of another variable in its place, and without a
 * password in a URL, which belongs in a secret.
 */
export const variableText = text(
  /^(?!.*:\/\/[^\s/:@]+:[^\s/@]+@)[!-#%-~]([ -#%-~]*[!-#%-~])?$/,
  "text of one line in ASCII, without a dollar sign or a URL's password",
  253,
);

export const urlPath = text(/^(\/[\w.~%-]+)+$/, "a path of the Hub, such as /api/whoami-v2", 253);

/** Without a dot at the start of a folder's name, none leads out of the volume. */
export const volumeFolder = text(
  /^[\w-][\w.-]*(\/[\w-][\w.-]*)*\/?$/,
  "a folder of the volume, such as datasets-server/prod/",
  253,
);

export const ingressGroup = text(
  /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/,
  "the name of an ingress group: at most 63 lower-case letters, digits, hyphens and dots",
);

/** As AWS allows them, less what the load balancer's controller parts them at: a comma, and an equals sign. */
export const tagName = text(/^(?!aws:)[\w .:/+@-]*[\w]$/, "a tag's name: letters, digits, spaces and _.:/+-@", 128);

export const tagValue = text(/^[\w .:/+@-]*[\w]$/, "a tag's value in quotes: letters, digits, spaces and _.:/+-@", 256);

export const clusterName = text(
  clusterNamePattern,
  "local, or the name of an EKS cluster: at most 23 lower-case letters, digits and hyphens, a letter first",
);

export const accountId = text(/^\d{12}$/, "an AWS account id: 12 digits, in quotes");

export const region = text(/^[a-z]{2}(-[a-z]{2,12}){1,3}-\d$/, "an AWS region, such as us-east-1");

export const profileName = text(/^[\w+=,.@-]+$/, "the name of an AWS profile, such as tb", 64);

export const registry = text(
  /^[a-z0-9]+([.-][a-z0-9]+)*(:\d{1,5})?(\/[a-z0-9]+([._-][a-z0-9]+)*)*$/,
  "an image registry without a trailing slash, such as 707930574880.dkr.ecr.us-east-1.amazonaws.com",
  128,
);

/** Only tags that name one build: a tag that moves makes a return to an earlier version impossible. */
export const imageTag = text(/^sha-[0-9a-f]{7,40}$/, '"sha-" followed by 7 to 40 hex digits, such as sha-59db084');

/** The most that is kept of a text that is only shown, as Pulumi allows of a stack's tag; characters. */
const longestShown = 256;

/** A text that is only shown, such as a pull request's title: any is taken, and becomes one line. */
export const shown = z.string().transform((any) => {
  const characters = [...any.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim()];
  const isLong = characters.length > longestShown;
  return isLong ? `${characters.slice(0, longestShown - 1).join("")}…` : characters.join("");
});

export const commit = text(/^[0-9a-f]{7,40}$/, "7 to 40 hex digits of a commit");

export const moment = z.iso
  .datetime({ error: "a time in UTC, such as 2026-01-31T12:00:00Z" })
  .describe("a time in UTC, such as 2026-01-31T12:00:00Z");

export const lifetime = text(/^[1-9]\d?[hd]$/, "1 to 99 hours or days, such as 12h or 7d");

export const loadBalancerName = text(
  /^(?!internal-)[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?$/,
  "a load balancer name: at most 32 letters, digits and hyphens, not starting with internal-",
);

/** The name of a load balancer that its ingress group is called after. */
export const groupedLoadBalancer = text(
  /^(?!internal-)[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/,
  "a load balancer name: at most 32 lower-case letters, digits and hyphens, not starting with internal-",
);

/** The place of an environment's first rules among those of its load balancer; lowest first. */
export const ingressOrder = text(/^(-1000|-?\d{1,3}|1000)$/, "a whole number from -1000 to 1000");

export const certificateArn = text(
  /^arn:aws:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]{36}$/,
  "the ARN of an ACM certificate",
  128,
);

/** The address a server listens on: only these reach it from outside its own container. */
export const listenAddress = oneOf(["0.0.0.0", "::"]);

export const cpu = text(/^(?=.*[1-9])(\d{1,4}(\.\d{1,3})?|\d{1,7}m)$/, "CPU cores as 2, 0.5 or 500m, above 0");

/** The smallest amount of bytes that is no slip of a unit. */
const leastBytes = 2 ** 20;

const amountOfBytes = "bytes as 512Mi or 4Gi, at least 1Mi";

export const bytes = text(/^\d{1,6}(\.\d{1,3})?(Mi|Gi|Ti|M|G|T)$/, amountOfBytes).refine(
  (amount) => (parseQuantity(amount) ?? 0) >= leastBytes,
  { error: amountOfBytes },
);

const ipv4Range = "an IPv4 range that starts at its first address, such as 10.12.0.0/16";

const octet = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";

export const cidr = text(new RegExp(`^(${octet}\\.){3}${octet}/([12]?\\d|3[0-2])$`), ipv4Range).refine(
  startsAtItsFirstAddress,
  { error: ipv4Range },
);

const eitherRange = "a range of IPv4 or IPv6 that starts at its first address, such as 10.12.0.0/16 or fd00::/64";

export const cidrOfEitherFamily = z
  .union([cidr, z.cidrv6({ abort: true })], { error: eitherRange })
  .meta({ title: eitherRange });

const labelName = "([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?";

export const nodeLabel = text(
  new RegExp(`^${labelName}=([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$`),
  "a label and its value, such as role-datasets-server=true",
  379,
);

export const nodeTaint = text(
  new RegExp(`^${labelName}:(NoSchedule|NoExecute)$`),
  "a taint and its effect, such as huggingface.co/datasets-server:NoSchedule",
  379,
);

/** Whether no bit is set that the range leaves open: 10.12.3.4/16 is an address, or another range than meant. */
function startsAtItsFirstAddress(range: string): boolean {
  const [address = "", length] = range.split("/");
  const number = address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return number % 2 ** (32 - Number(length)) === 0;
}

const cronFields = "five cron fields in UTC as Kubernetes reads them, such as 05 12 * * * or */10 0-5 * * MON-FRI";

export const cronSchedule = text(/^(\S+ ){4}\S+$/, cronFields, 253).refine(isCronSchedule, {
  error: cronFields,
  abort: true,
});

/** One label of a DNS name, of which names of objects are made; `longest` in characters. */
export function label(longest: number) {
  return text(
    new RegExp(`^[a-z]([a-z0-9-]{0,${longest - 2}}[a-z0-9])?$`),
    `1 to ${longest} lower-case letters, digits and hyphens, a letter first`,
  );
}

export const objectName = text(
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
  "the name of a Kubernetes object",
  253,
);

export const roleArn = text(/^arn:aws:iam::\d{12}:role\/[\w+=,.@/-]+$/, "the ARN of an IAM role", 600);

/** Only by digest is an image of somebody else's always the same. */
export const imageByDigest = text(
  /^[a-z0-9]+([._:/-][a-z0-9]+)*(:[\w][\w.-]{0,127})?@sha256:[0-9a-f]{64}$/,
  "an image by digest, such as docker.io/library/mongo:6.0@sha256:...",
  512,
);

/** CPU and memory asked for and allowed; a request above its limit would be refused by the API server. */
export const resources = section({
  requests: section({
    cpu: cpu.describe("CPU that a pod is sure of."),
    memory: bytes.describe("Memory that a pod is sure of."),
  }),
  limits: section({
    cpu: cpu.describe("CPU that a pod gets at most."),
    memory: bytes.describe("A pod that takes more memory is stopped."),
  }),
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
