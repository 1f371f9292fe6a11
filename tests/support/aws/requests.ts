import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import type { AccessRequest } from "./policies";

/** A request to AWS as it came by HTTP. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What a request says of itself: who signed it, and what it asks for. */
export interface SignedRequest extends AccessRequest {
  /** `s3`, `kms`, `sts`, `iam`, `ecr` or `eks`. */
  readonly service: string;
  /** The id of the access key that signed it. */
  readonly accessKey: string;
}

const kmsFields = z.object({
  KeyId: z.string().optional(),
  TargetKeyId: z.string().optional(),
  AliasName: z.string().optional(),
  CiphertextBlob: z.string().default(""),
  Tags: z.array(z.object({ TagKey: z.string(), TagValue: z.string() })).default([]),
});

/**
 * Reads a request's signature and, by its service's protocol, what it asks for. A request that nobody signed is of no
 * service. A KMS key is named as the caller names it: by alias, id or ARN.
 */
export function readRequest(request: HttpRequest): SignedRequest {
  const header = /Credential=([^,\s]+)/.exec(request.headers.authorization ?? "")?.[1];
  const credential = header ?? request.url.searchParams.get("X-Amz-Credential") ?? "";
  const [accessKey = "", , , service = ""] = credential.split("/");
  return { service, accessKey, ...(readers[service]?.(request) ?? { action: "none", resource: "*", context: {} }) };
}

const readers: Readonly<Record<string, (request: HttpRequest) => AccessRequest>> = {
  s3: readS3,
  kms: readKms,
  ecr: readEcr,
  eks: readEks,
  sts: readQuery("sts", "RoleArn"),
  iam: readQuery("iam", "RoleName"),
};

function readS3({ method, url }: HttpRequest): AccessRequest {
  const [bucket = "", ...segments] = decodeURIComponent(url.pathname).split("/").slice(1);
  const key = segments.join("/");
  if (key !== "") {
    const action = { GET: "GetObject", HEAD: "GetObject", PUT: "PutObject", DELETE: "DeleteObject" }[method] ?? method;
    const version = url.searchParams.has("versionId") ? "Version" : "";
    return { action: `s3:${action}${version}`, resource: `arn:aws:s3:::${bucket}/${key}`, context: {} };
  }
  const [, property] = Object.entries(bucketProperties).find(([parameter]) => url.searchParams.has(parameter)) ?? [];
  const verb = { GET: "Get", PUT: "Put" }[method] ?? method;
  const listing = url.searchParams.has("versions") ? "ListBucketVersions" : "ListBucket";
  const action = property ? `${verb}${property}` : method === "PUT" ? "CreateBucket" : listing;
  const context = {
    "s3:prefix": [url.searchParams.get("prefix") ?? ""],
    "s3:delimiter": url.searchParams.getAll("delimiter"),
  };
  return { action: `s3:${action}`, resource: `arn:aws:s3:::${bucket}`, context };
}

/** What IAM calls the properties of a bucket, by the parameter that asks for each. */
const bucketProperties = {
  encryption: "EncryptionConfiguration",
  ownershipControls: "BucketOwnershipControls",
  policy: "BucketPolicy",
  publicAccessBlock: "BucketPublicAccessBlock",
  versioning: "BucketVersioning",
};

function readKms({ headers, body }: HttpRequest): AccessRequest {
  const action = String(headers["x-amz-target"]).split(".")[1] ?? "";
  const { KeyId, TargetKeyId, AliasName, CiphertextBlob, Tags } = kmsFields.parse(JSON.parse(body.toString()));
  // Who decrypts need not name the key: what moto encrypts starts with the key's id, a UUID.
  const key = KeyId ?? TargetKeyId ?? Buffer.from(CiphertextBlob, "base64").subarray(0, 36).toString();
  return {
    action: `kms:${action}`,
    resource: key || "*",
    context: Object.fromEntries(Tags.map(({ TagKey, TagValue }) => [`aws:RequestTag/${TagKey}`, [TagValue]])),
    ...(AliasName !== undefined && { alsoOn: AliasName }),
  };
}

const ecrFields = z.object({ repositoryName: z.string().optional(), repositoryNames: z.array(z.string()).default([]) });

function readEcr({ headers, body }: HttpRequest): AccessRequest {
  const action = String(headers["x-amz-target"]).split(".")[1] ?? "";
  const { repositoryName, repositoryNames } = ecrFields.parse(JSON.parse(body.toString()));
  // All that are asked for at once have the same prefix, by which policies name them.
  const resource = repositoryName ?? repositoryNames[0] ?? "*";
  return { action: `ecr:${action}`, resource, context: {} };
}

function readEks({ method, url }: HttpRequest): AccessRequest {
  const [, collection, name, within] = url.pathname.split("/");
  if (method !== "GET" || collection !== "clusters" || within)
    return { action: `eks:${method}`, resource: "*", context: {} };
  const action = name === undefined ? "ListClusters" : "DescribeCluster";
  return { action: `eks:${action}`, resource: decodeURIComponent(name ?? "*"), context: {} };
}

/** The protocol of services whose calls are forms, with the field that names what a call is about. */
function readQuery(service: string, resourceField: string): (request: HttpRequest) => AccessRequest {
  return ({ url, body }) => {
    const form = url.searchParams.has("Action") ? url.searchParams : new URLSearchParams(body.toString());
    return { action: `${service}:${form.get("Action")}`, resource: form.get(resourceField) ?? "*", context: {} };
  };
}
