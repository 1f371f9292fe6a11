import type { RuleName } from "../../../policy/rules";
import type { Mutation } from "./mutation";

/** An annotation of the API's Deployment that excepts it from a rule. */
function excepted(rule: string, reason: string) {
  return {
    object: "Deployment api",
    at: ["metadata", "annotations"],
    to: { [`datasets-server.huggingface.co/except.${rule}`]: reason },
  };
}

/** What the rule about exceptions from the others must find. */
export const exceptionMutations = {
  "exceptions-are-used": [
    {
      title: "an exception from what is not there",
      changes: [excepted("images-are-fixed", "a test of the newest image")],
      violations: [
        'Deployment datasets-server-local-api: metadata.annotations["datasets-server.huggingface.co/except.images-are-fixed"] = a test of the newest image: remove it: no rule of this name finds anything here [exceptions-are-used]',
      ],
    },
    {
      title: "an exception without a reason",
      changes: [excepted("images-are-fixed", " ")],
      violations: [
        'Deployment datasets-server-local-api: metadata.annotations["datasets-server.huggingface.co/except.images-are-fixed"] = "": say why the rule does not hold here [exceptions-are-used]',
      ],
    },
    {
      title: "an exception from itself",
      changes: [excepted("exceptions-are-used", "none of them is")],
      violations: [
        'Deployment datasets-server-local-api: metadata.annotations["datasets-server.huggingface.co/except.exceptions-are-used"] = none of them is: remove it: no rule of this name finds anything here [exceptions-are-used]',
      ],
    },
  ],
} satisfies Partial<Record<RuleName, readonly Mutation[]>>;
