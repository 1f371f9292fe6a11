import { stackLabel } from "../../catalog/names";
import type { Rules } from "../rule";

export const ownershipRules = {
  "objects-are-the-stacks": {
    level: "mandatory",
    why: "An object elsewhere or without the label is one that the stack may overwrite, or leave behind.",
    check: ({ all, facts }, expect) => {
      for (const object of all) {
        const { name, namespace, labels } = object.metadata;
        const [path, place] = object.kind === "Namespace" ? ["name", name] : ["namespace", namespace];
        const fix = `put it in the stack's namespace, ${facts.namespace}`;
        expect(place === facts.namespace, object, `metadata.${path}`, place, fix);
        const label = labels[stackLabel];
        expect(label === facts.stack, object, `metadata.labels["${stackLabel}"]`, label, `set it to ${facts.stack}`);
      }
    },
  },
} satisfies Rules;
