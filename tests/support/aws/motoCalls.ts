import { createHash } from "node:crypto";
import { z } from "zod";
import { serviceNames } from "../../../catalog/services";
import { imagePrefix } from "../../../components/workloads/workload";
import type { HttpAnswer } from "./errors";
import { region, rootKey } from "./moto";

/** A call of STS or IAM, whose answers are XML, by whom an access key belongs to. moto checks no signature. */
export async function callQuery(
  moto: string,
  service: "iam" | "sts",
  accessKey: string,
  fields: Readonly<Record<string, string>>,
): Promise<HttpAnswer> {
  const response = await fetch(moto, {
    method: "POST",
    headers: { authorization: authorization(service, accessKey) },
    body: new URLSearchParams(fields),
  });
  return { status: response.status, headers: { "content-type": "text/xml" }, body: await response.text() };
}

/** The text of the first element of a name in an answer in XML; empty when there is none. */
export function element(xml: string | Buffer, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml.toString())?.[1] ?? "";
}

/** A call of KMS by the account's root; `answer` says what is read of its answer. */
export async function callKms<T>(
  moto: string,
  action: string,
  fields: Readonly<Record<string, string>>,
  answer: z.ZodType<T>,
): Promise<T> {
  return callJson(moto, kms, action, fields, answer);
}

/** A service whose calls are JSON, and what its calls' names start with. */
interface JsonService {
  readonly service: "ecr" | "kms";
  readonly target: string;
}

const kms: JsonService = { service: "kms", target: "TrentService" };
const ecr: JsonService = { service: "ecr", target: "AmazonEC2ContainerRegistry_V20150921" };

async function callJson<T>(
  moto: string,
  { service, target }: JsonService,
  action: string,
  fields: Readonly<Record<string, unknown>>,
  answer: z.ZodType<T>,
): Promise<T> {
  const response = await fetch(moto, {
    method: "POST",
    headers: {
      authorization: authorization(service, rootKey),
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": `${target}.${action}`,
    },
    body: JSON.stringify(fields),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${service} answers ${action} with ${response.status}: ${text}`);
  return answer.parse(text === "" ? {} : JSON.parse(text));
}

function authorization(service: string, accessKey: string): string {
  const credential = `${accessKey}/20260101/${region}/${service}/aws4_request`;
  return `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=none`;
}

/** Makes an IAM user with an access key. */
export async function createUser(moto: string, UserName: string): Promise<{ id: string; secret: string }> {
  const Version = "2010-05-08";
  await callQuery(moto, "iam", rootKey, { Action: "CreateUser", Version, UserName });
  const { body } = await callQuery(moto, "iam", rootKey, { Action: "CreateAccessKey", Version, UserName });
  return { id: element(body, "AccessKeyId"), secret: element(body, "SecretAccessKey") };
}

/** Makes a KMS key with an alias. */
export async function createKey(moto: string, AliasName: string): Promise<void> {
  const { KeyMetadata } = await callKms(moto, "CreateKey", { KeyUsage: "ENCRYPT_DECRYPT" }, keyMade);
  await callKms(moto, "CreateAlias", { AliasName, TargetKeyId: KeyMetadata.KeyId }, z.unknown());
}

const keyMade = z.object({ KeyMetadata: z.object({ KeyId: z.string() }) });

/** Makes a bucket that keeps every version of what is put there. */
export async function createVersionedBucket(moto: string, bucket: string): Promise<void> {
  await callS3(moto, "PUT", bucket);
  await callS3(
    moto,
    "PUT",
    `${bucket}?versioning`,
    "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
  );
}

/** Everything that was ever put into a bucket, deleted and overwritten content included. */
export async function* bucketVersions(moto: string, bucket: string) {
  let from = "";
  do {
    const list = (await callS3(moto, "GET", `${bucket}?versions&max-keys=1000${from}`)).toString();
    for (const [, found = ""] of list.matchAll(/<Version>([\s\S]*?)<\/Version>/g)) {
      const [key, version] = [element(found, "Key"), element(found, "VersionId")];
      yield { key, version, content: await callS3(moto, "GET", `${bucket}/${key}?versionId=${version}`) };
    }
    const [nextKey, nextVersion] = [element(list, "NextKeyMarker"), element(list, "NextVersionIdMarker")];
    from = nextKey && `&key-marker=${encodeURIComponent(nextKey)}&version-id-marker=${nextVersion}`;
  } while (from !== "");
}

/** A call of S3 by the account's root; `target` is the path with its query. */
export async function callS3(
  moto: string,
  method: "GET" | "PUT" | "DELETE",
  target: string,
  body?: string,
): Promise<Buffer> {
  const headers = { authorization: authorization("s3", rootKey) };
  const response = await fetch(`${moto}/${target}`, { method, headers, ...(body !== undefined && { body }) });
  if (!response.ok) throw new Error(`S3 answers ${method} ${target} with ${response.status}: ${await response.text()}`);
  return Buffer.from(await response.arrayBuffer());
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";

/** Pushes every image of the application under these tags; nobody pulls them. */
export async function pushImages(moto: string, tags: readonly string[]): Promise<void> {
  for (const program of [...serviceNames, "worker", "cache_maintenance", "mongodb_migration"]) {
    const repositoryName = imagePrefix + program;
    await callJson(moto, ecr, "CreateRepository", { repositoryName }, z.unknown());
    for (const imageTag of tags) await pushImage(moto, program, imageTag);
  }
}

/**
 * Pushes one image of the application, which takes the tag from the image that had it.
 *
 * @param build tells images of one tag apart. Default: the first.
 */
export async function pushImage(moto: string, program: string, imageTag: string, build = "first"): Promise<void> {
  const config = { mediaType: "application/vnd.oci.image.config.v1+json", size: 1, digest: `sha256:${"0".repeat(64)}` };
  const annotations = { imageTag, build };
  const imageManifest = JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config, layers: [], annotations });
  // Without it moto takes the digest of nothing, the same for every image.
  const imageDigest = `sha256:${createHash("sha256").update(imageManifest).digest("hex")}`;
  const fields = { repositoryName: imagePrefix + program, imageTag, imageManifest, imageDigest };
  await callJson(moto, ecr, "PutImage", fields, z.unknown());
}
