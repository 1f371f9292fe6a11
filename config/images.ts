import { z } from "zod";
import { type Images, imagePrefix } from "../components/workloads/workload";
import { type ConfigIssue, unexpected } from "./issues";

/** The environment variable by which `ds` tells a run the digests that it found in the registry, by the image's name. */
const variable = "DATASETS_SERVER_IMAGE_DIGESTS";

const digest = /^sha256:[0-9a-f]{64}$/;

/** Digests of images by their names less the common prefix, such as api. */
export type Digests = NonNullable<Images["digests"]>;

/** Returns the variable that tells a run these digests. */
export function digestVariables(digests: Digests): NodeJS.ProcessEnv {
  const pairs = Object.entries(digests).map(([name, value]) => `${name}=${value}`);
  return { [variable]: pairs.join(" ") };
}

/** Returns the digests that this run was told. */
export function givenDigests(variables: NodeJS.ProcessEnv): Digests {
  return Object.fromEntries(entries(variables));
}

/** Returns the entries of the variable that are no image and its digest. */
export function digestIssues(_identity: unknown, _file: unknown, variables: NodeJS.ProcessEnv): ConfigIssue[] {
  return entries(variables)
    .filter(([name = "", value = ""]) => !/^[\w-]+$/.test(name) || !digest.test(value))
    .map((entry) => ({
      key: variable,
      message: unexpected(entry.join("="), "an image and its digest, such as api=sha256:..."),
    }));
}

function entries(variables: NodeJS.ProcessEnv): [name: string, value: string][] {
  const words = (variables[variable] ?? "").split(/\s+/).filter((word) => word !== "");
  return words.map((word) => {
    const [name = "", ...rest] = word.split("=");
    return [name, rest.join("=")];
  });
}

const images = z.record(z.string(), z.string());

/**
 * Returns the digests that a stack's output `images` records, of those of this registry and tag.
 *
 * @param recorded the output, which may be one of another version of the program
 */
export function recordedDigests({ registry, tag }: Pick<Images, "registry" | "tag">, recorded: unknown): Digests {
  const { data = {} } = images.safeParse(recorded);
  return Object.fromEntries(
    Object.entries(data).flatMap(([name, image]) => {
      const [named, value = ""] = image.split("@");
      return named === `${registry}/${imagePrefix}${name}:${tag}` && digest.test(value) ? [[name, value]] : [];
    }),
  );
}

/** Returns what to say of the images whose digest is another than the recorded one of the same tag, which has moved. */
export function movedTags({ tag }: Pick<Images, "tag">, recorded: Digests, given: Digests): string[] {
  return Object.entries(given).flatMap(([name, value]) => {
    const before = recorded[name];
    return before === undefined || before === value
      ? []
      : [`${imagePrefix}${name}: tag ${tag} was ${before}, and is ${value} in the registry now`];
  });
}
