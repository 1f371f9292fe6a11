import type { Rules } from "../rule";

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
const redacted = "[hidden]";

export const credentialRules = {
  "credentials-are-secrets": {
    level: "mandatory",
    why: "Who may look at a Deployment or a ConfigMap may not read Secrets, and both are shown in every diff.",
    check: ({ containers, configMaps }, expect) => {
      for (const object of configMaps) {
        for (const [key, value] of Object.entries(object.data)) {
          expect(!isCredential(key, value), object, `data.${key}`, redacted, "keep it in a Secret");
        }
      }
      for (const { object, container, path } of containers) {
        for (const [index, { name, value = "" }] of container.env.entries()) {
          const fix = `keep ${name} in a Secret, and name that by secretKeyRef`;
          expect(!isCredential(name, value), object, `${path}.env[${index}].value`, redacted, fix);
        }
      }
    },
  },
} satisfies Rules;

function isCredential(name: string, value: string): boolean {
  return value !== "" && (credentialName.test(name) || credentials.some((pattern) => pattern.test(value)));
}
