import { containersOf } from "../inventory";
import { finding, type Rule } from "../rule";

/** Tags that registries move from one image to the next. */
const movingTags = ["latest", "main", "master", "stable", "edge", "nightly", "dev", "develop", "staging", "prod"];

export const imagesAreFixed: Rule = {
  level: "mandatory",
  why: "A tag that moves runs two versions side by side, and leaves none to go back to.",
  check: ({ workloads }) =>
    workloads.flatMap((workload) =>
      containersOf(workload).flatMap(({ container: { image }, path }) =>
        isFixed(image)
          ? []
          : [finding(workload.object, `${path}.image`, image, "name it by digest, or by a tag that is for one build")],
      ),
    ),
};

/** Whether an image is named by digest, or by a tag that is no moving one. */
function isFixed(image: string): boolean {
  if (/@sha256:[0-9a-f]{64}$/.test(image)) {
    return true;
  }
  // A colon before the last slash is a registry's port.
  const [, tag] = (image.split("/").at(-1) ?? "").split(":");
  return tag !== undefined && /^\w[\w.-]*$/.test(tag) && !movingTags.includes(tag);
}
