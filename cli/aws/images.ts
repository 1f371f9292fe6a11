import { setTimeout as sleep } from "node:timers/promises";
import type { ECR } from "@aws-sdk/client-ecr";
import { awsError, errorName } from "../../cluster/awsErrors";
import type { ClusterArgs } from "../../cluster/cluster";
import { UserError } from "../../cluster/userError";
import { type DatasetsServerArgs, imagesOf } from "../../components/buildObjects";
import { imagePrefix } from "../../components/workloads/workload";
import { imageTag } from "../../config/fields";
import type { Digests } from "../../config/images";
import { ecrClient } from "./clients";
import { clusterCredentials } from "./credentials";

/** A stack, as far as its images are concerned. */
export interface ImageUser {
  readonly cluster: ClusterArgs;
  readonly datasetsServer: Pick<DatasetsServerArgs, "images" | "jobs" | "migration" | "services" | "workers">;
}

/** What a registry says of a stack's images. */
export interface ImageAnswer {
  /** All that were asked for, with registry and tag. */
  readonly asked: readonly string[];
  /** Those that are not there. */
  readonly missing: readonly string[];
  /** What the tag stands for, of each that is there. */
  readonly digests: Digests;
  /** Why it does not say of some whether they are there. */
  readonly silence?: string;
}

/** ECR's registries, each of which is one account's in one region. */
const ecrHost = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com$/;

/** What ECR answers when an image, or the repository that it would be in, is not there. */
const absences = ["ImageNotFoundException", "RepositoryNotFoundException"];

/** Where a stack's images are, by what the permissions for them are named; undefined where the registry is not ECR. */
export function ecrRegistry(registry: string): { readonly account: string; readonly region: string } | undefined {
  const [, account, region] = ecrHost.exec(registry) ?? [];
  return account === undefined || region === undefined ? undefined : { account, region };
}

/** Asks the registry for every image of a stack. Never throws: what it does not say may still be there. */
export async function askForImages({ cluster, datasetsServer }: ImageUser): Promise<ImageAnswer> {
  // Nodes of the local cluster pull nothing.
  const images = cluster.kind === "eks" ? Object.entries(imagesOf(datasetsServer)) : [];
  const asked = images.map(([, image]) => image);
  const { registry, tag } = datasetsServer.images;
  const place = ecrRegistry(registry);
  if (cluster.kind !== "eks" || place === undefined) {
    const silence = asked.length > 0 ? `${registry} is no registry of ECR, and only those are asked` : undefined;
    return { asked, missing: [], digests: {}, ...(silence && { silence }) };
  }
  const client = ecrClient(place.region, clusterCredentials(cluster));
  const answers = await Promise.all(
    images.map(async ([name, image]) => {
      const repositoryName = imagePrefix + name;
      const request = { registryId: place.account, repositoryName, imageIds: [{ imageTag: tag }] };
      try {
        const { imageDetails: [details] = [] } = await client.describeImages(request);
        return { name, image, digest: details?.imageDigest };
      } catch (error) {
        return { name, image, error };
      }
    }),
  );
  const failed = answers.filter(({ error }) => error !== undefined);
  const missing = failed.filter(({ error }) => absences.includes(errorName(error)));
  const [unknown] = failed.filter((answer) => !missing.includes(answer));
  return {
    asked,
    missing: missing.map(({ image }) => image),
    digests: Object.fromEntries(answers.flatMap(({ name, digest }) => (digest === undefined ? [] : [[name, digest]]))),
    ...(unknown && { silence: awsError(`ask for image ${unknown.image}`, unknown.error, cluster.profile).message }),
  };
}

/** Returns those of a stack's repositories whose tags can be moved from one image to another. Throws what AWS says. */
export async function mutableRepositories({ cluster, datasetsServer }: ImageUser): Promise<readonly string[]> {
  const place = ecrRegistry(datasetsServer.images.registry);
  if (cluster.kind !== "eks" || place === undefined) return [];
  const client = ecrClient(place.region, clusterCredentials(cluster));
  const repositoryNames = Object.keys(imagesOf(datasetsServer)).map((name) => imagePrefix + name);
  const { repositories = [] } = await client.describeRepositories({ registryId: place.account, repositoryNames });
  return repositories.flatMap(({ repositoryName, imageTagMutability }) =>
    repositoryName !== undefined && imageTagMutability !== "IMMUTABLE" ? [repositoryName] : [],
  );
}

/**
 * Returns the tag under which a registry has the build of a commit: `sha-` and digits that begin like those of the tag that is asked for,
 * or go on after them, as builds and people shorten commits differently. Waits until there is one. The tag that is asked for
 * where there is none, or where the registry does not say.
 *
 * @throws when its digits are those of several builds
 */
export async function tagOfBuild({ cluster, datasetsServer }: ImageUser, wait: ImageWait = {}): Promise<string> {
  const { registry, tag } = datasetsServer.images;
  const place = ecrRegistry(registry);
  const [name] = Object.keys(imagesOf(datasetsServer));
  if (cluster.kind !== "eks" || place === undefined || name === undefined) return tag;
  const client = ecrClient(place.region, clusterCredentials(cluster));
  const repositoryName = imagePrefix + name;
  const found = await awaited(
    () => tagsLike(tag, client, { registryId: place.account, repositoryName }).catch(() => [tag]),
    (tags) => tags.length > 0,
    (_, left) => `waiting for an image of ${tag} in ${repositoryName}, ${left} min at most`,
    wait,
  );
  if (found.length === 0 || found.includes(tag)) return tag;
  const [longest = tag] = [...found].sort((a, b) => b.length - a.length);
  if (found.every((other) => longest.startsWith(other))) return longest;
  throw new UserError(
    `${tag} stands for more than one build: ${found.join(", ")}; no changes were made`,
    "give more digits of the commit",
  );
}

interface Repository {
  readonly registryId: string;
  readonly repositoryName: string;
}

/** Returns those of a repository's tags of which one begins with the other. */
async function tagsLike(tag: string, client: ECR, repository: Repository): Promise<string[]> {
  const tags: string[] = [];
  let nextToken: string | undefined;
  do {
    const request = { ...repository, filter: { tagStatus: "TAGGED" as const }, maxResults: 1000 };
    const page = await client.describeImages({ ...request, ...(nextToken && { nextToken }) });
    tags.push(...(page.imageDetails ?? []).flatMap(({ imageTags }) => imageTags ?? []));
    ({ nextToken } = page);
  } while (nextToken);
  return tags.filter((other) => imageTag.safeParse(other).success && (other.startsWith(tag) || tag.startsWith(other)));
}

export interface ImageWait {
  /** How long images may take that a build has not pushed yet; milliseconds. Default: they must be there. */
  readonly limitMs?: number;
  /** Receives what is waited for, and warnings. Default: printed on stderr. */
  readonly say?: (line: string) => void;
  /** Between two looks; milliseconds. */
  readonly pauseMs?: number;
}

/**
 * Checks that a stack's images are there before anything is changed, or waits for them. A registry that does not say so is only
 * warned of.
 *
 * @param next what to do when they are not there yet, to follow "Next: ".
 * @returns the digest of each that the registry speaks of.
 * @throws when one is missing, naming each.
 */
export async function requireImages(user: ImageUser, next: string, wait: ImageWait = {}): Promise<Digests> {
  const { say = console.error } = wait;
  const { missing, digests, silence } = await awaited(
    () => askForImages(user),
    (answer) => answer.missing.length === 0,
    ({ missing, asked }, left) =>
      `waiting for ${missing.length} of ${asked.length} images, ${left} min at most; the first: ${missing[0]}`,
    wait,
  );
  if (missing.length > 0) {
    const lines = missing.map((image) => `  ${image}`);
    throw new UserError(
      `these images are not in the registry; no changes were made:\n${lines.join("\n")}`,
      `--wait-for-images 30 waits half an hour for the build of that commit; or ${next}`,
    );
  }
  if (silence !== undefined) {
    say(`warning: whether the images are there was not found out; going on.\n${silence}`);
  }
  return digests;
}

/** Looks again and again until that is well, or the time is over, and returns what it saw last. */
async function awaited<T>(
  look: () => Promise<T>,
  isWell: (seen: T) => boolean,
  words: (seen: T, minutesLeft: number) => string,
  { limitMs = 0, say = console.error, pauseMs = 15_000 }: ImageWait,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  let seen = await look();
  while (!isWell(seen) && Date.now() + pauseMs <= deadline) {
    say(words(seen, Math.ceil((deadline - Date.now()) / 60_000)));
    await sleep(pauseMs);
    seen = await look();
  }
  return seen;
}
