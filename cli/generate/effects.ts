import { strictnessOf } from "../../config/protection";
import { stackKinds } from "../../config/stacks";
import { effectRows, type Need, type Stake } from "../../safety/effects";

const needs: Readonly<Record<Need, string>> = { told: "told", allow: "`--allow`" };

const stakes: readonly Stake[] = ["data", "traffic", "notice"];

/** Returns the page about what an update costs, made from the table that every command uses. */
export function effectsDocument(): string {
  const asked = stakes.map((stake) => {
    const cells = stackKinds.map((kind) => needs[strictnessOf({ kind })[stake]]);
    return `| ${stake} | ${cells.join(" | ")} |`;
  });
  const rows = effectRows().map(({ kind, field, stake, cost, way }) => {
    const place = field.replace(/^(spec|metadata)\S+/, "`$&`");
    return `| ${kind} | ${place} | ${way === undefined ? stake : "impossible"} | ${cost} |`;
  });
  return `# What an update costs

What a change of an object means for traffic and data. This page is generated from \`safety/effects.ts\` (\`make generate\`).

\`ds preview\`, \`ds deploy\`, \`ds up\`, \`ds pr up\` and the comment on a pull request all say it, before anything is changed. What is not in
the table is free. **told**: it is shown as a warning. **\`--allow\`**: the update is refused, unless \`--allow\` names what is affected:
\`ds deploy prod --allow LoadBalancer/datasets-server-prod\`; [runbook](runbook.md#delete-or-replace-on-purpose). **impossible**: no update can
do it, and the message says what to do in its place.

| what may be lost | ${stackKinds.join(" | ")} |
|---|${stackKinds.map(() => "---|").join("")}
${asked.join("\n")}

A deletion or replacement on stacks where it costs no permission is told by \`ds up\`, \`ds pr up\` and the comment; Pulumi's own display shows it too.
Claims and namespaces that a stack on EKS makes have Pulumi's \`protect\` as well, staging's too.

| object | what changes | what may be lost | what happens |
|---|---|---|---|
${rows.join("\n")}
`;
}
