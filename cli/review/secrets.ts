import { secretMarker } from "../../components/objects";

/** The key that Pulumi gives an object in the place of a value that is special to it, such as a secret. */
const signatureKey = "4dabf18193072939515e22adb298388d";

/**
 * What credentials look like, for those that are not marked secret: users and passwords in addresses, tokens of the Hub, of
 * GitHub and of AWS, private keys.
 */
const credentials: readonly RegExp[] = [
  /(?<=\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+(?=@)/gi,
  /\b(?:hf|ghp|gho|ghs|ghu|ghr|github_pat)_\w{8,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
];

/** A text with a marker in the place of all that looks like a credential. */
export function redact(text: string): string {
  return credentials.reduce((clean, credential) => clean.replace(credential, secretMarker), text);
}

/** The inputs of a resource with markers in the place of secrets, and of all that a Kubernetes Secret holds. */
export function maskInputs(inputs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isSecret = inputs.kind === "Secret";
  return Object.fromEntries(
    Object.entries(inputs).map(([key, value]) => {
      const hides = isSecret && (key === "data" || key === "stringData");
      return [key, hides ? maskLeaves(value) : mask(value)];
    }),
  );
}

/** Whether a masked value is a secret, or holds one. */
export function holdsSecret(value: unknown): boolean {
  if (typeof value === "string") return value.includes(secretMarker);
  return typeof value === "object" && value !== null && Object.values(value).some(holdsSecret);
}

function mask(value: unknown): unknown {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map(mask);
  if (typeof value !== "object" || value === null) return value;
  if (signatureKey in value) return secretMarker;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mask(inner)]));
}

/** The names of a Secret's keys are no secret. */
function maskLeaves(value: unknown): unknown {
  if (typeof value !== "object" || value === null || signatureKey in value) return secretMarker;
  return Object.fromEntries(Object.keys(value).map((key) => [key, secretMarker]));
}
