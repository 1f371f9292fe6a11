import { specialSigKey } from "@pulumi/pulumi/runtime";
import { secretMarker } from "../../catalog/secrets";
import { redact } from "../../safety/redaction";

/** The inputs of a resource with markers in the place of secrets, and of all that a Kubernetes Secret holds. */
export function maskInputs(inputs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isSecret = inputs.kind === "Secret";
  return Object.fromEntries(
    Object.entries(inputs).map(([key, value]) => {
      const hides = isSecret && (key === "data" || key === "stringData");
      return [redact(key), hides ? maskLeaves(value) : mask(value)];
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
  if (specialSigKey in value) return secretMarker;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [redact(key), mask(inner)]));
}

function maskLeaves(value: unknown): unknown {
  if (typeof value !== "object" || value === null || specialSigKey in value) return secretMarker;
  return Object.fromEntries(Object.keys(value).map((key) => [redact(key), secretMarker]));
}
