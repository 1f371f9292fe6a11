import { awsError, errorName } from "../../cluster/awsErrors";
import type { ClusterArgs } from "../../cluster/cluster";
import { UserError } from "../../cluster/userError";
import { type DatasetsServerArgs, imagesOf } from "../../components/buildObjects";
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
  const asked = cluster.kind === "eks" ? Object.values(imagesOf(datasetsServer)) : [];
  const { registry, tag } = datasetsServer.images;
  const place = ecrRegistry(registry);
  if (cluster.kind !== "eks" || place === undefined) {
    const silence = asked.length > 0 ? `${registry} is no registry of ECR, and only those are asked` : undefined;
    return { asked, missing: [], ...(silence && { silence }) };
  }
  const client = ecrClient(place.region, clusterCredentials(cluster));
  const answers = await Promise.all(
    asked.map(async (image) => {
      const repositoryName = image.slice(registry.length + 1, -tag.length - 1);
      const request = { registryId: place.account, repositoryName, imageIds: [{ imageTag: tag }] };
      const error: unknown = await client.describeImages(request).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      return { image, error };
    }),
  );
  const failed = answers.filter(({ error }) => error !== undefined);
  const missing = failed.filter(({ error }) => absences.includes(errorName(error)));
  const [unknown] = failed.filter((answer) => !missing.includes(answer));
  return {
    asked,
    missing: missing.map(({ image }) => image),
    ...(unknown && { silence: awsError(`ask for image ${unknown.image}`, unknown.error, cluster.profile).message }),
  };
}

/**
 * Checks that a stack's images are there before anything is changed. A registry that does not say so is only warned of.
 *
 * @param next what to do when they are not there yet, to follow "Next: ".
 * @param warn receives the warning. Default: printed on stderr.
 * @throws when one is missing, naming each.
 */
export async function requireImages(
  user: ImageUser,
  next: string,
  warn: (line: string) => void = console.error,
): Promise<void> {
  const { missing, silence } = await askForImages(user);
  if (missing.length > 0) {
    const lines = missing.map((image) => `  ${image}`);
    throw new UserError(
      `these images are not in the registry; no changes were made:\n${lines.join("\n")}`,
      `wait until the build of that commit has pushed them, or ${next}`,
    );
  }
  if (silence !== undefined) {
    warn(`warning: whether the images are there was not found out; going on.\n${silence}`);
  }
}
