import type { Rules } from "../rule";

/** Tags that registries move from one image to the next. */
const movingTags = ["latest", "main", "master", "stable", "edge", "nightly", "dev", "develop", "staging", "prod"];

export const imageRules = {
  "images-are-fixed": {
    level: "mandatory",
    why: "A tag that moves runs two versions side by side, and leaves none to go back to.",
    check: ({ containers }, expect) => {
      for (const { object, container, path } of containers) {
        const fix = "name it by digest, or by a tag that is for one build";
        expect(isFixed(container.image), object, `${path}.image`, container.image, fix);
      }
    },
  },
} satisfies Rules;

/** Tells whether an image is named by digest, or by a tag that does not move. */
function isFixed(image: string): boolean {
  if (/@sha256:[0-9a-f]{64}$/.test(image)) {
    return true;
  }
  // A colon before the last slash is a registry's port.
  const [, tag] = (image.split("/").at(-1) ?? "").split(":");
  return tag !== undefined && /^\w[\w.-]*$/.test(tag) && !movingTags.includes(tag);
}
