import http from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { z } from "zod";
import type { Policy } from "../../../cli/access/iam";
import { type AwsError, errorAnswer, type HttpAnswer } from "./errors";
import { account, region, rootKey } from "./moto";
import { callKms, callQuery, element } from "./motoCalls";
import { allows } from "./policies";
import { type HttpRequest, readRequest, type SignedRequest } from "./requests";

/** One EKS cluster. */
export interface EksCluster {
  /** URL of the API server. */
  readonly endpoint: string;
  /** The API server's CA certificates, PEM in base64. */
  readonly certificateAuthority: string;
  /** Default: `ACTIVE`. */
  readonly status?: string;
  /** Default: the one its name has in the account. */
  readonly arn?: string;
}

/** One call that was made, in IAM's terms. */
export interface AwsCall {
  /** The name of the role or user that made it. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
}

/** AWS as its clients meet it. What a test changes here counts from the next request on. */
export interface AwsFront {
  readonly endpoint: string;
  /** The clusters of the account, by name. */
  readonly clusters: Map<string, EksCluster>;
  /** What each role and user may do, by its name. */
  readonly policies: Map<string, readonly Policy[]>;
  /** Errors to answer with, by the action, such as `eks:DescribeCluster`, or by `*` for every one. */
  readonly faults: Map<string, AwsError>;
  /** All calls so far, those of the account's root left out. */
  readonly calls: readonly AwsCall[];
  stop(): Promise<void>;
}

/** What a disabled key refuses. */
const usesOfKeys = ["Encrypt", "Decrypt", "GenerateDataKey", "ReEncrypt"].map((action) => `kms:${action}`);

/**
 * Starts an HTTP server before moto that does what moto does not: it lets each caller do no more than its policies say,
 * knows EKS clusters whose API servers are there, refuses a disabled key, and fails when it is told to. Buckets' policies it
 * keeps to itself: moto does not look at their conditions, so one against requests without TLS would refuse them all.
 */
export async function startFront(moto: string): Promise<AwsFront> {
  const clusters = new Map<string, EksCluster>();
  const policies = new Map<string, readonly Policy[]>();
  const faults = new Map<string, AwsError>();
  const calls: AwsCall[] = [];
  const bucketPolicies = new Map<string, Buffer>();
  const principals = new Map<string, Promise<string>>();

  async function answer(request: HttpRequest): Promise<HttpAnswer> {
    const signed = await inArns(moto, readRequest(request));
    const { service, accessKey, action, resource } = signed;
    const fault = faults.get(action) ?? faults.get("*");
    if (fault !== undefined) return errorAnswer(service, fault);
    const identity = principals.get(accessKey) ?? callerArn(moto, accessKey);
    principals.set(accessKey, identity);
    const arn = await identity;
    const principal = arn.split("/")[1] ?? "";
    if (accessKey !== rootKey) {
      calls.push({ principal, action, resource });
      const free = action === "sts:GetCallerIdentity";
      if (!free && !allows(policies.get(principal) ?? [], signed)) return errorAnswer(service, denied(arn, signed));
    }
    if (service === "eks") return describeCluster(clusters, resource);
    if (action === "s3:GetBucketPolicy") return bucketPolicy(bucketPolicies.get(resource));
    if (action === "s3:PutBucketPolicy") {
      bucketPolicies.set(resource, request.body);
      return { status: 204, headers: {}, body: "" };
    }
    if (usesOfKeys.includes(action) && (await keyState(moto, resource)) === "Disabled") {
      return errorAnswer(service, { status: 400, code: "DisabledException", message: `${resource} is disabled.` });
    }
    // moto does not know who signed a URL, as the token of EKS is one, so it is asked in the other way.
    return action === "sts:GetCallerIdentity"
      ? callQuery(moto, "sts", accessKey, getCallerIdentity)
      : forward(moto, request);
  }

  const server = http.createServer((request, response) => {
    const { method = "GET", url = "/", headers } = request;
    void buffer(request)
      .then((body) => answer({ method, url: new URL(url, moto), headers, body }))
      .catch((error: unknown) => errorAnswer("none", { status: 500, code: "TestServer", message: String(error) }))
      .then(({ status, headers, body }) => response.writeHead(status, headers).end(method === "HEAD" ? "" : body));
  });
  return {
    endpoint: `http://127.0.0.1:${await listen(server)}`,
    ...{ clusters, policies, faults, calls },
    stop: () => close(server),
  };
}

/** Listens on a free port of 127.0.0.1, which it returns. */
export async function listen(server: http.Server): Promise<number> {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address: AddressInfo | string | null = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

export async function close(server: http.Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
}

const getCallerIdentity = { Action: "GetCallerIdentity", Version: "2011-06-15" };

/** The ARN of whom an access key belongs to. */
async function callerArn(moto: string, accessKey: string): Promise<string> {
  const { body } = await callQuery(moto, "sts", accessKey, getCallerIdentity);
  return element(body, "Arn");
}

/** The request with its resource as policies name it: by ARN, and for a KMS key with the alias it was asked by. */
async function inArns(moto: string, request: SignedRequest): Promise<SignedRequest> {
  const { service, resource, alsoOn, context } = request;
  if (service === "eks" && resource !== "*") return { ...request, resource: arnOfCluster(resource) };
  if (service === "ecr") return { ...request, resource: `arn:aws:ecr:${region}:${account}:repository/${resource}` };
  if (service !== "kms" || resource === "*") return request;
  const { Arn } = await describeKey(moto, resource);
  const asked = resource.startsWith("alias/") ? [resource] : [];
  const aliases = Arn === undefined ? [] : await aliasesOf(moto, Arn);
  return {
    ...request,
    resource: Arn ?? arnInKms(resource),
    ...(alsoOn !== undefined && { alsoOn: arnInKms(alsoOn) }),
    context: { ...context, "kms:RequestAlias": asked, "kms:ResourceAliases": aliases },
  };
}

function arnInKms(name: string): string {
  return `arn:aws:kms:${region}:${account}:${name}`;
}

function arnOfCluster(name: string): string {
  return `arn:aws:eks:${region}:${account}:cluster/${name}`;
}

const keyDescription = z.object({
  KeyMetadata: z.object({ Arn: z.string().optional(), KeyState: z.string().optional() }).default({}),
});
const aliasList = z.object({ Aliases: z.array(z.object({ AliasName: z.string() })).default([]) });

/** What moto knows of a KMS key; nothing where there is none. */
async function describeKey(moto: string, KeyId: string) {
  return callKms(moto, "DescribeKey", { KeyId }, keyDescription).then(
    ({ KeyMetadata }) => KeyMetadata,
    () => ({ Arn: undefined, KeyState: undefined }),
  );
}

async function keyState(moto: string, key: string): Promise<string | undefined> {
  return (await describeKey(moto, key)).KeyState;
}

async function aliasesOf(moto: string, KeyId: string): Promise<string[]> {
  const { Aliases } = await callKms(moto, "ListAliases", { KeyId }, aliasList);
  return Aliases.map(({ AliasName }) => AliasName);
}

function denied(arn: string, { service, action, resource }: SignedRequest): AwsError {
  const code = ["ecr", "eks", "kms"].includes(service) ? "AccessDeniedException" : "AccessDenied";
  const why = `because no identity-based policy allows the ${action} action`;
  const message = `User: ${arn} is not authorized to perform: ${action} on resource: ${resource} ${why}`;
  return { status: service === "kms" || service === "ecr" ? 400 : 403, code, message };
}

function describeCluster(clusters: ReadonlyMap<string, EksCluster>, arn: string): HttpAnswer {
  const name = arn.split("/")[1] ?? "";
  const found = clusters.get(name);
  if (found === undefined) {
    const message = `No cluster found for name: ${name}.`;
    return errorAnswer("eks", { status: 404, code: "ResourceNotFoundException", message });
  }
  const { endpoint, certificateAuthority: data, status = "ACTIVE" } = found;
  const cluster = { name, arn: found.arn ?? arn, status, endpoint, certificateAuthority: { data }, createdAt: 0 };
  return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify({ cluster }) };
}

function bucketPolicy(policy: Buffer | undefined): HttpAnswer {
  const missing = { status: 404, code: "NoSuchBucketPolicy", message: "The bucket policy does not exist" };
  return policy === undefined ? errorAnswer("s3", missing) : { status: 200, headers: {}, body: policy };
}

async function forward(moto: string, { method, url, headers, body }: HttpRequest): Promise<HttpAnswer> {
  // The whole body is here, so nobody waits for a word to send it.
  const { expect: _, ...sent } = headers;
  // Not fetch, which would write some of the headers itself.
  const request = http.request(moto, { method, path: url.pathname + url.search, headers: sent });
  const response = await new Promise<http.IncomingMessage>((answered, failed) => {
    request.once("response", answered).once("error", failed).end(body);
  });
  const { "transfer-encoding": _chunked, connection: _connection, ...received } = response.headers;
  return { status: response.statusCode ?? 500, headers: received, body: await buffer(response) };
}
