import { stackLabel } from "../../catalog/names";
import { absent } from "../inventory";
import { finding, type Rule } from "../rule";

export const objectsAreTheStacks: Rule = {
  level: "mandatory",
  why: "An object elsewhere or without the label is one that the stack may overwrite, or leave behind.",
  check: ({ all, facts }) =>
    all.flatMap((object) => {
      const isNamespace = object.kind === "Namespace";
      const path = isNamespace ? "metadata.name" : "metadata.namespace";
      const namespace = isNamespace ? object.metadata.name : object.metadata.namespace;
      const label = object.metadata.labels[stackLabel];
      return [
        ...(namespace === facts.namespace
          ? []
          : [finding(object, path, namespace ?? absent, `put it in the stack's namespace, ${facts.namespace}`)]),
        ...(label === facts.stack
          ? []
          : [finding(object, `metadata.labels["${stackLabel}"]`, label ?? absent, `set it to ${facts.stack}`)]),
      ];
    }),
};
