import { containersOf } from "../inventory";
import { finding, type Rule } from "../rule";

/** What credentials look like, whatever the variable is called. */
const credentials = [
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:[^\s/@]+@/i,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\b(AKIA|ASIA)[A-Z0-9]{16}\b/,
  /\b(hf_[A-Za-z0-9]{30,}|gh[pousr]_[A-Za-z0-9]{36,}|xox[abpr]-[A-Za-z0-9-]{10,})/,
];

/** What a variable is called that holds one, whatever it looks like. */
const credentialName = /(^|_)(PASSWORD|PASSWD|SECRET|TOKEN|PRIVATE_KEY|ACCESS_KEY)$/i;

/** What a finding shows in the place of a credential. */
const hiddenMarker = "[hidden]";

export const credentialsAreSecrets: Rule = {
  level: "mandatory",
  why: "Who may look at a Deployment or a ConfigMap may not read Secrets, and both are shown in every diff.",
  check: ({ workloads, configMaps }) => [
    ...configMaps.flatMap((object) =>
      Object.entries(object.data)
        .filter(([key, value]) => isCredential(key, value))
        .map(([key]) => finding(object, `data.${key}`, hiddenMarker, "keep it in a Secret")),
    ),
    ...workloads.flatMap((workload) =>
      containersOf(workload).flatMap(({ container, path }) =>
        container.env
          .map(({ name, value = "" }, index) => ({ name, value, path: `${path}.env[${index}].value` }))
          .filter(({ name, value }) => isCredential(name, value))
          .map(({ name, path: place }) =>
            finding(workload.object, place, hiddenMarker, `keep ${name} in a Secret, and name that by secretKeyRef`),
          ),
      ),
    ),
  ],
};

function isCredential(name: string, value: string): boolean {
  return value !== "" && (credentialName.test(name) || credentials.some((pattern) => pattern.test(value)));
}
