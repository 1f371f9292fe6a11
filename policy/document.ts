import { ruleNames, rules } from "./rules";
import { exceptionPrefix } from "./rules/exceptions";

/** Returns the text of docs/rules.md. */
export function rulesDocument(): string {
  const rows = ruleNames.map((name) => `| \`${name}\` | ${rules[name].level} | ${rules[name].why} |`);
  return `${introduction}\n| rule | level | what goes wrong without it |\n|---|---|---|\n${rows.join("\n")}\n`;
}

const introduction = `# Rules

What every object of every stack must keep to. This page is generated from the rules in \`policy/\` (\`make generate\`).

Every \`pulumi preview\` and \`pulumi up\` has the rules look at all objects before one of them is registered, \`ds render\` before it
writes one, and the unit tests at the objects of every stack. A finding names the object, the path in it, the value there and what to do:

\`\`\`
Deployment datasets-server-prod-api: spec.template.spec.containers[0].image = api:latest: name it by digest, or by a tag that is for one build [images-are-fixed]
\`\`\`

What a **mandatory** rule finds ends the run, and no changes are made. What an **advisory** rule finds is shown as a warning. No secret's
value is shown.

## Exceptions

An object that must not keep to a rule says so itself, by an annotation with the rule's name and the reason:

\`\`\`yaml
${exceptionPrefix}images-are-fixed: a debugging image, pulled each time
\`\`\`

In the program, \`ownAnnotations\` makes the key. The exception is for this object and this rule only, a reviewer sees it in
\`tests/expected/\`, and every run that uses it shows it. One that excuses nothing, or gives no reason, is a finding itself.

## The rules
`;
